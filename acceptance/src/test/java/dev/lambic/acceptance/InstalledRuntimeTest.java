package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * {@code ./lambic runtime install} of packages: from a signed archive that has this machine's own
 * Python in it, as what it is.
 */
class InstalledRuntimeTest {
  private static final String HANDLER =
      """
      import os, subprocess, sys

      def handler(event, context):
          shell = subprocess.run(["sh", "-c", "echo of a shell"], capture_output=True, text=True)
          return {
              "marker": os.path.exists("/usr/share/marker"),
              "version": "python%d.%d" % sys.version_info[:2],
              "wrapped": os.environ.get("WRAPPED"),
              "shell": shell.stdout,
              "programs": sorted(os.listdir("/usr/bin")),
              "writable": os.access("/usr/share", os.W_OK),
          }
      """;

  /** Parts of the library that are large and that no function of the tests needs. */
  private static final Set<String> LEFT_OUT =
      Set.of(
          "__pycache__",
          "test",
          "idlelib",
          "tkinter",
          "lib2to3",
          "pydoc_data",
          "ensurepip",
          "turtledemo",
          "dist-packages",
          "site-packages");

  @TempDir static Path directory;
  private static PackageArchive archive;
  private static String runtime;
  private static Path cache;

  @BeforeAll
  static void build() throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    archive = new PackageArchive(Files.createDirectories(directory.resolve("archive")));
    List<String> python = tellOfPython();
    runtime = python.get(0);
    Path library = Path.of(python.get(2));
    PackageArchive.DebianPackage packed = archive.begin(runtime);
    packed.program(Path.of(python.get(1)), "usr/bin/" + runtime);
    packed.tree(library, "usr/lib/" + runtime, LEFT_OUT);
    packed.libraries(modules(library));
    packed.file("usr/share/marker", "").file("usr/share/man/page", "").add();
    archive.begin("dash").program(Path.of("/bin/sh"), "usr/bin/dash").link("bin/sh", "dash").add();
    for (String name : List.of("bash", "coreutils", "sed", "grep", "gzip", "libc-bin", "tzdata")) {
      archive.begin(name).file("usr/share/doc/" + name + "/copyright", "none").add();
    }
    archive.sign();
    cache = cache("cache");
  }

  /** Its name, its program, and where its library is. */
  private static List<String> tellOfPython() {
    String script =
        "import os, sys; print('python%d.%d' % sys.version_info[:2]);"
            + " print(os.path.realpath(sys.executable)); print(os.path.dirname(os.__file__))";
    Script.Ended told =
        Script.of(List.of(Places.python().toString(), "-I", "-S", "-c", script)).run(directory);
    return told.output().lines().toList();
  }

  private static List<Path> modules(Path library) {
    try (Stream<Path> files = Files.list(library.resolve("lib-dynload"))) {
      return files.filter(file -> file.toString().endsWith(".so")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterAll
  static void close() {
    archive.close();
  }

  /** A place for what is fetched, which has already what has nothing to do with runtimes. */
  private static Path cache(String name) throws IOException {
    Path made = Files.createDirectories(directory.resolve(name));
    try (Stream<Path> all = Files.list(Places.cache())) {
      for (Path each : (Iterable<Path>) all.filter(InstalledRuntimeTest::isShared)::iterator) {
        Files.createSymbolicLink(made.resolve(each.getFileName()), each);
      }
    }
    return made;
  }

  private static boolean isShared(Path path) {
    return !Set.of("runtimes", "debian").contains(path.getFileName().toString());
  }

  private static Script.Ended lambic(Path where, String... arguments) {
    return lambic(where, archive, archive.keyring(), arguments);
  }

  private static Script.Ended lambic(
      Path where, PackageArchive from, Path keyring, String... arguments) {
    Path sources = directory.resolve("sources");
    try {
      Files.writeString(
          sources, runtime + " | " + PackageArchive.suite() + " | " + runtime + " |\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Script.of(
            Stream.concat(
                    Stream.of(Places.root().resolve("lambic").toString(), "runtime"),
                    Stream.of(arguments))
                .toList(),
            Map.of(
                "LAMBIC_CACHE", where.toString(),
                "LAMBIC_DATA", directory.resolve("data").toString(),
                "LAMBIC_DEBIAN_SOURCES", sources.toString(),
                "LAMBIC_DEBIAN_MIRROR", from.mirror(),
                "LAMBIC_DEBIAN_KEYRING", keyring.toString()))
        .run(directory);
  }

  @Test
  void functionsRunOnWhatWasInstalledBesideTheServer() {
    try (RunningLambic server = RunningLambic.startOn(cache);
        LambdaClient client = Clients.lambda(server.address())) {
      byte[] wrapper =
          "#!/bin/sh\nexport WRAPPED=yes\nexec \"$@\"\n".getBytes(StandardCharsets.UTF_8);
      TestFunction function =
          TestFunction.create(
              client,
              "installed",
              runtime,
              "app.handler",
              Zip.empty().file("app.py", HANDLER).program("wrapper", wrapper).bytes(),
              settings -> {});
      assertThat(function.act("look").success().path("marker").asBoolean()).isFalse();

      Script.Ended installed = lambic(cache, "install", runtime);
      assertThat(installed.code()).as(installed.output()).isZero();
      Path tree = cache.resolve("runtimes").resolve(runtime).resolve("root");
      assertThat(server.runtimes())
          .containsPattern("(?m)^" + runtime + " +exact +" + tree + "/usr/bin/" + runtime + "$");
      assertThat(tree.resolve("usr/share/man")).doesNotExist();
      Script.Ended again = lambic(cache, "install", runtime);
      assertThat(again.code()).as(again.output()).isZero();
      assertThat(again.output()).doesNotContain("downloads");

      client.updateFunctionConfiguration(change ->
          change
              .functionName("installed")
              .environment(
                  own -> own.variables(Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/var/task/wrapper"))));
      function.awaitReady();
      JsonNode seen = function.act("look").success();
      assertThat(seen.path("marker").asBoolean()).isTrue();
      assertThat(seen.path("version").asText()).isEqualTo(runtime);
      assertThat(seen.path("wrapped").asText()).isEqualTo("yes");
      assertThat(seen.path("shell").asText()).isEqualTo("of a shell\n");
      assertThat(seen.path("programs").toString())
          .isEqualTo("[\"dash\",\"" + runtime + "\",\"sh\"]");
      assertThat(seen.path("writable").asBoolean()).isFalse();

      Script.Ended refused = lambic(cache, "remove", runtime);
      assertThat(refused.code()).isNotZero();
      assertThat(refused.output()).contains("Stop the server");
      assertThat(function.act("look").success().path("marker").asBoolean()).isTrue();
    }
    Script.Ended removed = lambic(cache, "remove", runtime);
    assertThat(removed.code()).as(removed.output()).isZero();
    assertThat(cache.resolve("runtimes")).isEmptyDirectory();
    assertThat(lambic(cache, "remove", runtime).output())
        .contains("nothing was installed or imported for " + runtime);
  }

  @Test
  void whatAnotherKeyHasSignedIsNotInstalled() throws IOException {
    try (PackageArchive other =
        new PackageArchive(Files.createDirectories(directory.resolve("other")))) {
      Path where = cache("untrusted");
      Script.Ended ended = lambic(where, archive, other.keyring(), "install", runtime);
      assertThat(ended.code()).isNotZero();
      assertThat(ended.output())
          .contains("lists of Debian's packages could not be read")
          .contains("LAMBIC_DEBIAN_MIRROR");
      assertThat(where.resolve("runtimes")).isEmptyDirectory();
    }
  }

  @Test
  void aPackageThatIsNotWhatWasSignedIsNotInstalled() throws IOException {
    Path elsewhere = Files.createDirectories(directory.resolve("tampered"));
    try (PackageArchive tampered = new PackageArchive(elsewhere)) {
      tampered.begin(runtime).file("usr/share/marker", "x".repeat(10_000)).add();
      for (String name :
          List.of("bash", "dash", "coreutils", "sed", "grep", "gzip", "libc-bin", "tzdata")) {
        tampered.begin(name).file("usr/share/doc/" + name + "/copyright", "none").add();
      }
      tampered.sign();
      tampered.tamper(runtime);
      Path where = cache("checked");
      Script.Ended ended = lambic(where, tampered, tampered.keyring(), "install", runtime);
      assertThat(ended.code()).isNotZero();
      assertThat(ended.output()).contains("Hash Sum mismatch").contains("could not be had");
      assertThat(where.resolve("runtimes")).isEmptyDirectory();
    }
  }
}
