package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.waiters.LambdaWaiter;

/** A working directory as a function: no call ever sees what was there before the last edit. */
class DevTest {
  private static final int ROUNDS = 100;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private Path project;

  @BeforeEach
  void makeProject() throws IOException {
    project = Files.createTempDirectory("lambic-dev-project");
    open(project);
  }

  @AfterEach
  void deleteProject() {
    if (Files.exists(project)) {
      RunningLambic.delete(project);
    }
  }

  private static void open(Path directory) throws IOException {
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void write(String name, String text) {
    try {
      Path file = project.resolve(name);
      Files.writeString(file, text);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As most editors write: another file takes the place. */
  private void replace(String name, String text) {
    try {
      write(name + ".new", text);
      Files.move(
          project.resolve(name + ".new"),
          project.resolve(name),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Invoked invoke(LambdaClient client, String name) {
    return Invoked.of(
        client.invoke(r -> r.functionName(name).payload(SdkBytes.fromUtf8String("{}"))));
  }

  private static Invoked invoke(String name) {
    return invoke(LAMBIC.lambda(), name);
  }

  private static String numbered(int number) {
    return "import said\n\ndef handler(event, context):\n    return [int('%03d'), said.N]\n"
        .formatted(number);
  }

  @Test
  void noEditIsEverMissed() throws Exception {
    write("app.py", numbered(0));
    write("said.py", "N = int('000')\n");
    // Byte code of the user's own Python, which is told from newer sources by whole seconds only.
    Script.of(List.of(Places.python().toString(), "-m", "compileall", "-q", project.toString()))
        .run(project);
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "rounds")) {
      for (int round = 1; round <= ROUNDS; round++) {
        // The same size, nearly always in the same second, by both ways of writing.
        if (round % 2 == 0) {
          write("app.py", numbered(round));
        } else {
          replace("app.py", numbered(round));
        }
        int said = round / 3;
        write("said.py", "N = int('%03d')\n".formatted(said));
        assertThat(invoke("rounds").success().toString())
            .as(dev.output())
            .isEqualTo("[" + round + "," + said + "]");
      }
      dev.await("changed: app.py");
    }
  }

  @Test
  void anEnvironmentLivesAsLongAsNothingIsChanged() {
    write("app.py", "def handler(event, context):\n    return context.log_stream_name\n");
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "warm")) {
      String first = invoke("warm").success().asText();
      for (int i = 0; i < 5; i++) {
        assertThat(invoke("warm").success().asText()).as(dev.output()).isEqualTo(first);
      }
      write("other.txt", "x");
      assertThat(invoke("warm").success().asText()).isNotEqualTo(first);
    }
  }

  /** What was initialised once is worth nothing where the code may change at any time. */
  @Test
  void aPublishedVersionIsNeverRestoredFromASnapshot() {
    write("app.py", "def handler(event, context):\n    return 1\n");
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "published")) {
      LambdaClient lambda = LAMBIC.lambda();
      lambda.updateFunctionConfiguration(
          r -> r.functionName("published").snapStart(s -> s.applyOn("PublishedVersions")));
      try (LambdaWaiter waiter = lambda.waiter()) {
        waiter.waitUntilFunctionUpdatedV2(r -> r.functionName("published"));
      }
      String version = lambda.publishVersion(r -> r.functionName("published")).version();
      try (LambdaWaiter waiter = lambda.waiter()) {
        waiter.waitUntilPublishedVersionActive(r -> r.functionName("published").qualifier(version));
      }
      assertThat(
              lambda
                  .getFunctionConfiguration(r -> r.functionName("published").qualifier(version))
                  .snapStart()
                  .optimizationStatusAsString())
          .as(dev.output())
          .isEqualTo("Off");
      assertThat(LAMBIC.server().output())
          .contains(":function:published:1: its code is a working directory.");
      for (int state = 1; state <= 3; state++) {
        write("app.py", "def handler(event, context):\n    return " + state + "\n");
        assertThat(invoke("published:" + version).success().asInt()).isEqualTo(state);
      }
    }
  }

