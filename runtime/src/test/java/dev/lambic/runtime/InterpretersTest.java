package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks for interpreters in directories that look like installations, or nearly so. */
final class InterpretersTest {
  private final Path host;

  InterpretersTest(@TempDir Path host) {
    this.host = host;
  }

  private Path real(String path) throws IOException {
    return host.toRealPath().resolve(path);
  }

  private void program(String path, String text) throws IOException {
    Path file = host.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void python(String prefix, String version) throws IOException {
    program(prefix + "/bin/python" + version, "exit 1");
    Path library = host.resolve(prefix + "/lib/python" + version);
    Files.createDirectories(library);
    Files.writeString(library.resolve("os.py"), "");
  }

  private Interpreters look() {
    return new Interpreters(
        List.of(host.resolve("usr"), host.resolve("missing")),
        List.of(host.resolve("versions"), host.resolve("nowhere")));
  }

  @Test
  void findsPythonsWithTheirLibraries() throws IOException {
    python("usr", "3.11");
    python("versions/3.12.1", "3.12");
    program("usr/bin/python3.13", "exit 1");
    program("usr/bin/python3.11-config", "exit 1");
    program("usr/bin/python3", "exit 1");
    Files.writeString(host.resolve("versions/readme"), "");
    assertThat(look().pythons())
        .containsExactly(
            new Interpreter(real("usr"), "python3.11", 3, 11),
            new Interpreter(real("versions/3.12.1"), "python3.12", 3, 12));
  }

  @Test
  void findsNodesThatTellTheirVersion() throws IOException {
    program("usr/bin/node", "echo v20.1.2");
    program("versions/v22/bin/node", "echo v22.0.0; echo more");
    program("versions/broken/bin/node", "exit 1");
    program("versions/other/bin/node", "echo 'not a version'");
    assertThat(look().nodes())
        .containsExactly(
            new Interpreter(real("usr"), "node", 20, 0),
            new Interpreter(real("versions/v22"), "node", 22, 0));
  }

  @Test
  void findsRubiesThatTellTheirVersion() throws IOException {
    program("usr/bin/ruby3.1", "echo 'ruby 3.1.2p20 (2022-04-12) [x86_64-linux-gnu]'");
    Files.createSymbolicLink(host.resolve("usr/bin/ruby"), Path.of("ruby3.1"));
    program("usr/bin/rubyfmt", "echo 'ruby 9.9.9'");
    program("versions/3.4.1/bin/ruby", "echo 'ruby 3.4.1 (2024-12-25) +PRISM'; echo more");
    program("versions/broken/bin/ruby", "exit 1");
    assertThat(look().rubies())
        .containsExactly(
            new Interpreter(real("usr"), "ruby3.1", 3, 1),
            new Interpreter(real("versions/3.4.1"), "ruby", 3, 4));
  }

  @Test
  void passesOverWhatCannotBeStarted() throws IOException {
    python("usr", "3.11");
    Path program = host.resolve("usr/bin/python3.11");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rw-r--r--"));
    Files.createDirectories(host.resolve("usr/bin/node"));
    Files.createDirectories(host.resolve("versions/v1/bin"));
    Files.createSymbolicLink(host.resolve("versions/v1/bin/node"), Path.of("/nonexistent"));
    assertThat(look().pythons()).isEmpty();
    assertThat(look().nodes()).isEmpty();
  }

  @Test
  void followsLinksToTheRealInstallation() throws IOException {
    program("opt/node-20/bin/node", "echo v20.0.0");
    Files.createDirectories(host.resolve("usr/bin"));
    Files.createSymbolicLink(
        host.resolve("usr/bin/node"), host.resolve("opt/node-20/bin/node").toRealPath());
    assertThat(look().nodes()).containsExactly(new Interpreter(real("opt/node-20"), "node", 20, 0));
  }

  private Interpreter ofTree(String tree, String prefix, String program, int major, int minor)
      throws IOException {
    RootTree root = new RootTree(real(tree));
    return new Interpreter(real(tree + prefix), program, major, minor, Optional.of(root));
  }

  @Test
  void findsWhatLiesInRootFileSystems() throws IOException {
    python("versions/python3.14/root/usr", "3.14");
    python("versions/python3.12/root/var/lang", "3.12");
    Files.createDirectories(host.resolve("versions/python3.12/root/usr/bin"));
    // Made for other libraries, it could not be asked for its version.
    program("versions/ruby3.3/root/usr/bin/ruby3.3", "exit 1");
    Files.createSymbolicLink(
        host.resolve("versions/ruby3.3/root/usr/bin/ruby"), Path.of("ruby3.3"));
    assertThat(look().pythons())
        .containsExactly(
            ofTree("versions/python3.12/root", "/var/lang", "python3.12", 3, 12),
            ofTree("versions/python3.14/root", "/usr", "python3.14", 3, 14));
    assertThat(look().rubies())
        .containsExactly(ofTree("versions/ruby3.3/root", "/usr", "ruby3.3", 3, 3));
    assertThat(look().pythons().get(0).insidePath()).isEqualTo("/var/lang/bin/python3.12");
    assertThat(look().pythons().get(1).insidePath()).isEqualTo("/usr/bin/python3.14");
  }

  @Test
  void programsOfARootFileSystemRunOnTheHostWithItsOwnLibraries() throws IOException {
    python("versions/python3.14/root/usr", "3.14");
    Path tree = host.resolve("versions/python3.14/root");
    Files.createDirectories(tree.resolve("usr/lib/x86_64-linux-gnu"));
    Files.createDirectories(tree.resolve("usr/lib64"));
    Files.createFile(tree.resolve("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"));
    Files.createSymbolicLink(
        tree.resolve("usr/lib64/ld-linux-x86-64.so.2"),
        Path.of("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"));
    String real = real("versions/python3.14/root").toString();
    assertThat(look().pythons().getFirst().command())
        .containsExactly(
            real + "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
            "--library-path",
            real + "/usr/lib/x86_64-linux-gnu:" + real + "/usr/lib:" + real + "/var/lang/lib",
            real + "/usr/bin/python3.14");
  }

  @Test
  void passesOverWhatIsNotYetInItsPlaceAndWhatLeadsOutOfItsTree() throws IOException {
    python("versions/.python3.14.x1Y2z3/root/usr", "3.14");
    python("versions/.v3.13/", "3.13");
    python("usr", "3.11");
    Files.createDirectories(host.resolve("versions/python3.11/root/usr/bin"));
    Files.createSymbolicLink(
        host.resolve("versions/python3.11/root/usr/bin/python3.11"), real("usr/bin/python3.11"));
    assertThat(look().pythons()).containsExactly(new Interpreter(real("usr"), "python3.11", 3, 11));
  }

  @Test
  void passesOverVirtualEnvironments() throws IOException {
    python("usr", "3.11");
    Files.createDirectories(host.resolve("versions/venv/bin"));
    Files.createSymbolicLink(
        host.resolve("versions/venv/bin/python3.11"), real("usr/bin/python3.11"));
    assertThat(look().pythons()).hasSize(1);
  }
}
