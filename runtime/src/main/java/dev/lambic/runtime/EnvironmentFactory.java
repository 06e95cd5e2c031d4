package dev.lambic.runtime;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxSpec;
import dev.lambic.sandbox.Sandboxes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Starts execution environments.
 *
 * <p>Two addresses are served on the loopback of each environment: the Runtime API on port 9001 and
 * the AWS endpoint on port 4566. Safe for use by many threads.
 */
public final class EnvironmentFactory {
  private static final int RUNTIME_API_PORT = 9001;
  private static final int AWS_PORT = 4566;
  private static final String RUNTIME_API = "127.0.0.1:" + RUNTIME_API_PORT;
  private static final String AWS_ENDPOINT = "http://127.0.0.1:" + AWS_PORT;
  private static final long MIB = 1L << 20;

  /** Processes and threads of one environment, as AWS's quota. */
  private static final int MAX_PROCESSES = 1024;

  /** AWS's client for Java tells the cause of an error in a header of up to a mebibyte. */
  private static final int MAX_HEAD_BYTES = (1 << 20) + (64 << 10);

  /** Two for each of ten extensions and some for the runtime; few, for heads are long. */
  private static final int RUNTIME_API_CONNECTIONS = 24;

  private static final HttpConfig RUNTIME_API_LIMITS =
      new HttpConfig(
          RuntimeApi.MAX_RESPONSE_BYTES + 4096,
          16 << 20,
          MAX_HEAD_BYTES,
          RUNTIME_API_CONNECTIONS,
          Duration.ZERO);
  private static final HttpConfig AWS_LIMITS =
      new HttpConfig(16 << 20, 32 << 20, 64 << 10, 64, Duration.ofMinutes(15));

  /** Memory for events on their way to extensions, of all environments. */
  private static final long TELEMETRY_BYTES = 64 * MIB;

  private final Sandboxes sandboxes;
  private final HttpServer server;
  private final HttpHandler aws;
  private final Services services;

  /**
   * A factory.
   *
   * @param aws answers what functions ask of AWS
   * @param ids names extensions
   */
  public EnvironmentFactory(
      Sandboxes sandboxes,
      HttpServer server,
      HttpHandler aws,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    this.sandboxes = sandboxes;
    this.server = server;
    this.aws = aws;
    this.services = new Services(ticker, ids, faults, new ByteBudget(TELEMETRY_BYTES));
  }