  @Test
  void filesComeAndGoAndBreak() throws Exception {
    Files.createDirectories(project.resolve("src/deep"));
    write(
        "src/app.py",
        "import os\n\ndef handler(event, context):\n"
            + "    return sorted(os.listdir('/var/task/src/deep'))\n");
    try (DevProcess dev =
        DevProcess.start(
            LAMBIC.server(),
            project,
            "--name=tree",
            "--runtime=python3.13",
            "--handler=src/app.handler")) {
      assertThat(invoke("tree").success().toString()).isEqualTo("[]");
      write("src/deep/new.txt", "x");
      assertThat(invoke("tree").success().toString()).isEqualTo("[\"new.txt\"]");
      Files.delete(project.resolve("src/deep/new.txt"));
      assertThat(invoke("tree").success().toString()).isEqualTo("[]");
      write("src/app.py", "def handler(event, context):\n    return (");
      assertThat(invoke("tree").errorType()).isEqualTo("Runtime.UserCodeSyntaxError");
      write("src/app.py", "def handler(event, context):\n    return 'fixed'\n");
      assertThat(invoke("tree").success().asText()).isEqualTo("fixed");
      Files.createSymbolicLink(project.resolve("out"), Path.of("/etc/hostname"));
      write(
          "src/app.py",
          "import os\n\ndef handler(event, context):\n    return os.path.exists('/var/task/out')\n");
      assertThat(invoke("tree").success().asBoolean()).isFalse();
      RunningLambic.delete(project);
      assertThatThrownBy(() -> invoke("tree"))
          .isInstanceOf(ResourceConflictException.class)
          .hasMessageContaining("is not there any more");
      dev.await("is not there any more");
      Files.createDirectories(project.resolve("src"));
      open(project);
      write("src/app.py", "def handler(event, context):\n    return 'back'\n");
      assertThat(invoke("tree").success().asText()).isEqualTo("back");
      dev.await("the directory is there again");
    }
  }

