package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpHandler;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.HttpServer;
import dev.lambic.http.Responder;
import dev.lambic.sandbox.Command;
import dev.lambic.sandbox.Limits;
import dev.lambic.sandbox.OutputListener;
import dev.lambic.sandbox.ReadOnlyMount;
import dev.lambic.sandbox.Sandbox;
import dev.lambic.sandbox.SandboxProcess;
import dev.lambic.sandbox.SandboxSpec;
import dev.lambic.sandbox.Sandboxes;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;

/**
 * Makes class archives: the runtime interface client's classes and those of the JDK that it uses,
 * in the form that the virtual machine maps into memory instead of reading them from jars.
 *
 * <p>An archive holds for the paths that it was made with, so it is made in a sandbox that looks as
 * functions' environments do: the client runs there once, against a Runtime API that has one event
 * only, and the classes it loaded are dumped. Functions start without an archive until there is
 * one, and the virtual machine ignores one that does not fit. Safe for use by many threads.
 */
public final class ClassArchive {
  /** The first version that archives what is not its own. */
  private static final int FIRST_MAJOR = 11;

  private static final int PORT = 9001;
  private static final int SECONDS = 120;
  private static final long MIB = 1L << 20;

  private static final int MAX_PACKED_BYTES = 64 << 20;
  private static final byte[] EVENT =
      "{\"text\":\"a\",\"list\":[1,true,null,{\"number\":1.5}]}".getBytes(StandardCharsets.UTF_8);

  /** Any handler will do: the one that gives back what JSON became of an event. */
  private static final String HANDLER = "java.util.Map::copyOf";

  /** Prints the names of the classes, as programs name them. */
  private static final Command LIST_CLASSES =
      new Command(
          List.of(
              "/bin/sh", "-c", "sed -n 's/ .*//; /^[a-z]/p' /tmp/classes | tr / . | gzip -1 -c"),
          List.of("PATH=/usr/bin:/bin"),
          "/");

  private static final HttpConfig API_LIMITS =
      new HttpConfig(1 << 20, 2 << 20, 64 << 10, 4, Duration.ofSeconds(SECONDS));

  private final Sandboxes sandboxes;
  private final HttpServer server;
  private final ConcurrentHashMap<Path, Boolean> begun = new ConcurrentHashMap<>();

  /** A maker. */
  public ClassArchive(Sandboxes sandboxes, HttpServer server) {
    this.sandboxes = sandboxes;
    this.server = server;
  }

  /** Begins to make the archive that the arguments name, unless there is one; returns at once. */
  void make(Jdk jdk, List<ReadOnlyMount> mounts, JavaArguments arguments) {
    Path archive = arguments.archive();
    if (jdk.major() < FIRST_MAJOR
        || Files.exists(archive)
        || begun.putIfAbsent(archive, true) != null) {
      return;
    }
    Thread.ofVirtual()
        .name("class archive of Java " + jdk.version())
        .start(() -> tryToMake(jdk, mounts, arguments));
  }

  /** Whether it is the archive or comes with it, whole or not. */
  static boolean isPart(Path file) {
    return String.valueOf(file.getFileName()).matches("client\\.(jsa|classes)(\\.part)?");
  }

  /** Whether it came into being; functions are slower to start without it, and that is all. */
  private boolean tryToMake(Jdk jdk, List<ReadOnlyMount> mounts, JavaArguments arguments) {
    String name = "class-archive-" + jdk.major();
    Limits limits = new Limits(1024 * MIB, 0, 512);
    try (Sandbox sandbox =
        sandboxes.create(
            new SandboxSpec(
                name, limits, 256 * MIB, "169-254-100-1", jdk.root().map(RootTree::directory)))) {
      sandbox.attach(mounts);
      HttpServer.Listener api =
          server.listen(sandbox.listen(PORT), API_LIMITS, new SingleEventApi());
      try {
        return copy(sandbox, command(arguments), arguments.archive())
            && copy(sandbox, LIST_CLASSES, arguments.classes());
      } finally {
        api.close();
      }
    } catch (IOException | RuntimeException e) {
      // Whatever it is, such as a server that ends meanwhile: nobody waits for an archive.
      return false;
    }
  }

  private static Command command(JavaArguments arguments) {
    // What a function's virtual machine runs with must be what the archive was made with. The
    // client
    // ends with an error when there is no second event, as it should.
    String script =
        """
        list=/tmp/classes archive=/tmp/client.jsa
        "$@" -XX:DumpLoadedClassList=$list %s >/dev/null 2>&1
        "$@" -Xshare:dump -XX:SharedClassListFile=$list -XX:SharedArchiveFile=$archive %s \
          >/dev/null 2>&1 && exec gzip -1 -c $archive
        """
            .formatted(
                String.join(" ", arguments.program(HANDLER)), String.join(" ", arguments.common()));
    List<String> argv = new ArrayList<>(List.of("/bin/sh", "-c", script, "sh", Jdk.PROGRAM));
    argv.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:MaxHeapSize=512m"));
    return new Command(
        argv,
        List.of("AWS_LAMBDA_RUNTIME_API=127.0.0.1:" + PORT, "PATH=/usr/bin:/bin"),
        "/var/task");
  }

  private static boolean copy(Sandbox sandbox, Command command, Path archive) throws IOException {
    Collected packed = new Collected();
    try {
      SandboxProcess process = sandbox.start(command, packed);
      int code = process.exit().get(SECONDS, TimeUnit.SECONDS).code();
      process.drain();
      if (code != 0) {
        return false;
      }
    } catch (ExecutionException | TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
    // Cut short, by a kill or by the limit, it fails to unpack.
    Path part = archive.resolveSibling(archive.getFileName() + ".part");
    try (InputStream in = new GZIPInputStream(packed.bytes())) {
      Files.copy(in, part, StandardCopyOption.REPLACE_EXISTING);
    }
    Files.setPosixFilePermissions(part, PosixFilePermissions.fromString("rw-r--r--"));
    Files.move(part, archive, StandardCopyOption.ATOMIC_MOVE);
    return true;
  }

  /** What a process prints, in memory, for its listener must not wait for a disk. */
  private static final class Collected implements OutputListener {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public synchronized void output(byte[] more, int length) {
      if (bytes.size() + length <= MAX_PACKED_BYTES) {
        bytes.write(more, 0, length);
      }
    }

    synchronized InputStream bytes() {
      return new ByteArrayInputStream(bytes.toByteArray());
    }
  }

  /** A Runtime API with one event; who asks for another gets an error. */
  private static final class SingleEventApi implements HttpHandler {
    private final AtomicBoolean given = new AtomicBoolean();

    @Override
    public void handle(HttpRequest request, Responder responder) {
      if (request.method().equals("POST")) {
        responder.send(202, Headers.empty(), new byte[0]);
      } else if (given.compareAndSet(false, true)) {
        Headers headers =
            Headers.of(
                "Content-Type", "application/json",
                "Lambda-Runtime-Aws-Request-Id", "00000000-0000-0000-0000-000000000000",
                "Lambda-Runtime-Deadline-Ms", "0",
                "Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:0:function:none");
        responder.send(200, headers, EVENT);
      } else {
        responder.send(410, Headers.empty(), new byte[0]);
      }
    }
  }
}
