package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Looks for Java in directories that look like installations, or nearly so. */
final class JdksTest {
  private final Path host;

  JdksTest(@TempDir Path host) throws IOException {
    this.host = host.toRealPath();
  }

  @BeforeEach
  void makeAUser() throws IOException {
    Files.createDirectories(host.resolve("home/user"));
  }

  /** Lays out what {@link Jdks} takes for an installation. */
  static Path install(Path home, String version) throws IOException {
    write(home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\nLIBC=a\n");
    write(home.resolve(version.startsWith("1.8") ? "jre/lib/rt.jar" : "lib/modules"), "classes");
    write(home.resolve("bin/java"), "#!/bin/sh\n");
    Files.setPosixFilePermissions(
        home.resolve("bin/java"), PosixFilePermissions.fromString("rwxr-xr-x"));
    return home;
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private Jdks look() {
    return new Jdks(
        List.of(host.resolve("preferred"), host.resolve("missing"), host.resolve("home/user")),
        List.of(host.resolve("jvm"), host.resolve("nowhere")),
        host.resolve("home/user"));
  }

  @Test
  void findsWhatLiesInRootFileSystems() throws IOException {
    Path tree = host.resolve("jvm/java11/root");
    Path home = install(tree.resolve("usr/lib/jvm/java-11-openjdk-amd64"), "11.0.33");
    Files.createSymbolicLink(home.resolveSibling("java-1.11.0-openjdk-amd64"), home.getFileName());
    install(host.resolve("jvm/.java8.Ab12Cd/root/usr/lib/jvm/java-8"), "1.8.0_504");
    assertThat(look().all())
        .containsExactly(new Jdk(home, 11, "11.0.33", Optional.of(new RootTree(tree))));
  }

  @ParameterizedTest
  @CsvSource({
    "1.8.0_412, 8",
    "11.0.23, 11",
    "17, 17",
    "21.0.3, 21",
    "25.0.3, 25",
    "26-ea, 26",
    "27-beta, 27"
  })
  void knowsVersionsOfEveryForm(String version, int major) throws IOException {
    install(host.resolve("jvm/one"), version);
    assertThat(look().all()).containsExactly(new Jdk(host.resolve("jvm/one"), major, version));
  }

  @Test
  void findsEachOnceInTheOrderOfTheSearch() throws IOException {
    install(host.resolve("jvm/b"), "25.0.1");
    install(host.resolve("jvm/a"), "21.0.1");
    Files.createSymbolicLink(host.resolve("jvm/default"), Path.of("b"));
    Files.createSymbolicLink(host.resolve("preferred"), Path.of("jvm/b"));
    assertThat(look().all()).extracting(Jdk::major).containsExactly(25, 21);
  }

  @ParameterizedTest
  @CsvSource({"8, 17", "11, 17", "17, 17", "21, 25", "25, 25", "26, 27"})
  void takesTheNearestThatIsNotOlder(int wanted, int taken) throws IOException {
    for (String version : List.of("27", "17.0.2", "25.0.3")) {
      install(host.resolve("jvm/" + version), version);
    }
    assertThat(look().atLeast(wanted)).map(Jdk::major).contains(taken);
  }

  @Test
  void hasNothingForANewerVersionThanAll() throws IOException {
    install(host.resolve("jvm/17"), "17.0.2");
    assertThat(look().atLeast(21)).isEmpty();
  }

  @Test
  void prefersTheFirstOfTheSameVersion() throws IOException {
    install(host.resolve("jvm/a"), "25.0.9");
    install(host.resolve("preferred"), "25.0.1");
    assertThat(look().atLeast(25)).map(Jdk::version).contains("25.0.1");
  }

  @Test
  void passesOverWhatIsNoInstallation() throws IOException {
    write(host.resolve("jvm/file"), "");
    Files.createDirectories(host.resolve("jvm/empty"));
    write(host.resolve("jvm/strange/release"), "JAVA_VERSION=\"none\"\n");
    write(host.resolve("jvm/other/release"), "NODE_VERSION=\"20\"\n");
    write(install(host.resolve("jvm/huge"), "25").resolve("release"), "#".repeat(100_000));
    Files.delete(install(host.resolve("jvm/no-classes"), "25").resolve("lib/modules"));
    Path program = install(host.resolve("jvm/no-program"), "25").resolve("bin/java");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(look().all()).isEmpty();
  }

  @Test
  void takesNobodysHomeDirectory() throws IOException {
    install(host.resolve("home/user"), "25");
    assertThat(look().all()).isEmpty();
    Path below = install(host.resolve("home/user/.jdks/25"), "25");
    Jdks jdks =
        new Jdks(List.of(below, host.resolve("home")), List.of(), host.resolve("home/user"));
    assertThat(jdks.all()).extracting(Jdk::home).containsExactly(below);
  }
}
