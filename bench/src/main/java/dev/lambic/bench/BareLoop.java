package dev.lambic.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The floor of a function: its handler in a plain process of the host, called over HTTP.
 *
 * <p>The process connects to us, so that nobody has to ask again and again whether it listens yet.
 */
final class BareLoop implements AutoCloseable {
  /** A call as the loop takes it. */
  static final byte[] CALL = call("/");

  /** A call whose answer comes in two pieces; Node.js only. */
  static final byte[] STREAM = call("/stream");

  private final Spawned process;
  private final HttpClient client;

  private BareLoop(Spawned process, HttpClient client) {
    this.process = process;
    this.client = client;
  }

  private static byte[] call(String path) {
    return HttpClient.post(path, "{\"name\":\"world\"}");
  }

  /** The code of one language's loop on disk, ready to be started any number of times. */
  static final class Code implements AutoCloseable {
    private final Scratch directory;
    private final ServerSocket listening;
    private final List<String> command = new ArrayList<>();

    Code(Language language, Path program) throws IOException {
      directory = Scratch.create();
      listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      listening.setSoTimeout((int) HttpClient.PATIENCE.toMillis());
      command.add(program.toString());
      command.addAll(language.options());
      command.addAll(language.layOutLoop(directory.path()));
      command.add(Integer.toString(listening.getLocalPort()));
    }

    /** Starts the loop; it can be called when this returns. */
    BareLoop start() throws IOException {
      Spawned process = Spawned.start(command);
      try {
        Socket socket = listening.accept();
        return new BareLoop(process, new HttpClient(socket));
      } catch (IOException e) {
        process.close();
        throw e;
      }
    }

    @Override
    public void close() throws IOException {
      listening.close();
      directory.close();
    }
  }

  HttpClient client() {
    return client;
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.close();
    client.close();
  }
}
