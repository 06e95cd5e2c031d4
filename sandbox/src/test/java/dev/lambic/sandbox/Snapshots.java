package dev.lambic.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Sandboxes in which a program of the tests goes on that was written down in another one. Where
 * this host has no criu, which is where versions are initialised but never restored, the program is
 * started there.
 */
final class Snapshots {
  private static final int PORT = 9100;
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private final TestHost host;
  private final Programs programs;
  private final String program;
  private final Optional<Criu> criu;
  private final Optional<Taken> taken;
  private final Map<Sandbox, Waiting> waiting = new ConcurrentHashMap<>();

  private record Taken(Path images, Checkpoint checkpoint) {}

  /** A program that does what it is told by connections, and all that it and its children wrote. */
  private record Waiting(SandboxProcess process, TestHost.Output output) {}

  /** Writes the program down while it waits, if this host can. */
  Snapshots(TestHost host, Programs programs, String program, Path directory) {
    this.host = host;
    this.programs = programs;
    this.program = program;
    criu = criu(host);
    taken = criu.map(with -> take(with, directory.resolve("images-" + program)));
  }

  /** What this host makes snapshots by, if it can. */
  static Optional<Criu> criu(TestHost host) {
    Optional<Path> cache = Optional.ofNullable(System.getProperty("lambic.cache")).map(Path::of);
    return Criu.find(cache).map(found -> Criu.prepare(found, host.config.workDirectory()));
  }

  /** A sandbox for what is written down or restored. */
  static Sandbox create(TestHost host) {
    SandboxSpec plain = host.spec();
    return host.sandboxes.create(
        new SandboxSpec(
            plain.name(),
            plain.limits(),
            plain.tmpBytes(),
            plain.hostname(),
            Optional.empty(),
            true));
  }

  Sandbox create() {
    return create(host);
  }

  private Taken take(Criu with, Path images) {
    try {
      Files.createDirectory(images);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Sandbox sandbox = create();
    sandbox.attach(List.of(programs.mount()));
    start(sandbox);
    Checkpoint checkpoint = sandbox.checkpoint(with, images, TestHost.LIMITS.memoryBytes());
    TestHost.kill(sandbox);
    return new Taken(images, checkpoint);
  }

  private Waiting start(Sandbox sandbox) {
    TestHost.Output output = new TestHost.Output();
    SandboxProcess process = sandbox.start(Programs.command(program, "wait"), output);
    TestHost.await("a program that waits", () -> output.text().equals("waiting\n"));
    return new Waiting(process, output);
  }

  private Waiting restore(Sandbox sandbox, Taken from) {
    TestHost.Output output = new TestHost.Output();
    return new Waiting(
        sandbox.restore(criu.orElseThrow(), from.images, from.checkpoint, output), output);
  }

  /** Has the program that was restored in the sandbox do in a child what the command would do. */
  TestHost.Result run(Sandbox sandbox, Command command) {
    Waiting of =
        waiting.computeIfAbsent(
            sandbox, one -> taken.map(from -> restore(one, from)).orElseGet(() -> start(one)));
    int before = of.output.size();
    String said = ask(sandbox, String.join("\u001f", command.argv()));
    // It may have ended the program too, and itself before it could tell.
    ProcessExit exit = said.isEmpty() ? TestHost.get(of.process.exit()) : exit(said);
    of.process.drain();
    return new TestHost.Result(exit, of.output.textFrom(before));
  }

  private static ProcessExit exit(String said) {
    String[] words = said.strip().split(" ", -1);
    return new ProcessExit(Integer.parseInt(words[0]), Integer.parseInt(words[1]));
  }

  private static String ask(Sandbox sandbox, String argument) {
    try (SocketChannel channel = sandbox.connect(PORT, LIMIT)) {
      ByteBuffer bytes = ByteBuffer.wrap(argument.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.shutdownOutput();
      channel.socket().setSoTimeout((int) LIMIT.toMillis());
      return new String(
          channel.socket().getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      return "";
    }
  }
}
