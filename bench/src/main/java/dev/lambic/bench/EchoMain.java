package dev.lambic.bench;

import java.io.IOException;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * One candidate in a process of its own: prints its port, listens once more for each byte that
 * comes, says so, and ends when its input does.
 */
final class EchoMain {
  private EchoMain() {}

  /** Runs the candidate that the only argument names. */
  public static void main(String[] args) throws IOException {
    Logger.getLogger("").setLevel(Level.WARNING);
    try (EchoServer server = Candidate.valueOf(args[0]).start()) {
      System.out.println("port " + server.port());
      for (int listeners = 1; System.in.read() >= 0; listeners++) {
        server.listenMore();
        System.out.println("listeners " + (listeners + 1));
      }
    }
    System.exit(0);
  }
}
