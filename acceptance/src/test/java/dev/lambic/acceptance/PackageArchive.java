package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An archive of Debian packages, signed with a key that is made for it, as apt reads it from a
 * mirror. What is in the packages are programs of this machine with the libraries that they need.
 */
final class PackageArchive implements AutoCloseable {
  private static final String SUITE = "steady";
  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x");
  private static final Pattern LOADER = Pattern.compile("ld-linux\\S*\\.so\\.\\d");

  private final Path directory;
  private final Path mirror;
  private final Path keys;
  private final Path keyring;
  private final String architecture;
  private final StringBuilder index = new StringBuilder();

  /** An archive without packages, in a directory that is there for it. */
  PackageArchive(Path directory) {
    this.directory = directory;
    this.mirror = directory.resolve("mirror");
    this.keys = make(directory.resolve("keys"));
    this.keyring = directory.resolve("keyring.gpg");
    this.architecture = run("dpkg", "--print-architecture").strip();
    make(mirror.resolve("pool"));
    try {
      Files.setPosixFilePermissions(keys, PosixFilePermissions.fromString("rwx------"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    gpg("--quick-generate-key", "--passphrase", "", "Archive of a test", "rsa3072", "sign", "1d");
    gpg("--output", keyring.toString(), "--export");
  }

  /** The name of its only suite. */
  static String suite() {
    return SUITE;
  }

  /** As apt takes it for an address. */
  String mirror() {
    return "copy:" + mirror;
  }

  Path keyring() {
    return keyring;
  }

  /** A package in the making: a directory with what it installs. */
  final class DebianPackage {
    private final String name;
    private final Path tree;

    private DebianPackage(String name) {
      this.name = name;
      this.tree = make(directory.resolve("trees").resolve(name));
    }

    DebianPackage file(String path, String text) {
      try {
        Files.createDirectories(tree.resolve(path).getParent());
        Files.writeString(tree.resolve(path), text);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    DebianPackage link(String path, String target) {
      try {
        Files.createDirectories(tree.resolve(path).getParent());
        Files.createSymbolicLink(tree.resolve(path), Path.of(target));
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** A file of this machine, at a path of the package's. */
    DebianPackage copy(Path file, String path) {
      try {
        Files.createDirectories(tree.resolve(path).getParent());
        Files.copy(file.toRealPath(), tree.resolve(path), StandardCopyOption.REPLACE_EXISTING);
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** A program of this machine with its libraries. */
    DebianPackage program(Path file, String path) {
      copy(file, path);
      libraries(List.of(file));
      return this;
    }

    /** The libraries that programs of this machine need, and their loader. */
    DebianPackage libraries(List<Path> programs) {
      Set<Path> found = new LinkedHashSet<>();
      List<String> command = new ArrayList<>(List.of("ldd"));
      programs.forEach(program -> command.add(program.toString()));
      LIBRARY
          .matcher(run(command.toArray(String[]::new)))
          .results()
          .forEach(match -> found.add(Path.of(match.group(1))));
      for (Path library : found) {
        String file = library.getFileName().toString();
        boolean loader = LOADER.matcher(file).matches();
        copy(library, (loader ? "usr/lib64/" : "usr/lib/") + file);
      }
      return this;
    }

    /** The directories of a tree of this machine, but for some names. */
    DebianPackage tree(Path from, String path, Set<String> without) {
      try (Stream<Path> all = Files.walk(from)) {
        for (Path file : (Iterable<Path>) all.filter(Files::isRegularFile)::iterator) {
          Path below = from.relativize(file);
          if (Stream.of(below.toString().split("/")).noneMatch(without::contains)) {
            copy(file, path + "/" + below);
          }
        }
        return this;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Packs it and puts it into the index. */
    void add(String... dependencies) {
      String control =
          "Package: %s\nVersion: 1\nArchitecture: %s\nMaintainer: none\n"
                  .formatted(name, architecture)
              + (dependencies.length == 0 ? "" : "Depends: " + String.join(", ", dependencies))
              + (dependencies.length == 0 ? "" : "\n")
              + "Description: of a test\n";
      file("DEBIAN/control", control);
      Path packed = mirror.resolve("pool/" + name + "_1_" + architecture + ".deb");
      run(
          "dpkg-deb",
          "--root-owner-group",
          "-Zgzip",
          "-z1",
          "-b",
          tree.toString(),
          packed.toString());
      index
          .append(control)
          .append(
              "Filename: %s\nSize: %d\nSHA256: %s\n\n"
                  .formatted(mirror.relativize(packed), bytes(packed).length, sha(bytes(packed))));
    }
  }

  /** Begins a package. */
  DebianPackage begin(String name) {
    return new DebianPackage(name);
  }

  /** Writes the index of all packages so far and signs it. */
  void sign() {
    String place = "main/binary-" + architecture + "/Packages";
    Path dist =
        make(mirror.resolve("dists/" + SUITE + "/main/binary-" + architecture))
            .resolve("../..")
            .normalize();
    write(dist.resolve(place), index.toString());
    byte[] bytes = bytes(dist.resolve(place));
    Path release = dist.resolve("Release");
    write(
        release,
        """
        Origin: Test
        Label: Test
        Suite: %s
        Codename: %s
        Date: Thu, 01 Jan 2026 00:00:00 UTC
        Architectures: %s
        Components: main
        SHA256:
         %s %d %s
        """
            .formatted(SUITE, SUITE, architecture, sha(bytes), bytes.length, place));
    gpg(
        "--yes",
        "--output",
        dist.resolve("InRelease").toString(),
        "--clearsign",
        release.toString());
  }

  /** Changes a package after it was signed. */
  void tamper(String name) {
    Path packed = mirror.resolve("pool/" + name + "_1_" + architecture + ".deb");
    byte[] bytes = bytes(packed);
    bytes[bytes.length / 2] ^= 1;
    try {
      Files.write(packed, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void gpg(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "gpg",
                "--batch",
                "--quiet",
                "--homedir",
                keys.toString(),
                "--pinentry-mode",
                "loopback"));
    command.addAll(List.of(arguments));
    run(command.toArray(String[]::new));
  }

  @Override
  public void close() {
    // The agent that gpg has started.
    run("gpgconf", "--homedir", keys.toString(), "--kill", "all");
  }

  private static String run(String... command) {
    Script.Ended ended = Script.of(List.of(command)).run(Path.of("/"));
    assertThat(ended.code()).as("%s: %s", List.of(command), ended.output()).isZero();
    return ended.output();
  }

  private static Path make(Path directory) {
    try {
      return Files.createDirectories(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(Path file) {
    return Zip.bytes(file);
  }

  private static String sha(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
