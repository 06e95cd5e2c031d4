package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.LambicException;
import dev.lambic.wire.JsonCodec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/**
 * One {@code ./lambic dev} that works on one directory; its function lives as long as the
 * connection.
 *
 * <p>The client sends four lines: {@code lambic dev 1}, the directory, the region, and the function
 * in the form of AWS's CreateFunction request without code. It gets lines that begin with a word:
 * {@code error} and why nothing comes of it; {@code ready} and the function's ARN; then {@code
 * note} and what happens to the directory; at last {@code end} and why. It ends by closing its
 * side.
 */
final class DevSession implements Runnable {
  private static final String FORM = "lambic dev 1";
  private static final Pattern REGION = Pattern.compile("[a-z0-9-]{1,40}");
  private static final int MAX_LINE = 64 << 10;
  private static final int NOTES = 256;
  private static final long LOOK_SECONDS = 1;
  private static final long HEAD_SECONDS = 30;

  private final SocketChannel channel;
  private final DevFunctions functions;
  private final Path data;
  private final Path home;
  private final FaultHandler faults;
  private final BlockingQueue<String> notes = new ArrayBlockingQueue<>(NOTES);
  private final CompletableFuture<String> over = new CompletableFuture<>();

  DevSession(
      SocketChannel channel, DevFunctions functions, Path data, Path home, FaultHandler faults) {
    this.channel = channel;
    this.functions = functions;
    this.data = data;
    this.home = home;
    this.faults = faults;
  }

  /** Ends the session soon. */
  void end(String why) {
    over.complete(why);
  }

  @Override
  public void run() {
    try (channel) {
      BufferedReader lines = new BufferedReader(Channels.newReader(channel, UTF_8), MAX_LINE);
      DevFunction dev = start(lines);
      if (dev != null) {
        serve(dev, lines);
      }
    } catch (IOException e) {
      // The client is gone, which is its way to end.
      over.complete("the client left");
    } catch (RuntimeException e) {
      faults.fault("dev session", e);
    }
  }

  private @Nullable DevFunction start(BufferedReader lines) throws IOException {
    try {
      String form = head(lines);
      if (!form.equals(FORM)) {
        throw new Refused("this server speaks '" + FORM + "', not '" + form + "'");
      }
      Path directory = directory(head(lines));
      String region = head(lines);
      if (!REGION.matcher(region).matches()) {
        throw new Refused("this is no region: " + region);
      }
      CreateFunctionRequest wanted =
          JsonCodec.read(CreateFunctionRequest.builder(), head(lines).getBytes(UTF_8));
      if (wanted.functionName() == null) {
        throw new Refused("the function has no name");
      }
      return functions.start(directory, Keys.ACCOUNT, region, wanted, this::note);
    } catch (LambdaException e) {
      say("error", e.awsErrorDetails().errorMessage());
    } catch (LambicException | IllegalArgumentException | Refused e) {
      say("error", String.valueOf(e.getMessage()));
    }
    return null;
  }

  private Path directory(String named) throws Refused {
    try {
      return DevPaths.require(named, data, home);
    } catch (IOException e) {
      throw new Refused(String.valueOf(e.getMessage()));
    }
  }

  /** What the client must not do. */
  private static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  /** A line of the head, which must come soon. */
  private String head(BufferedReader lines) throws IOException {
    CompletableFuture<Void> come = new CompletableFuture<>();
    Thread.startVirtualThread(() -> closeUnless(come));
    try {
      String line = read(lines);
      if (line == null) {
        throw new IOException("the client left");
      }
      return line;
    } finally {
      come.complete(null);
    }
  }

  private void closeUnless(CompletableFuture<Void> come) {
    try {
      come.get(HEAD_SECONDS, TimeUnit.SECONDS);
    } catch (Exception late) {
      close();
    }
  }

  private static @Nullable String read(Reader in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        return null;
      }
      if (line.length() == MAX_LINE) {
        throw new Refused("a line is too long");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  private void serve(DevFunction dev, BufferedReader lines) throws IOException {
    try {
      var _ = dev.over().thenAccept(over::complete);
      Thread.startVirtualThread(() -> awaitEnd(lines));
      say("ready", functions.arn(dev));
      while (!over.isDone()) {
        String note = next();
        if (note != null) {
          say("note", note);
        } else {
          dev.look();
        }
      }
    } finally {
      functions.end(dev);
    }
    say("end", over.join());
  }

  private @Nullable String next() {
    try {
      String note = notes.poll();
      if (note == null) {
        over.get(LOOK_SECONDS, TimeUnit.SECONDS);
      }
      return note;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      over.complete("the server ends");
      return null;
    } catch (Exception notYet) {
      return notes.poll();
    }
  }

  /** Returns when the client has closed its side, whatever it says before that. */
  private void awaitEnd(BufferedReader lines) {
    try {
      int last = lines.read();
      while (last >= 0) {
        last = lines.read();
      }
    } catch (IOException gone) {
      over.complete("the client left");
    }
    over.complete("the client ended it");
  }

  /** Keeps a note for the client; the oldest goes if it does not read them. */
  private void note(String text) {
    while (!notes.offer(text)) {
      notes.poll();
    }
  }

  private void say(String word, String text) throws IOException {
    ByteBuffer line =
        ByteBuffer.wrap((word + " " + text.replace('\n', ' ') + "\n").getBytes(UTF_8));
    while (line.hasRemaining()) {
      channel.write(line);
    }
  }

  /** Breaks the connection off. */
  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      faults.fault("closing a dev session", e);
    }
  }
}
