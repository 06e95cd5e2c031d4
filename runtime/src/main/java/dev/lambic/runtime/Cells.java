package dev.lambic.runtime;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxException;
import dev.lambic.sandbox.SandboxSpec;
import dev.lambic.sandbox.Sandboxes;
import dev.lambic.sandbox.Template;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Makes cells. Safe for use by many threads; what it does takes milliseconds. */
final class Cells {
  static final int RUNTIME_API_PORT = 9001;
  static final int AWS_PORT = 4566;
  static final String RUNTIME_API = "127.0.0.1:" + RUNTIME_API_PORT;
  static final String AWS_ENDPOINT = "http://127.0.0.1:" + AWS_PORT;
  static final long MIB = 1L << 20;

  /** Processes and threads of one environment, as AWS's quota. */
  static final int MAX_PROCESSES = 1024;

  /** What the smallest function has. */
  static final int LEAST_MEMORY_MB = 128;

  /** What a zygote's modules may take, and the processes and threads that they may start. */
  private static final long ZYGOTE_MB = 512;

  private static final int ZYGOTE_PROCESSES = 64;
  private static final String HOST_NAME = "169-254-100-1";

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

  private final Sandboxes sandboxes;
  private final HttpServer server;
  private final HttpHandler aws;

  /**
   * A maker.
   *
   * @param aws answers what functions ask of AWS
   */
  Cells(Sandboxes sandboxes, HttpServer server, HttpHandler aws) {
    this.sandboxes = sandboxes;
    this.server = server;
    this.aws = aws;
  }

  /**
   * A sandbox for a function, without a process.
   *
   * @param root the image that is its root; empty for the host's programs
   * @throws LambicException with code {@code SandboxFailure} if the host refuses a step
   */
  Cell shell(String name, int memoryMb, int tmpMb, Optional<Path> root) {
    return shell(name, memoryMb, tmpMb, root, false);
  }

  /**
   * The same, perhaps for a process that will be checkpointed or was.
   *
   * @param snapshots whether it is
   */
  Cell shell(String name, int memoryMb, int tmpMb, Optional<Path> root, boolean snapshots) {
    return serve(sandboxes.create(spec(name, memoryMb, tmpMb, root, snapshots)));
  }

  private static SandboxSpec spec(String name, int memoryMb, int tmpMb, Optional<Path> root) {
    return spec(name, memoryMb, tmpMb, root, false);
  }

  private static SandboxSpec spec(
      String name, int memoryMb, int tmpMb, Optional<Path> root, boolean snapshots) {
    return new SandboxSpec(
        name,
        new Limits(memoryMb * MIB, 0, MAX_PROCESSES),
        tmpMb * MIB,
        HOST_NAME,
        root,
        snapshots);
  }

  /** A sandbox that was made for a function's template, without a process. */
  Cell forkable(String name, Template template, int memoryMb, int tmpMb) {
    return serve(template.create(spec(name, memoryMb, tmpMb, Optional.empty())));
  }

  /**
   * A template in which a function's code runs.
   *
   * @throws SandboxException if the host refuses a step
   * @throws UnsupportedOperationException if the sandboxes know no templates
   */
  Template functionTemplate(String name, int memoryMb, int tmpMb) {
    return sandboxes.guardedTemplate(spec(name, memoryMb, tmpMb, Optional.empty()));
  }

  /** The channels of a sandbox. */
  Cell serve(Sandbox sandbox) {
    HttpServer.@Nullable Listener served = null;
    try {
      served = serve(sandbox, AWS_PORT, AWS_LIMITS, aws);
      Binding binding = new Binding();
      HttpServer.Listener api = runtimeApi(sandbox, binding);
      return new Cell(sandbox, served, api, binding, new EarlyOutput(), null);
    } catch (RuntimeException e) {
      if (served != null) {
        served.close();
      }
      sandbox.kill();
      throw e;
    }
  }

  /** A sandbox in which a runtime starts that belongs to no function yet. */
  Cell stem(String name, Recipe recipe) {
    Cell cell = shell(name, LEAST_MEMORY_MB, Recipe.TMP_MB, recipe.root());
    try {
      cell.sandbox().attach(recipe.mounts());
      Command command = new Command(recipe.argv(), recipe.variables(), "/var/task");
      return cell.with(cell.sandbox().start(command, early(cell, recipe)));
    } catch (RuntimeException e) {
      cell.kill();
      throw e;
    }
  }

  /**
   * Starts a zygote; it is ready later.
   *
   * @param modules that it imports beside what all do
   * @param now nanoseconds
   * @throws SandboxException if the host refuses a step
   * @throws UnsupportedOperationException if the sandboxes know no templates
   */
  Zygote zygote(String name, Zygotes.Kind kind, List<String> modules, long now) {
    Template template =
        sandboxes.template(
            new SandboxSpec(
                name,
                new Limits(ZYGOTE_MB * MIB, 0, ZYGOTE_PROCESSES),
                Recipe.TMP_MB * MIB,
                HOST_NAME,
                kind.recipe().root()));
    try {
      template.sandbox().attach(kind.recipe().mounts());
      return Zygote.start(template, kind.recipe(), modules, now);
    } catch (RuntimeException e) {
      template.close();
      throw e;
    }
  }

  /** As {@link #stem}, but forked from a zygote. */
  Cell forked(String name, Zygote zygote) {
    Recipe recipe = zygote.recipe();
    Cell cell =
        serve(zygote.template().create(spec(name, LEAST_MEMORY_MB, Recipe.TMP_MB, recipe.root())));
    try {
      cell.sandbox().attach(recipe.mounts());
      return cell.with(zygote.template().fork(cell.sandbox(), "", early(cell, recipe)));
    } catch (RuntimeException e) {
      cell.kill();
      throw e;
    }
  }

  private static OutputListener early(Cell cell, Recipe recipe) {
    boolean framed =
        recipe.variables().stream().anyMatch(pair -> pair.startsWith(LogFrames.VARIABLE + "="));
    return framed ? new LogFrames(cell.output()) : cell.output();
  }

  /** Serves the Runtime API of a sandbox whose former one was closed. */
  HttpServer.Listener runtimeApi(Sandbox sandbox, HttpHandler api) {
    return serve(sandbox, RUNTIME_API_PORT, RUNTIME_API_LIMITS, api);
  }

  private HttpServer.Listener serve(
      Sandbox sandbox, int port, HttpConfig limits, HttpHandler handler) {
    try {
      return server.listen(sandbox.listen(port), limits, handler);
    } catch (IOException e) {
      throw new LambicException(
          "SandboxFailure", Blame.PLATFORM, "sandbox: listen: 127.0.0.1:" + port, e);
    }
  }
}