  @Test
  void editsShowInNodeToo() {
    write("index.mjs", "export const handler = async () => 0;\n");
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "node")) {
      for (int round = 1; round < 8; round++) {
        write("index.mjs", "export const handler = async () => " + round + ";\n");
        assertThat(invoke("node").success().asInt()).as(dev.output()).isEqualTo(round);
      }
    }
  }

  @Test
  void noConcurrentCallSeesWhatWasReplacedBefore() throws Exception {
    String source = "def handler(event, context):\n    return int('%03d')\n";
    write("app.py", source.formatted(0));
    AtomicInteger applied = new AtomicInteger();
    AtomicInteger calls = new AtomicInteger();
    AtomicBoolean over = new AtomicBoolean();
    List<Future<?>> running = new ArrayList<>();
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "raced");
        ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 3; i++) {
        running.add(
            callers.submit(() -> {
              while (!over.get()) {
                int before = applied.get();
                assertThat(invoke("raced").success().asInt())
                    .as(dev.output())
                    .isGreaterThanOrEqualTo(before);
                calls.incrementAndGet();
              }
            }));
      }
      try {
        for (int edit = 1; edit <= 10; edit++) {
          replace("app.py", source.formatted(edit));
          applied.set(edit);
          int enough = calls.get() + 6;
          Await.until(
              Duration.ofSeconds(60),
              "calls go on",
              () -> calls.get() > enough || running.stream().anyMatch(Future::isDone));
        }
      } finally {
        over.set(true);
      }
      for (Future<?> caller : running) {
        caller.get(60, TimeUnit.SECONDS);
      }
    }
  }

  @Test
  void itIsAnOrdinaryFunctionUntilItsEnd() {
    write(
        "app.py",
        "import os\n\ndef handler(event, context):\n    print('it works')\n"
            + "    return os.environ.get('OWN')\n");
    LambdaClient lambda = LAMBIC.lambda();
    DevProcess dev =
        DevProcess.start(
            LAMBIC.server(), project, "--name=plain", "--env=OWN=first", "--memory=256");
    try (dev) {
      var function = lambda.getFunction(r -> r.functionName("plain"));
      assertThat(function.configuration().memorySize()).isEqualTo(256);
      assertThat(function.configuration().handler()).isEqualTo("app.handler");
      assertThat(function.configuration().runtimeAsString()).startsWith("python3.");
      assertThat(invoke("plain").success().asText()).as(dev.output()).isEqualTo("first");
      dev.await("it works");
      lambda.updateFunctionConfiguration(
          r -> r.functionName("plain").environment(e -> e.variables(Map.of("OWN", "second"))));
      Await.until(
          Duration.ofSeconds(30),
          "updated",
          () ->
              lambda
                  .getFunction(r -> r.functionName("plain"))
                  .configuration()
                  .lastUpdateStatusAsString()
                  .equals("Successful"));
      assertThat(invoke("plain").success().asText()).isEqualTo("second");
      dev.askToEnd();
      assertThat(dev.awaitEnd()).as(dev.output()).isZero();
    }
    assertThatThrownBy(() -> invoke("plain")).isInstanceOf(ResourceNotFoundException.class);
    // One that is killed cannot say so, but is noticed all the same.
    DevProcess killed = DevProcess.start(LAMBIC.server(), project, "--name", "plain");
    killed.killHard();
    Await.until(
        Duration.ofSeconds(30),
        "the function is deleted",
        () ->
            lambda.listFunctions().functions().stream()
                .noneMatch(f -> f.functionName().equals("plain")));
  }

  @Test
  void otherCodeEndsIt() {
    write("app.py", "def handler(event, context):\n    return 'directory'\n");
    try (DevProcess dev = DevProcess.start(LAMBIC.server(), project, "--name", "taken")) {
      assertThat(invoke("taken").success().asText()).isEqualTo("directory");
      LAMBIC
          .lambda()
          .updateFunctionCode(r ->
              r.functionName("taken")
                  .zipFile(
                      SdkBytes.fromByteArray(
                          Zip.of(
                              "app.py", "def handler(event, context):\n    return 'upload'\n"))));
      dev.await("other code was uploaded");
      assertThat(dev.awaitEnd()).isOne();
    }
    assertThat(invoke("taken").success().asText()).isEqualTo("upload");
    LAMBIC.lambda().deleteFunction(r -> r.functionName("taken"));
  }

  @Test
  void whatMustNotBeSeenIsRefused() throws Exception {
    write("app.py", "def handler(event, context):\n    return 1\n");
    Path secret = Files.createDirectory(project.resolve("secret"));
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rwx------"));
    Path data = LAMBIC.server().data();
    Map<Path, String> refused =
        Map.of(
            Path.of("/"),
            "is a directory of the system",
            Path.of("/etc/ssl"),
            "is a directory of the system",
            Path.of("/usr/lib"),
            "is a directory of the system",
            Path.of("/proc/self/root"),
            "is a directory of the system",
            Path.of(System.getProperty("user.home")),
            "is a home directory",
            data,
            "holds Lambic's own data",
            data.resolve("functions"),
            "holds Lambic's own data",
            secret,
            "chmod -R o+rX");
    refused.forEach((directory, why) -> {
      try (DevProcess dev =
          DevProcess.begin(
              LAMBIC.server(),
              directory,
              "--name=refused",
              "--runtime=python3.13",
              "--handler=app.handler")) {
        assertThat(dev.awaitEnd()).isOne();
        assertThat(dev.output()).as(directory.toString()).contains(why);
      }
    });
    TestFunction.pythonText(
        LAMBIC.lambda(), "ordinary", "def handler(event, context):\n    return 'ordinary'\n");
    try (DevProcess dev = DevProcess.begin(LAMBIC.server(), project, "--name", "ordinary")) {
      assertThat(dev.awaitEnd()).isOne();
      assertThat(dev.output()).contains("Function already exist: ordinary");
    }
    assertThat(invoke("ordinary").success().asText()).isEqualTo("ordinary");
    try (DevProcess dev =
        DevProcess.begin(LAMBIC.server(), project, "--name=small", "--memory=1")) {
      assertThat(dev.awaitEnd()).isOne();
      assertThat(dev.output()).contains("Member must have value greater than or equal to 128");
    }
    assertThatThrownBy(() -> invoke("refused")).isInstanceOf(LambdaException.class);
  }

  @Test
  void aFunctionCannotAskForIt() {
    write(
        "app.py",
        """
        import os, socket, urllib.request, urllib.error

        def handler(event, context):
            try:
                connection = socket.socket(socket.AF_UNIX)
                connection.connect(os.environ["SOCKET"])
                reached = True
            except OSError:
                reached = False
            try:
                with urllib.request.urlopen("http://127.0.0.1:4566/_lambic/dev", b"{}") as answer:
                    status = answer.status
            except urllib.error.HTTPError as e:
                status = e.code
            return [reached, status]
        """);
    try (DevProcess dev =
        DevProcess.start(
            LAMBIC.server(),
            project,
            "--name=prisoner",
            "--env=SOCKET=" + LAMBIC.server().data().resolve("dev.socket"))) {
      var answer = invoke("prisoner").success();
      assertThat(answer.path(0).asBoolean()).as(dev.output()).isFalse();
      assertThat(answer.path(1).asInt()).isBetween(400, 499);
    }
    assertThat(LAMBIC.server().data().resolve("dev.socket"))
        .satisfies(socket ->
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                .isEqualTo("rw-------"));
  }

  @Test
  void aRestartEndsIt() {
    write("app.py", "def handler(event, context):\n    return 1\n");
    try (RunningLambic lambic = RunningLambic.start()) {
      try (DevProcess dev = DevProcess.start(lambic, project, "--name", "gone")) {
        lambic.killHard();
        dev.await("the server is gone");
        assertThat(dev.awaitEnd()).isOne();
      }
      lambic.launch();
      try (LambdaClient lambda = Clients.lambda(lambic.address())) {
        assertThatThrownBy(() -> invoke(lambda, "gone"))
            .isInstanceOf(ResourceNotFoundException.class);
      }
      try (DevProcess dev = DevProcess.start(lambic, project, "--name", "gone")) {
        lambic.askToEnd();
        dev.await("the server ends");
        assertThat(dev.awaitEnd()).isOne();
        lambic.awaitEnd();
      }
    }
  }
}
