package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Asks for a binding as bootstraps do, and as no function should. */
final class BindingTest {
  private static final HttpConfig LIMITS =
      new HttpConfig(1 << 20, 2 << 20, 64 << 10, 8, Duration.ZERO);
  private static final String ASK = "GET " + Binding.PATH + " HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final String OTHER = "GET /other HTTP/1.1\r\nHost: x\r\n\r\n";
  private static final List<String> VARIABLES = List.of("A=1", "B=x=ü\ny", "C=");
  private static final String BLOCK = "A=1\0B=x=ü\ny\0C=\0";

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final Binding binding = new Binding();
  private HttpServer server;
  private HttpServer.Listener listener;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    listener =
        server.listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), LIMITS, binding);
  }

  @AfterEach
  void stop() {
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
  }

  private RawConnection connect() throws IOException {
    return new RawConnection(listener.address());
  }

  private void serve() {
    binding.serve((request, responder) ->
        responder.send(
            request.rawPath().equals("/other") ? 200 : 404,
            Headers.empty(),
            "api".getBytes(StandardCharsets.UTF_8)));
  }

  private void awaitAsked() {
    assertThat(binding.asked().orTimeout(20, TimeUnit.SECONDS).join()).isNull();
  }

  @Test
  void answersWhoAskedBefore() throws IOException {
    try (RawConnection process = connect()) {
      process.send(ASK);
      awaitAsked();
      assertThat(binding.isAsked()).isTrue();
      assertThat(process.hasReply()).isFalse();
      serve();
      binding.bind(VARIABLES);
      RawConnection.Reply reply = process.receive();
      assertThat(reply.status()).isEqualTo(200);
      assertThat(reply.body()).isEqualTo(BLOCK);
      assertThat(process.exchange(OTHER).body()).as("on the same connection").isEqualTo("api");
    }
  }

  @Test
  void answersWhoAsksAfterwards() throws IOException {
    serve();
    binding.bind(VARIABLES);
    try (RawConnection process = connect()) {
      assertThat(process.exchange(ASK).body()).isEqualTo(BLOCK);
      assertThat(process.exchange(OTHER).body()).isEqualTo("api");
    }
  }

  @Test
  void answersOnce() throws IOException {
    serve();
    binding.bind(VARIABLES);
    try (RawConnection process = connect();
        RawConnection function = connect()) {
      assertThat(process.exchange(ASK).status()).isEqualTo(200);
      assertThat(process.exchange(ASK).status()).isEqualTo(404);
      assertThat(function.exchange(ASK).status()).isEqualTo(404);
    }
  }

  @Test
  void answersOneOnly() throws IOException {
    try (RawConnection process = connect();
        RawConnection other = connect()) {
      process.send(ASK);
      awaitAsked();
      assertThat(other.exchange(ASK).status()).isEqualTo(404);
      serve();
      binding.bind(VARIABLES);
      assertThat(process.receive().body()).isEqualTo(BLOCK);
      assertThat(other.exchange(ASK).status()).isEqualTo(404);
    }
  }

  @Test
  void whoHasGoneMayAskAgain() throws IOException {
    try (RawConnection process = connect()) {
      process.send(ASK);
      awaitAsked();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (binding.isAsked()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    serve();
    binding.bind(VARIABLES);
    try (RawConnection process = connect()) {
      assertThat(process.exchange(ASK).body()).isEqualTo(BLOCK);
    }
  }

  @Test
  void isUnknownWhereAProcessIsStartedForTheFunction() throws IOException {
    binding.none();
    serve();
    try (RawConnection function = connect()) {
      assertThat(function.exchange(ASK).status()).isEqualTo(404);
      assertThat(function.exchange(OTHER).body()).isEqualTo("api");
    }
  }

  @Test
  void servesNothingElseBeforeThereIsAFunction() throws IOException {
    try (RawConnection process = connect()) {
      assertThat(process.exchange(OTHER).status()).isEqualTo(404);
      assertThat(process.exchange(RawConnection.nextRequest()).status()).isEqualTo(404);
    }
  }

  @Test
  void keepsWhatIsWrittenEarly() {
    EarlyOutput early = new EarlyOutput();
    RecordingListener heard = new RecordingListener();
    early.output("one".getBytes(StandardCharsets.UTF_8), 3);
    early.output("two and more".getBytes(StandardCharsets.UTF_8), 3);
    early.to(heard::output);
    early.output("three".getBytes(StandardCharsets.UTF_8), 5);
    assertThat(heard.output()).isEqualTo("onetwothree");
  }
}
