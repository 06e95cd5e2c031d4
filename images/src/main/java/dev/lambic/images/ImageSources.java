package dev.lambic.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where images may be taken from.
 *
 * @param files the directory below which layouts and archives may be named; empty refuses all of
 *     them, for who may name an image need not be allowed to read this machine's files
 * @param logins names and passwords for registries, of which each is told its own
 */
public record ImageSources(Optional<Path> files, RegistryLogins logins) {
  /** Registries, and every file of this machine: for its administrator. */
  public static ImageSources everywhere(RegistryLogins logins) {
    return new ImageSources(Optional.of(Path.of("/")), logins);
  }

  /** Opens the place of an image. */
  Origin open(ImageReference image, Patience patience) {
    if (image.kind() == ImageReference.Kind.REGISTRY) {
      return new RegistryOrigin(image, logins, patience);
    }
    Path place = place(image);
    try {
      if (image.kind() == ImageReference.Kind.LAYOUT) {
        return new LayoutOrigin(FileTree.directory(place));
      }
      FileTree files = FileTree.archive(place);
      // Newer versions of docker write both forms into one archive.
      return image.kind() == ImageReference.Kind.LAYOUT_ARCHIVE || files.has("index.json")
          ? new LayoutOrigin(files)
          : new DockerOrigin(files);
    } catch (IOException e) {
      throw new ImageException(
          ImageException.Reason.INVALID, "The archive cannot be read: " + e.getMessage(), e);
    }
  }

  private Path place(ImageReference image) {
    if (files.isEmpty()) {
      throw new ImageException(
          ImageException.Reason.DENIED,
          "Images in files are taken only from the directory that the server was started with"
              + " (--images DIR).");
    }
    try {
      Path allowed = files.get().toRealPath();
      Path place = allowed.resolve(image.path()).toRealPath();
      boolean directory = image.kind() == ImageReference.Kind.LAYOUT;
      if (place.startsWith(allowed)
          && (directory ? Files.isDirectory(place) : Files.isRegularFile(place))) {
        return place;
      }
    } catch (IOException | RuntimeException e) {
      throw nothing(image, e);
    }
    throw nothing(image, null);
  }

  private static ImageException nothing(
      ImageReference image, @org.jspecify.annotations.Nullable Exception cause) {
    return new ImageException(
        ImageException.Reason.MISSING, "There is no " + image.path() + " to take it from.", cause);
  }
}