  /**
   * Starts the environment and returns while its runtime initialises; waits for a bounded time.
   *
   * @throws LambicException with code {@code Runtime.InvalidEntrypoint} if the code brings no
   *     program that can be started
   * @throws LambicException with code {@code Extension.LaunchError} if an extension cannot be
   *     started
   * @throws LambicException with code {@code SandboxFailure} if the host refuses a step
   */
  public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    List<String> argv = program(spec);
    Limits initial = new Limits(spec.memoryMb() * MIB, 0, MAX_PROCESSES);
    Sandbox sandbox =
        sandboxes.create(
            new SandboxSpec(
                spec.name(),
                initial,
                spec.tmpMb() * MIB,
                "169-254-100-1",
                spec.target().root().map(ContainerRoot::directory)));
    HttpServer.@Nullable Listener served = null;
    try {
      served = server.listen(sandbox.listen(AWS_PORT), AWS_LIMITS, aws);
      List<ReadOnlyMount> mounts = new ArrayList<>(spec.target().mounts());
      boolean container = spec.target().isContainer();
      if (!container) {
        mounts.add(new ReadOnlyMount(spec.code(), "/var/task"));
      }
      if (spec.opt() != null && !container) {
        mounts.add(new ReadOnlyMount(spec.opt(), "/opt"));
      }
      sandbox.attach(mounts);
      Running.Starter starter = generation -> startRuntime(spec, argv, sandbox, generation);
      return new Running(spec, sandbox, served, listener, starter, services);
    } catch (IOException e) {
      abandon(sandbox, served);
      throw cannotListen(AWS_PORT, e);
    } catch (RuntimeException e) {
      abandon(sandbox, served);
      throw e;
    }
  }

  private void startRuntime(
      EnvironmentSpec spec, List<String> argv, Sandbox sandbox, Generation generation) {
    try {
      generation.servedAt(
          server.listen(sandbox.listen(RUNTIME_API_PORT), RUNTIME_API_LIMITS, generation.api()));
      generation
          .crew()
          .start(
              ExternalExtensions.names(opt(spec)),
              Variables.ofExtensions(spec, RUNTIME_API, AWS_ENDPOINT),
              () -> execute(spec, argv, sandbox, generation));
    } catch (IOException e) {
      generation.close();
      throw cannotListen(RUNTIME_API_PORT, e);
    } catch (RuntimeException e) {
      generation.close();
      throw e;
    }
  }

  /** What is seen as {@code /opt}; null if nothing is. */
  private static @Nullable Path opt(EnvironmentSpec spec) {
    return spec.target().isContainer()
        ? spec.target().root().orElseThrow().directory().resolve("opt")
        : spec.opt();
  }

  private static void execute(
      EnvironmentSpec spec, List<String> argv, Sandbox sandbox, Generation generation) {
    Command command =
        new Command(argv, Variables.of(spec, RUNTIME_API, AWS_ENDPOINT), directory(spec));
    try {
      generation.runs(sandbox.start(command, output(spec, generation)));
    } catch (SandboxException e) {
      throw isOfFunction(spec, argv) ? ofFunction(spec, argv, e) : e;
    }
  }

  private static OutputListener output(EnvironmentSpec spec, Generation generation) {
    boolean framed = spec.target().variables().containsKey(LogFrames.VARIABLE);
    return framed ? new LogFrames(generation::output) : generation::output;
  }

  private static LambicException cannotListen(int port, IOException e) {
    return new LambicException(
        "SandboxFailure", Blame.PLATFORM, "sandbox: listen: 127.0.0.1:" + port, e);
  }

  private static void abandon(Sandbox sandbox, HttpServer.@Nullable Listener served) {
    if (served != null) {
      served.close();
    }
    sandbox.kill();
  }

  /** What to execute: the runtime's program, behind the function's wrapper script if it has one. */
  private static List<String> program(EnvironmentSpec spec) {
    List<String> argv = new ArrayList<>();
    if (spec.target().isContainer()) {
      ContainerRoot root = spec.target().root().orElseThrow();
      return ContainerProgram.resolve(root, spec.target().argv(), Variables.path(spec, root));
    }
    if (!spec.target().managed()) {
      argv.add(ownBootstrap(spec.code(), spec.opt()));
      return argv;
    }
    @Nullable String wrapper = spec.variables().get("AWS_LAMBDA_EXEC_WRAPPER");
    // The programs of imported runtimes heed it themselves.
    if (wrapper != null && wrapper.startsWith("/") && spec.target().root().isEmpty()) {
      argv.add(wrapper);
    }
    argv.addAll(spec.target().command(spec));
    return argv;
  }

  /** Whether the program to start comes with the function rather than from this host. */
  private static boolean isOfFunction(EnvironmentSpec spec, List<String> argv) {
    List<String> own = spec.target().argv();
    return spec.target().isContainer() || own.isEmpty() || !argv.getFirst().equals(own.getFirst());
  }

  /** Where the program is started, inside. */
  private static String directory(EnvironmentSpec spec) {
    return spec.target().isContainer()
        ? spec.target().root().orElseThrow().workingDirectory()
        : "/var/task";
  }

  /** What the function is told when it is its own fault that its program does not start. */
  private static LambicException ofFunction(
      EnvironmentSpec spec, List<String> argv, SandboxException cause) {
    return switch (cause.step()) {
      case SandboxException.EXEC -> notRunnable(argv, cause);
      case SandboxException.CHDIR ->
          spec.target().isContainer()
              ? new LambicException(
                  "Runtime.InvalidWorkingDir",
                  Blame.FUNCTION,
                  "chdir " + directory(spec) + ": " + ExecFailure.reason(cause),
                  cause)
              : cause;
      default -> cause;
    };
  }

  private static LambicException notRunnable(List<String> argv, SandboxException cause) {
    return new LambicException(
        "Runtime.InvalidEntrypoint",
        Blame.FUNCTION,
        "fork/exec " + argv.getFirst() + ": " + ExecFailure.reason(cause),
        cause);
  }

  private static String ownBootstrap(Path code, @Nullable Path opt) {
    if (Files.isRegularFile(code.resolve("bootstrap"))) {
      return "/var/task/bootstrap";
    }
    if (opt != null && Files.isRegularFile(opt.resolve("bootstrap"))) {
      return "/opt/bootstrap";
    }
    throw new LambicException(
        "Runtime.InvalidEntrypoint",
        Blame.FUNCTION,
        "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]");
  }
}
