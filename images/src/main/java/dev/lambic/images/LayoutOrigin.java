package dev.lambic.images;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;

/** An OCI layout. Follows the OCI image-layout specification. */
final class LayoutOrigin implements Origin {
  private final FileTree files;

  LayoutOrigin(FileTree files) {
    this.files = files;
  }

  @Override
  public Found manifest(ImageReference wanted) throws IOException {
    if (wanted.digest().isPresent()) {
      return manifest(wanted.digest().get());
    }
    byte[] index = Origin.document(files.open("index.json"));
    List<Descriptor> all =
        Json.parse(index, "index.json").get("manifests").list().stream()
            .map(Descriptor::of)
            .toList();
    if (wanted.tag().isEmpty()) {
      return new Found(index, "application/vnd.oci.image.index.v1+json");
    }
    String tag = wanted.tag().get();
    Descriptor found =
        all.stream()
            .filter(each -> each.name().map(name -> isTag(name, tag)).orElse(false))
            .findFirst()
            .orElseThrow(() ->
                new ImageException(
                    ImageException.Reason.MISSING, "The layout has no image " + tag + "."));
    return manifest(found.digest());
  }

  /** Some builders write the whole reference where only the tag should be. */
  private static boolean isTag(String name, String tag) {
    return name.equals(tag) || name.endsWith(":" + tag);
  }

  @Override
  public Found manifest(Digest digest) throws IOException {
    return new Found(Origin.document(files.open(file(digest))), "");
  }

  @Override
  public InputStream blob(Descriptor blob) throws IOException {
    return files.open(file(blob.digest()));
  }

  private static String file(Digest digest) {
    return "blobs/sha256/" + digest.hex();
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
