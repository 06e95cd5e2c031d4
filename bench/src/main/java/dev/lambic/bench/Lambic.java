package dev.lambic.bench;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A Lambic server in a process of its own, on a free port, with a data directory of its own. It
 * accepts only requests that are signed with its key.
 */
final class Lambic implements AutoCloseable {
  private static final String READY = "Lambic is ready at ";
  private static final Duration BACKGROUND = Duration.ofMinutes(2);

  private final Child child;
  private final Scratch data;
  private final Closeable after;
  private final URI address;

  private Lambic(Child child, Scratch data, Closeable after, URI address) {
    this.child = child;
    this.data = data;
    this.after = after;
    this.address = address;
  }

  /**
   * Runs the command with the options of a server and waits until it answers.
   *
   * @throws IOException if it does not
   */
  static Lambic start(List<String> command) throws IOException, InterruptedException {
    return start(command, List.of());
  }

  /** The same with further options. */
  static Lambic start(List<String> command, List<String> options)
      throws IOException, InterruptedException {
    Scratch data = Scratch.create();
    try {
      return start(command, options, data, data);
    } catch (IOException | InterruptedException | RuntimeException e) {
      data.close();
      throw e;
    }
  }

  /** As the other, but on data that is there before and stays. */
  static Lambic start(List<String> command, Scratch data) throws IOException, InterruptedException {
    return start(command, List.of(), data, () -> {});
  }

  private static Lambic start(
      List<String> command, List<String> options, Scratch data, Closeable after)
      throws IOException, InterruptedException {
    List<String> whole = new ArrayList<>(command);
    whole.addAll(
        List.of("start", "--port", "0", "--data", data.path().toString(), "--auth", "enforce"));
    whole.addAll(options);
    Child child = null;
    try {
      child = Child.start(whole);
      URI address = URI.create(child.await(READY, Duration.ofSeconds(60)).trim());
      Lambic lambic = new Lambic(child, data, after, address);
      try (HttpClient client = lambic.connect()) {
        byte[] request =
            ("GET /_lambic/health HTTP/1.1\r\nHost: " + address.getAuthority() + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        HttpMessage health = client.exchange(request);
        if (health.status() != 200) {
          throw new IOException("the server is not healthy: " + health.text());
        }
      }
      return lambic;
    } catch (IOException | InterruptedException | RuntimeException e) {
      if (child != null) {
        child.close();
      }
      throw e;
    }
  }

  HttpClient connect() throws IOException {
    return HttpClient.connect(new InetSocketAddress(address.getHost(), address.getPort()));
  }

  /** Signs with the key that the server has made for its owner. */
  Signer signer() throws IOException {
    String id = "";
    String secret = "";
    for (String line : Files.readAllLines(data.path().resolve("credentials"))) {
      int equals = line.indexOf('=');
      switch (equals < 0 ? "" : line.substring(0, equals).trim()) {
        case "aws_access_key_id" -> id = line.substring(equals + 1).trim();
        case "aws_secret_access_key" -> secret = line.substring(equals + 1).trim();
        default -> {
          // Comments, sections, and what is not needed here.
        }
      }
    }
    return new Signer(address.getAuthority(), id, secret);
  }

  /**
   * Waits for a file that the server makes in the background somewhere below a directory of its
   * data.
   *
   * @throws IOException if it does not come
   */
  void awaitFile(String directory, String name) throws IOException, InterruptedException {
    if (!awaits(directory, 2, file -> file.endsWith(name))) {
      throw new IOException("the server has made no " + name);
    }
  }

  /**
   * Waits for anything in a directory of its data whose name contains a part.
   *
   * @throws IOException if it does not come
   */
  void awaitEntry(String directory, String part) throws IOException, InterruptedException {
    if (!awaits(directory, 1, file -> String.valueOf(file.getFileName()).contains(part))) {
      throw new IOException("the server has made no " + directory);
    }
  }

  private boolean awaits(String directory, int depth, Predicate<Path> wanted)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + BACKGROUND.toNanos();
    while (System.nanoTime() < deadline) {
      try (Stream<Path> files = Files.walk(data.path().resolve(directory), depth)) {
        if (files.anyMatch(wanted)) {
          return true;
        }
      } catch (UncheckedIOException | NoSuchFileException changing) {
        // Then there is more to see at the next look.
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return false;
  }

  Child process() {
    return child;
  }

  @Override
  public void close() throws IOException {
    child.close();
    after.close();
  }
}
