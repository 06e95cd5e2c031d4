package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.ReadOnlyMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Maps runtime identifiers on a host that is a directory of the test's. */
final class RuntimeCatalogTest {
  private final Path host;

  RuntimeCatalogTest(@TempDir Path host) throws IOException {
    this.host = host.toRealPath();
  }

  private void program(String path, String text) throws IOException {
    Path file = host.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void pythons(String... versions) throws IOException {
    for (String version : versions) {
      program("versions/" + version + "/bin/python" + version, "exit 1");
      Path library = host.resolve("versions/" + version + "/lib/python" + version);
      Files.createDirectories(library);
      Files.writeString(library.resolve("os.py"), "");
    }
  }

  private RuntimeCatalog catalog(@Nullable Path libraries) {
    return new RuntimeCatalog(
        Bootstraps.layOut(host.resolve("bootstraps")),
        libraries,
        List.of(),
        List.of(host.resolve("versions")));
  }

  private static Stream<String> targets(RuntimeTarget target) {
    return target.mounts().stream().map(ReadOnlyMount::target);
  }

  @Test
  void runsPythonByTheVeryVersion() throws IOException {
    pythons("3.11", "3.12", "3.13");
    RuntimeTarget target = catalog(null).find("python3.12");
    assertThat(target.identifier()).isEqualTo("python3.12");
    assertThat(target.managed()).isTrue();
    assertThat(target.warning()).isEmpty();
    assertThat(target.argv())
        .containsExactly("/var/lang/bin/python3.12", "-I", "-S", "/var/rapid/bootstrap.py");
    assertThat(target.mounts())
        .containsExactly(
            new ReadOnlyMount(host.resolve("versions/3.12"), "/var/lang"),
            new ReadOnlyMount(host.resolve("bootstraps/python"), "/var/rapid"));
    assertThat(target.variables()).containsEntry("PYTHONPATH", "/var/runtime");
  }

  @Test
  void runsWhatHasARootFileSystemOnIt() throws IOException {
    pythons("3.13");
    program("versions/python3.14/root/usr/bin/python3.14", "exit 1");
    Path tree = host.resolve("versions/python3.14/root");
    Files.createDirectories(tree.resolve("usr/lib/python3.14"));
    Files.writeString(tree.resolve("usr/lib/python3.14/os.py"), "");
    RuntimeTarget target = catalog(null).find("python3.14");
    assertThat(target.warning()).isEmpty();
    assertThat(target.root()).contains(new ContainerRoot(tree, Map.of(), "/var/task", false));
    assertThat(target.argv())
        .containsExactly("/usr/bin/python3.14", "-I", "-S", "/var/rapid/bootstrap.py");
    assertThat(target.mounts())
        .containsExactly(new ReadOnlyMount(host.resolve("bootstraps/python"), "/var/rapid"));
    assertThat(target.program()).contains(tree.resolve("usr/bin/python3.14"));
    assertThat(target.isContainer()).isFalse();
    assertThat(catalog(null).find("python3.13").root()).isEmpty();
    assertThat(catalog(null).find("python3.15").warning()).isPresent();
    assertThat(catalog(null).find("python3.15").root()).isPresent();
  }

  @Test
  void runsRubyOfARootFileSystemWhereItWasMadeToLie() throws IOException {
    program("versions/ruby3.4/root/usr/bin/ruby3.4", "exit 1");
    RuntimeTarget target = catalog(null).find("ruby3.4");
    assertThat(target.warning()).isEmpty();
    assertThat(target.root()).isPresent();
    assertThat(target.argv())
        .containsExactly("/usr/bin/ruby3.4", "-EUTF-8", "/var/rapid/bootstrap.rb");
  }

  @ParameterizedTest
  @CsvSource({"python3.9, 3.11", "python3.10, 3.11", "python3.12, 3.13", "python3.14, 3.13"})
  void usesTheNearestVersionAndSaysSo(String identifier, String used) throws IOException {
    pythons("3.11", "3.13");
    RuntimeTarget target = catalog(null).find(identifier);
    assertThat(target.argv()).contains("/var/lang/bin/python" + used);
    assertThat(target.warning().orElseThrow())
        .isEqualTo(
            "The runtime "
                + identifier
                + " is not installed; python"
                + used
                + " of version "
                + used
                + " is used instead.");
  }

  @Test
  void showsPythonItsLibraries() throws IOException {
    pythons("3.12");
    Path libraries = Files.createDirectories(host.resolve("libraries"));
    // Said to be compiled already, so that no thread is left at it when the test is over.
    Files.createFile(libraries.resolve(".compiled-python3.12"));
    assertThat(targets(catalog(libraries).find("python3.12"))).contains("/var/runtime");
  }

  @Test
  void runsNodeByTheNearestVersion() throws IOException {
    program("versions/a/bin/node", "echo v18.0.0");
    program("versions/b/bin/node", "echo v22.0.0");
    RuntimeTarget exact = catalog(null).find("nodejs18.x");
    assertThat(exact.argv()).containsExactly("/var/lang/bin/node", "/var/rapid/bootstrap.mjs");
    assertThat(exact.warning()).isEmpty();
    RuntimeTarget newer = catalog(null).find("nodejs20.x");
    assertThat(newer.mounts()).contains(new ReadOnlyMount(host.resolve("versions/b"), "/var/lang"));
    assertThat(newer.warning().orElseThrow()).contains("node of version 22 is used instead");
    assertThat(newer.variables())
        .containsEntry(
            "NODE_PATH",
            "/opt/nodejs/node20/node_modules:/opt/nodejs/node_modules:"
                + "/var/runtime/node_modules:/var/runtime:/var/task");
  }

  private void ruby(String version) throws IOException {
    String library = host.resolve("versions/" + version) + "/lib/ruby/" + version;
    program(
        "versions/" + version + "/bin/ruby",
        "[ \"$1\" = --version ] && echo 'ruby "
            + version
            + "' || echo '"
            + library
            + "\n/usr/lib/site'");
  }

  @Test
  void runsRubyWithItsLibraryWhereItIsSeen() throws IOException {
    ruby("3.3.0");
    ruby("3.4.0");
    RuntimeTarget target = catalog(null).find("ruby3.3");
    assertThat(target.warning()).isEmpty();
    assertThat(target.argv())
        .containsExactly(
            "/var/lang/bin/ruby",
            "-I/var/lang/lib/ruby/3.3.0",
            "-EUTF-8",
            "/var/rapid/bootstrap.rb");
    assertThat(target.mounts())
        .containsExactly(
            new ReadOnlyMount(host.resolve("versions/3.3.0"), "/var/lang"),
            new ReadOnlyMount(host.resolve("bootstraps/ruby"), "/var/rapid"));
    assertThat(target.program()).contains(host.resolve("versions/3.3.0/bin/ruby"));
  }

  @Test
  void showsRubyWhatAwsShows() throws IOException {
    ruby("3.4.0");
    assertThat(catalog(null).find("ruby3.4").variables())
        .isEqualTo(
            Map.of(
                "GEM_HOME",
                "/var/runtime",
                "GEM_PATH",
                "/var/task/vendor/bundle/ruby/3.4.0:/opt/ruby/gems/3.4.0:/var/runtime:"
                    + "/var/runtime/ruby/3.4.0",
                "LC_CTYPE",
                "C.UTF-8",
                "LD_LIBRARY_PATH",
                "/var/lang/lib:/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:"
                    + "/var/task:/var/task/lib:/opt/lib",
                "PATH",
                "/var/lang/bin:/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
                "PWD",
                "/var/task",
                "RUBYLIB",
                "/var/runtime/gems/aws_lambda_ric-3.1.3/lib:/var/task:/var/runtime/lib:"
                    + "/opt/ruby/lib",
                "SHLVL",
                "0"));
  }

  @ParameterizedTest
  @CsvSource({"ruby3.2, 3.3", "ruby4.0, 3.4", "ruby3.4, 3.4"})
  void runsRubyByTheNearestVersion(String identifier, String used) throws IOException {
    ruby("3.3.0");
    ruby("3.4.0");
    RuntimeTarget target = catalog(null).find(identifier);
    assertThat(target.program()).contains(host.resolve("versions/" + used + ".0/bin/ruby"));
    boolean exact = identifier.equals("ruby" + used);
    assertThat(target.warning().map(text -> text.contains("ruby of version " + used + " is used")))
        .isEqualTo(exact ? Optional.empty() : Optional.of(true));
  }

  @Test
  void findsWhatIsInstalledLater() throws IOException {
    pythons("3.11");
    RuntimeCatalog catalog = catalog(null);
    assertThat(catalog.find("python3.12").warning()).isPresent();
    assertThat(catalog.find("python3.12")).isSameAs(catalog.find("python3.12"));
    pythons("3.12");
    assertThat(catalog.find("python3.12").warning()).isEmpty();
    assertThat(catalog.find("python3.12").program())
        .contains(host.resolve("versions/3.12/bin/python3.12"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"provided.al2", "provided.al2023"})
  void leavesCustomRuntimesToTheFunction(String identifier) {
    RuntimeTarget target = catalog(null).find(identifier);
    assertThat(target.managed()).isFalse();
    assertThat(target.argv()).isEmpty();
    assertThat(target.mounts()).isEmpty();
    assertThat(target.program()).isEmpty();
    assertThat(target.executionEnvironment()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"java21", "python2.7", "python3.", "nodejs", "dotnet8", "", "PYTHON3.12"})
  void refusesWhatItDoesNotRun(String identifier) {
    assertThatThrownBy(() -> catalog(null).find(identifier))
        .isInstanceOfSatisfying(
            LambicException.class,
            e -> {
              assertThat(e.code()).isEqualTo("InvalidParameterValueException");
              assertThat(e.blame()).isEqualTo(Blame.CALLER);
            });
  }

  @Test
  void tellsWhatToInstallAndLooksAgain() throws IOException {
    RuntimeCatalog catalog = catalog(null);
    assertThatThrownBy(() -> catalog.find("python3.12")).hasMessageContaining("Install python3.12");
    assertThatThrownBy(() -> catalog.find("nodejs22.x")).hasMessageContaining("Install Node.js 22");
    assertThatThrownBy(() -> catalog.find("ruby3.4")).hasMessageContaining("Install Ruby 3.4");
    pythons("3.12");
    assertThat(catalog.find("python3.12").warning()).isEmpty();
  }

  @Test
  void layBootstrapsOverOlderOnes() throws IOException {
    Path file = host.resolve("bootstraps/python/bootstrap.py");
    Files.createDirectories(file.getParent());
    Files.writeString(file, "old");
    Bootstraps.layOut(host.resolve("bootstraps"));
    assertThat(file).content().contains("Runtime API");
    assertThat(host.resolve("bootstraps/node/bootstrap.mjs")).isReadable();
  }
}
