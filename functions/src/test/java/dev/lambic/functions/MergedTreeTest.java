package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers lie over each other as if they were unpacked one after the other. */
class MergedTreeTest {
  @TempDir private Path directory;

  private Path merged(Zips... packages) throws IOException {
    List<Path> trees = new ArrayList<>();
    for (Zips one : packages) {
      Path tree = Files.createTempDirectory(directory, "layer");
      Unzip.into(tree, Zip.of(one.bytes()));
      trees.add(tree);
    }
    Path root = Files.createTempDirectory(directory, "merged");
    MergedTree.into(root, trees);
    return root;
  }

  @Test
  void directoriesMergeAndLaterFilesWin() throws IOException {
    Path root =
        merged(
            new Zips().file("bin/a", "1").file("bin/both", "1").file("only", "1"),
            new Zips().file("bin/b", "2").file("bin/both", "2"),
            new Zips().file("bin/deep/c", "3"));
    assertThat(root.resolve("bin/a")).hasContent("1");
    assertThat(root.resolve("bin/b")).hasContent("2");
    assertThat(root.resolve("bin/both")).hasContent("2");
    assertThat(root.resolve("bin/deep/c")).hasContent("3");
    assertThat(root.resolve("only")).hasContent("1");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(root)))
        .isEqualTo("rwxr-xr-x");
  }

  @Test
  void theOrderDecides() throws IOException {
    Zips one = new Zips().file("x", "1");
    assertThat(merged(new Zips().file("x", "2"), one).resolve("x")).hasContent("1");
  }

  @Test
  void modesTimesAndLinksAreKept() throws IOException {
    Path root =
        merged(
            new Zips().entry("bin/run", 0100755, "#!".getBytes(UTF_8)).link("bin/alias", "run"),
            new Zips().file("other", "2"));
    assertThat(
            PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve("bin/run"))))
        .isEqualTo("rwxr-xr-x");
    assertThat(Files.getLastModifiedTime(root.resolve("bin/run")).toInstant())
        .isEqualTo(Zips.MODIFIED);
    assertThat(Files.readSymbolicLink(root.resolve("bin/alias"))).hasToString("run");
  }

  @Test
  void filesAreNotCopied() throws IOException {
    Path root = merged(new Zips().file("a", "1"), new Zips().file("b", "2"));
    assertThat(Files.getAttribute(root.resolve("a"), "unix:nlink")).isEqualTo(2);
    assertThat(Files.getAttribute(root.resolve("b"), "unix:nlink")).isEqualTo(2);
  }

  @Test
  void whatIsLaterStandsWhateverTheTwoAre() throws IOException {
    Path root =
        merged(
            new Zips().file("dir/in", "1").file("file", "1").file("real/x", "1").link("l", "real"),
            new Zips().file("dir", "2").file("file/in", "2").link("real", "dir").file("l/y", "2"));
    assertThat(root.resolve("dir")).isRegularFile().hasContent("2");
    assertThat(root.resolve("file/in")).hasContent("2");
    assertThat(Files.readSymbolicLink(root.resolve("real"))).hasToString("dir");
    assertThat(Files.isDirectory(root.resolve("l"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(root.resolve("l/y")).hasContent("2");
  }

  @Test
  void noFileOfALayerLandsWhereALinkOfAnotherLeads() throws IOException {
    Path root =
        merged(new Zips().file("a/keep", "1").link("b", "a"), new Zips().file("b/keep", "2"));
    assertThat(root.resolve("a/keep")).hasContent("1");
    assertThat(root.resolve("b/keep")).hasContent("2");
  }

  @Test
  void theLayersThemselvesAreAsTheyWere() throws IOException {
    Path tree = Files.createTempDirectory(directory, "layer");
    Unzip.into(tree, Zip.of(new Zips().file("dir/in", "1").bytes()));
    Path over = Files.createTempDirectory(directory, "layer");
    Unzip.into(over, Zip.of(new Zips().file("dir", "2").bytes()));
    Path root = Files.createTempDirectory(directory, "merged");
    MergedTree.into(root, List.of(tree, over));
    Trees.delete(root);
    assertThat(tree.resolve("dir/in")).hasContent("1");
    assertThat(over.resolve("dir")).hasContent("2");
  }
}
