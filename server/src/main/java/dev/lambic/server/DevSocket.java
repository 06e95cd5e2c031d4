package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.kernel.FaultHandler;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where {@code ./lambic dev} asks for functions whose code is a directory of this machine.
 *
 * <p>A Unix socket in the data directory: only its owner can open it, which is who could read all
 * that the server can read; nothing on the network, in a browser or in an environment can.
 */
final class DevSocket implements AutoCloseable {
  private static final int MAX_SESSIONS = 16;
  private static final int MAX_ADDRESS = 100;
  private static final Duration CLOSE = Duration.ofSeconds(10);

  private final Path path;
  private final ServerSocketChannel server;
  private final DevFunctions functions;
  private final Path data;
  private final Path home;
  private final FaultHandler faults;
  private final Map<DevSession, Thread> sessions = new ConcurrentHashMap<>();

  private DevSocket(
      Path path,
      ServerSocketChannel server,
      DevFunctions functions,
      Path data,
      Path home,
      FaultHandler faults) {
    this.path = path;
    this.server = server;
    this.functions = functions;
    this.data = data;
    this.home = home;
    this.faults = faults;
  }

  /**
   * Listens.
   *
   * @param path in the data directory, which this process has locked
   * @param home of the user of this server
   */
  static DevSocket open(
      Path path, DevFunctions functions, Path data, Path home, FaultHandler faults)
      throws IOException {
    Files.deleteIfExists(path);
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      bind(server, path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      server.close();
      throw new IOException("cannot listen on " + path + " (" + e.getMessage() + ")", e);
    }
    DevSocket socket = new DevSocket(path, server, functions, data, home, faults);
    Thread.ofPlatform().daemon().name("dev socket").start(socket::accept);
    return socket;
  }

  /**
   * Through a short name of the directory where its own is too long for the address of a socket.
   */
  private static void bind(ServerSocketChannel server, Path path) throws IOException {
    if (path.toString().getBytes(UTF_8).length <= MAX_ADDRESS) {
      server.bind(UnixDomainSocketAddress.of(path));
      return;
    }
    Path here = Files.createTempDirectory("lambic");
    Path link = here.resolve("data");
    try {
      Files.createSymbolicLink(link, path.toAbsolutePath().getParent());
      server.bind(UnixDomainSocketAddress.of(link.resolve(path.getFileName())));
    } finally {
      Files.deleteIfExists(link);
      Files.delete(here);
    }
  }

  private void accept() {
    while (true) {
      try {
        SocketChannel client = server.accept();
        if (sessions.size() >= MAX_SESSIONS) {
          client.close();
          continue;
        }
        DevSession session = new DevSession(client, functions, data, home, faults);
        Thread thread = Thread.ofVirtual().name("dev session").unstarted(() -> run(session));
        sessions.put(session, thread);
        thread.start();
      } catch (ClosedChannelException closed) {
        return;
      } catch (IOException e) {
        faults.fault("dev socket", e);
        return;
      }
    }
  }

  private void run(DevSession session) {
    try {
      session.run();
    } finally {
      sessions.remove(session);
    }
  }

  /** Ends all sessions with their functions. */
  @Override
  public void close() throws IOException {
    server.close();
    Files.deleteIfExists(path);
    sessions.keySet().forEach(session -> session.end("the server ends"));
    for (Map.Entry<DevSession, Thread> session : sessions.entrySet()) {
      try {
        session.getValue().join(CLOSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      session.getKey().close();
    }
  }
}
