package dev.lambic.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers over each other, friendly and hostile ones. */
final class RootTreeTest {
  private static final long BUDGET = 1 << 20;

  @TempDir Path directory;

  private Path unpack(byte[]... layers) throws IOException {
    RootTree tree = new RootTree();
    for (int i = 0; i < layers.length; i++) {
      Path place = Files.createDirectory(directory.resolve("layer-" + i));
      Layer.unpack(new ByteArrayInputStream(layers[i]), place, BUDGET);
      tree.add(Layer.at(place));
    }
    Path root = Files.createDirectory(directory.resolve("root"));
    tree.write(root, BUDGET);
    return root;
  }

  /** Every path, with the content of files and the target of links. */
  private static String listing(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      return all.filter(path -> !path.equals(root))
          .sorted()
          .map(path -> root.relativize(path) + describe(path))
          .collect(Collectors.joining(" "));
    }
  }

  private static String describe(Path path) {
    try {
      if (Files.isSymbolicLink(path)) {
        return "->" + Files.readSymbolicLink(path);
      }
      return Files.isDirectory(path) ? "/" : "=" + Files.readString(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void laterLayersReplaceAndRemove() throws IOException {
    Path root =
        unpack(
            new TestTar().file("a/one", "1").file("a/two", "2").file("b/three", "3").gzip(),
            new TestTar()
                .file("a/one", "new")
                .file("a/.wh.two", "")
                .file("b/.wh..wh..opq", "")
                .file("b/four", "4")
                .file(".wh.nothing", "")
                .file("b/.wh..wh.plnk", "")
                .bytes());
    assertThat(listing(root)).isEqualTo("a/ a/one=new b/ b/four=4");
  }

  @Test
  void whiteoutsAreOnlyOfLayersBelow() throws IOException {
    Path root =
        unpack(
            new TestTar().file("a/old", "1").file("f", "old").bytes(),
            new TestTar()
                .file("a/new", "2")
                .file("a/.wh..wh..opq", "")
                .file("f", "new")
                .file(".wh.f", "")
                .bytes());
    assertThat(listing(root)).isEqualTo("a/ a/new=2 f=new");
  }

  @Test
  void filesDirectoriesAndLinksReplaceEachOther() throws IOException {
    Path root =
        unpack(
            new TestTar().file("f", "1").file("d/x", "2").link("l", "d").link("m", "d").bytes(),
            new TestTar()
                .directory("f/", 0755)
                .file("d", "file")
                .directory("l/", 0700)
                .file("m", "3")
                .bytes());
    assertThat(listing(root)).isEqualTo("d=file f/ l/ m=3");
  }

  @Test
  void pathsThroughLinksStayInside() throws IOException {
    Path root =
        unpack(
            new TestTar()
                .directory("usr/lib/", 0755)
                .link("lib", "usr/lib")
                .link("abs", "/usr/lib")
                .link("up", "../../../../../..")
                .link("etc", "/etc")
                .bytes(),
            new TestTar()
                .file("lib/one", "1")
                .file("abs/two", "2")
                .file("up/three", "3")
                .file("up/usr/four", "4")
                .bytes());
    assertThat(listing(root))
        .isEqualTo(
            "abs->/usr/lib etc->/etc lib->usr/lib three=3 up->../../../../../.. usr/ usr/four=4"
                + " usr/lib/ usr/lib/one=1 usr/lib/two=2");
  }

  /** Absolute links and those that lead upwards never reach this machine's own files. */
  @Test
  void nothingIsWrittenOutside() throws IOException {
    Path outside = Files.createDirectory(directory.resolve("outside"));
    Path root =
        unpack(
            new TestTar()
                .link("a", outside.toString())
                .file("a/f", "x")
                .link("b", "../outside")
                .file("b/g", "y")
                .file(outside + "/h", "z")
                .bytes());
    assertThat(outside).isEmptyDirectory();
    assertThat(root.resolve(Path.of("/").relativize(outside)).resolve("f")).hasContent("x");
    assertThat(root.resolve("outside/g")).hasContent("y");
    assertThat(root.resolve(Path.of("/").relativize(outside)).resolve("h")).hasContent("z");
  }

  @ParameterizedTest
  @ValueSource(strings = {"../f", "a/../../f", "/../f", "..", "a/..", ".wh...", "a/.wh.."})
  void pathsThatLeadOutAreRefused(String name) {
    assertThatThrownBy(() -> unpack(new TestTar().file(name, "x").bytes()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void linksInACircleAreRefused() {
    assertThatThrownBy(
            () -> unpack(new TestTar().link("a", "b").link("b", "a").file("a/f", "x").bytes()))
        .hasMessageContaining("circle");
  }

  @Test
  void hardLinksShareAFileAlsoOfALayerBelow() throws IOException {
    Path root =
        unpack(
            new TestTar().file("f", "1").link("s", "f").bytes(),
            new TestTar().hardLink("g", "f").hardLink("t", "s").file("f", "2").bytes());
    assertThat(listing(root)).isEqualTo("f=2 g=1 s->f t->f");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nothing", "../f", "/etc/passwd", "d", "."})
  void hardLinksThatLeadNowhereAreRefused(String target) {
    assertThatThrownBy(
            () -> unpack(new TestTar().directory("d/", 0755).hardLink("h", target).bytes()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void keepsPermissionsButNotSpecialBitsOwnersAndDevices() throws Exception {
    Path root =
        unpack(
            new TestTar()
                .file("su", new byte[0], 06755)
                .file("secret", new byte[0], 0600)
                .directory("t/", 01777)
                .other("dev/sda", '4')
                .other("dev/tty", '3')
                .other("pipe", '6')
                .bytes());
    assertThat(mode(root.resolve("su"))).isEqualTo("rwxr-xr-x");
    assertThat(mode(root.resolve("secret"))).isEqualTo("rw-------");
    assertThat(mode(root.resolve("t"))).isEqualTo("rwxrwxrwx");
    assertThat(Files.getAttribute(root.resolve("su"), "unix:mode", LinkOption.NOFOLLOW_LINKS))
        .isEqualTo(0100755);
    assertThat(Files.getOwner(root.resolve("su"))).isEqualTo(Files.getOwner(root));
    assertThat(Files.getLastModifiedTime(root.resolve("su")).toMillis())
        .isEqualTo(1_000_000_000_000L);
    assertThat(listing(root)).isEqualTo("secret= su= t/");
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }

  @Test
  void unknownTypesAreRefused() {
    assertThatThrownBy(() -> unpack(new TestTar().other("x", 'S').bytes()))
        .hasMessageContaining("not supported");
  }

  @Test
  void moreThanTheBudgetIsRefused() {
    byte[] bomb = new TestTar().file("zeros", new byte[(int) BUDGET], 0644).gzip();
    assertThat(bomb.length).isLessThan(10_000);
    assertThatThrownBy(() -> unpack(bomb)).hasMessageContaining("larger");
  }

  @Test
  void pathsThatAreTooDeepAreRefused() throws IOException {
    String most = "d/".repeat(255) + "f";
    assertThat(unpack(new TestTar().file(most, "x").bytes()).resolve(most)).exists();
    byte[] deeper = new TestTar().file("d/" + most, "x").bytes();
    Path place = Files.createDirectory(directory.resolve("deeper"));
    assertThatThrownBy(() -> Layer.unpack(new ByteArrayInputStream(deeper), place, BUDGET))
        .hasMessageContaining("too deep");
  }

  @Test
  void mountPointsReplaceLinksAndWhatNobodyWouldSee() throws IOException {
    Path place = Files.createDirectory(directory.resolve("layer"));
    Layer.unpack(
        new ByteArrayInputStream(
            new TestTar()
                .link("tmp", "/var/tmp")
                .file("proc/x", "hidden")
                .link("etc/resolv.conf", "/run/resolv.conf")
                .file("etc/hosts", "of the builder")
                .file("etc/passwd", "kept")
                .bytes()),
        place,
        BUDGET);
    RootTree tree = new RootTree();
    tree.add(Layer.at(place));
    tree.addMountPoints();
    Path root = Files.createDirectory(directory.resolve("root"));
    tree.write(root, BUDGET);
    assertThat(listing(root))
        .isEqualTo(
            "dev/ etc/ etc/hosts= etc/passwd=kept etc/resolv.conf= mnt/ opt/ proc/ tmp/ var/"
                + " var/task/");
  }

  @Test
  void writesForeignNames() throws IOException {
    Path root = unpack(new TestTar().file("ü/日本", "x").bytes());
    assertThat(List.of(root.resolve("ü/日本"))).allMatch(Files::exists);
  }

  /** No common file system has room for more names of a file than ext4, which is 65,000. */
  @Test
  void aFileWithMoreNamesThanThereIsRoomForIsCopied() throws IOException {
    int count = 65_100;
    Path place = manyNames(count);
    RootTree tree = new RootTree();
    tree.add(Layer.at(place));
    Path root = Files.createDirectory(directory.resolve("root"));
    tree.write(root, BUDGET);
    try (Stream<Path> all = Files.list(root.resolve("names"))) {
      assertThat(all.filter(file -> size(file) == 7)).hasSize(count);
    }
    assertThat(Files.getPosixFilePermissions(root.resolve("names/1")))
        .isEqualTo(Files.getPosixFilePermissions(root.resolve("names/" + count)));
    boolean copied =
        !Files.isSameFile(root.resolve("names/1"), place.resolve("files/0/0"))
            || ((Number) Files.getAttribute(place.resolve("files/0/0"), "unix:nlink")).intValue()
                <= count;
    if (copied) {
      Path other = Files.createDirectory(directory.resolve("other"));
      assertThatThrownBy(() -> tree.write(other, 6)).hasMessageContaining("more bytes");
    }
  }

  /** A layer with one file of 7 bytes under many names. */
  private Path manyNames(int count) throws IOException {
    Path place = Files.createDirectory(directory.resolve("many"));
    Files.createDirectories(place.resolve("files/0"));
    Files.writeString(place.resolve("files/0/0"), "content");
    try (DataOutputStream list =
        new DataOutputStream(
            new BufferedOutputStream(Files.newOutputStream(place.resolve("entries"))))) {
      list.writeInt(count);
      for (int i = 1; i <= count; i++) {
        LayerEntry.Kind kind = i == 1 ? LayerEntry.Kind.FILE : LayerEntry.Kind.HARD_LINK;
        new LayerEntry(
                kind, List.of("names", String.valueOf(i)), 0644, 7, i == 1 ? "" : "names/1", 0)
            .write(list);
      }
    }
    return place;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
