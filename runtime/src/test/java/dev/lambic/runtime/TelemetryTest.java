package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.HttpRequest;
import dev.lambic.kernel.Ticker;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Delivers what happens to real listeners, and to some that do not listen. */
final class TelemetryTest {
  private static final long BUDGET = 8L << 20;
  private static final RuntimeTarget TARGET =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final ByteBudget budget = new ByteBudget(BUDGET);
  private final AtomicInteger dialled = new AtomicInteger();
  private final Telemetry telemetry = telemetry(false);

  private Telemetry telemetry(boolean json) {
    return new Telemetry(
        VariablesTest.spec(TARGET, Map.of(), Path.of("/code")),
        json,
        (port, limit) -> {
          dialled.incrementAndGet();
          return SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        },
        Ticker.system(),
        budget,
        (where, fault) -> faults.add(fault));
  }

  @AfterEach
  void close() {
    telemetry.close();
    assertThat(faults).isEmpty();
    // What was on its way is given back as soon as its sending has ended.
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (budget.left() != BUDGET && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(budget.left()).isEqualTo(BUDGET);
  }

  static String subscription(String schema, int port) {
    return subscription(
        schema,
        "{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain:" + port + "/t?x=1\"}",
        25);
  }

  private static String subscription(String schema, String destination, int timeoutMs) {
    return "{\"schemaVersion\":\""
        + schema
        + "\",\"types\":[\"platform\",\"function\",\"extension\"],\"buffering\":{\"timeoutMs\":"
        + timeoutMs
        + "},\"destination\":"
        + destination
        + "}";
  }

  private static SubscriptionRequest request(String json, boolean logsApi) throws Refusal {
    return SubscriptionRequest.parse(json.getBytes(StandardCharsets.UTF_8), logsApi);
  }

  /** Subscribes, and has it told as an environment does. */
  private void subscribe(String extension, SubscriptionRequest request) throws Refusal {
    telemetry.publish(telemetry.subscribe(extension, request));
  }

  private static PlatformEvent.Report report(String id) {
    return new PlatformEvent.Report(
        id,
        PlatformEvent.Status.SUCCESS,
        null,
        101.514,
        102,
        512,
        33,
        116.67,
        null,
        List.of(),
        "Root=1-2-3;Sampled=1",
        null);
  }

  /** An event without its time. */
  private static String timeless(String event) {
    assertThat(event)
        .matches("(?s)\\{\"time\":\"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\",.*");
    return "{" + event.substring(event.indexOf(',') + 1);
  }

  @Test
  void deliversWhatHappenedBeforeTheSubscriptionToo() throws Exception {
    telemetry.publish(new PlatformEvent.InitStart(PlatformEvent.Phase.INIT, null, null));
    telemetry.line("function", "starting");
    try (Listener listener = new Listener()) {
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      HttpRequest first = listener.request();
      assertThat(first.method()).isEqualTo("POST");
      assertThat(first.target()).isEqualTo("/t?x=1");
      assertThat(first.headers().get("Content-Type")).isEqualTo("application/json");
      assertThat(first.headers().get("Host")).isEqualTo("sandbox.localdomain:" + listener.port());
      List<String> events = Events.elements(new String(first.body(), StandardCharsets.UTF_8));
      assertThat(events.stream().map(TelemetryTest::timeless))
          .startsWith(
              "{\"type\":\"platform.initStart\",\"record\":{\"initializationType\":\"on-demand\","
                  + "\"phase\":\"init\",\"functionName\":\"shop\",\"functionVersion\":\"$LATEST\","
                  + "\"instanceId\":\"2026/01/01/[$LATEST]0123\","
                  + "\"instanceMaxMemory\":1073741824}}",
              "{\"type\":\"function\",\"record\":\"starting\"}");
    }
  }

  @Test
  void tellsOfAnInvocationInTheWordsOfTheSchema() throws Exception {
    try (Listener listener = new Listener()) {
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      telemetry.publish(
          new PlatformEvent.InitRuntimeDone(
              PlatformEvent.Phase.INIT, PlatformEvent.Status.SUCCESS, null));
      telemetry.publish(
          new PlatformEvent.InitReport(
              PlatformEvent.Phase.INIT, PlatformEvent.Status.SUCCESS, null, 125.33));
      telemetry.publish(
          new PlatformEvent.Start("id-1", "arn:f", "$LATEST", "Root=1-2-3;Sampled=1", null));
      telemetry.publish(
          new PlatformEvent.RuntimeDone(
              "id-1",
              PlatformEvent.Status.ERROR,
              "Runtime.ExitError",
              140,
              16,
              List.of(new PlatformEvent.Span("responseLatency", 0, 23.02)),
              "Root=1-2-3;Sampled=0"));
      telemetry.publish(report("id-1"));
      telemetry.publish(new PlatformEvent.Fault("left out"));
      telemetry.publish(new PlatformEvent.Extension("agent", "Ready", List.of("INVOKE"), null));
      assertThat(timeless(listener.event("initRuntimeDone")))
          .isEqualTo(
              "{\"type\":\"platform.initRuntimeDone\",\"record\":{"
                  + "\"initializationType\":\"on-demand\",\"phase\":\"init\","
                  + "\"status\":\"success\"}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.initReport\",\"record\":{"
                  + "\"initializationType\":\"on-demand\",\"phase\":\"init\","
                  + "\"status\":\"success\",\"metrics\":{\"durationMs\":125.330}}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"id-1\","
                  + "\"functionArn\":\"arn:f\",\"version\":\"$LATEST\",\"tracing\":{\"type\":\"X-Amzn-Trace-Id\","
                  + "\"value\":\"Root=1-2-3;Sampled=1\"}}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"id-1\","
                  + "\"status\":\"error\",\"errorType\":\"Runtime.ExitError\","
                  + "\"metrics\":{\"durationMs\":140.000,\"producedBytes\":16},"
                  + "\"spans\":[{\"name\":\"responseLatency\","
                  + "\"start\":\"1970-01-01T00:00:00.000Z\",\"durationMs\":23.020}]}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"id-1\","
                  + "\"status\":\"success\",\"metrics\":{\"durationMs\":101.514,"
                  + "\"billedDurationMs\":102,\"memorySizeMB\":512,\"maxMemoryUsedMB\":33,"
                  + "\"initDurationMs\":116.670},\"tracing\":{\"type\":\"X-Amzn-Trace-Id\","
                  + "\"value\":\"Root=1-2-3;Sampled=1\"}}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.extension\",\"record\":{\"name\":\"agent\","
                  + "\"state\":\"Ready\",\"events\":[\"INVOKE\"]}}");
    }
  }

  @Test
  void tellsOfAnInvocationInTheWordsOfTheLogsApi() throws Exception {
    try (Listener listener = new Listener()) {
      subscribe("agent", request(subscription("2021-03-18", listener.port()), true));
      telemetry.publish(new PlatformEvent.InitStart(PlatformEvent.Phase.INIT, null, null));
      telemetry.publish(
          new PlatformEvent.Start("id-1", "arn:f", "$LATEST", "Root=1-2-3;Sampled=1", null));
      telemetry.line("function", "{\"a\":1}");
      telemetry.publish(
          new PlatformEvent.RuntimeDone(
              "id-1", PlatformEvent.Status.ERROR, "X", 1, 1, List.of(), null));
      telemetry.publish(report("id-1"));
      telemetry.publish(new PlatformEvent.Fault("RequestId: id-1 broke"));
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.logsSubscription\",\"record\":{\"name\":\"agent\","
                  + "\"state\":\"Subscribed\","
                  + "\"types\":[\"platform\",\"function\",\"extension\"]}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.start\",\"record\":{\"requestId\":\"id-1\","
                  + "\"version\":\"$LATEST\"}}");
      assertThat(timeless(listener.event()))
          .isEqualTo("{\"type\":\"function\",\"record\":\"{\\\"a\\\":1}\\n\"}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.runtimeDone\",\"record\":{\"requestId\":\"id-1\","
                  + "\"status\":\"failure\"}}");
      assertThat(timeless(listener.event()))
          .isEqualTo("{\"type\":\"platform.end\",\"record\":{\"requestId\":\"id-1\"}}");
      assertThat(timeless(listener.event()))
          .isEqualTo(
              "{\"type\":\"platform.report\",\"record\":{\"requestId\":\"id-1\","
                  + "\"metrics\":{\"durationMs\":101.514,\"billedDurationMs\":102,"
                  + "\"memorySizeMB\":512,\"maxMemoryUsedMB\":33,\"initDurationMs\":116.670}}}");
      assertThat(timeless(listener.event()))
          .isEqualTo("{\"type\":\"platform.fault\",\"record\":\"RequestId: id-1 broke\"}");
    }
  }

  @Test
  void passesJsonOnAsJsonToThoseThatKnowOfIt() throws Exception {
    Telemetry json = telemetry(true);
    try (Listener old = new Listener();
        Listener young = new Listener()) {
      json.subscribe("old", request(subscription("2022-07-01", old.port()), false));
      json.subscribe("young", request(subscription("2025-01-29", young.port()), false));
      json.line("function", "{\"level\":\"INFO\"}");
      json.line("function", "{broken");
      assertThat(timeless(young.event("INFO")))
          .isEqualTo("{\"type\":\"function\",\"record\":{\"level\":\"INFO\"}}");
      assertThat(timeless(young.event()))
          .isEqualTo("{\"type\":\"function\",\"record\":\"{broken\"}");
      assertThat(timeless(old.event("INFO")))
          .isEqualTo("{\"type\":\"function\",\"record\":\"{\\\"level\\\":\\\"INFO\\\"}\"}");
    } finally {
      json.close();
    }
  }

  @Test
  void writesLinesToATcpListener() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String destination = "{\"protocol\":\"TCP\",\"port\":" + server.getLocalPort() + "}";
      subscribe("agent", request(subscription("2022-12-13", destination, 25), false));
      try (Socket connection = server.accept();
          BufferedReader in =
              new BufferedReader(
                  new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8))) {
        connection.setSoTimeout(30_000);
        assertThat(in.readLine()).contains("platform.telemetrySubscription");
        telemetry.line("extension", "two\nlines");
        telemetry.line("extension", "one more");
        assertThat(timeless(in.readLine()))
            .isEqualTo("{\"type\":\"extension\",\"record\":\"two\\nlines\"}");
        assertThat(timeless(in.readLine()))
            .isEqualTo("{\"type\":\"extension\",\"record\":\"one more\"}");
      }
    }
  }

  @Test
  void deliversOnlyWhatWasAskedFor() throws Exception {
    try (Listener listener = new Listener()) {
      String json =
          subscription("2022-07-01", listener.port()).replace("\"platform\",\"function\",", "");
      subscribe("agent", request(json, false));
      telemetry.publish(new PlatformEvent.Start("id-1", "arn:f", "1", null, null));
      telemetry.line("function", "not this");
      telemetry.line("extension", "this");
      assertThat(listener.event()).contains("\"this\"");
    }
  }

  @Test
  void triesAgainUntilSomebodyTakesIt() throws Exception {
    try (Listener listener = new Listener()) {
      listener.answer(500);
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      String first = new String(listener.request().body(), StandardCharsets.UTF_8);
      String second = new String(listener.request().body(), StandardCharsets.UTF_8);
      assertThat(second).isEqualTo(first);
      listener.answer(200);
      telemetry.line("function", "after");
      assertThat(listener.event("after")).isNotNull();
    }
  }

  @Test
  void countsWhatASlowListenerDoesNotGet() throws Exception {
    try (Listener listener = new Listener()) {
      listener.answer(500);
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      listener.request();
      String line = "x".repeat(100_000);
      for (int i = 0; i < 10; i++) {
        telemetry.line("function", line);
      }
      listener.answer(200);
      String dropped = listener.event("platform.logsDropped");
      assertThat(timeless(dropped))
          .startsWith(
              "{\"type\":\"platform.logsDropped\",\"record\":{\"reason\":\"Consumer seems to have"
                  + " fallen behind as it has not acknowledged receipt of logs.\","
                  + "\"droppedRecords\":5,\"droppedBytes\":500");
    }
  }

  @Test
  void keepsWithinTheMemoryThatAllShare() throws Exception {
    long most = budget.left();
    assertThat(budget.take(most)).isTrue();
    try (Listener listener = new Listener()) {
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      telemetry.line("function", "too much");
      budget.giveBack(most);
      telemetry.line("function", "enough");
      assertThat(listener.event()).contains("\"droppedRecords\":2,");
      assertThat(listener.event()).contains("enough");
    }
  }

  @Test
  void flushesWithoutWaitingForMore() throws Exception {
    try (Listener listener = new Listener()) {
      String destination =
          "{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain:" + listener.port() + "\"}";
      subscribe("agent", request(subscription("2022-07-01", destination, 30_000), false));
      telemetry.publish(report("id-1"));
      telemetry.flush().get(30, TimeUnit.SECONDS);
      assertThat(listener.event("platform.report")).isNotNull();
      telemetry.flush().get(30, TimeUnit.SECONDS);
    }
  }

  @Test
  void replacesASubscriptionOfTheSameExtension() throws Exception {
    try (Listener first = new Listener();
        Listener second = new Listener()) {
      subscribe("agent", request(subscription("2022-07-01", first.port()), false));
      first.request();
      subscribe("agent", request(subscription("2022-07-01", second.port()), false));
      assertThat(second.event()).contains("\"state\":\"Already subscribed\"");
      telemetry.line("function", "later");
      assertThat(second.event("later")).isNotNull();
      assertThat(first.poll()).isNull();
    }
  }

  @Test
  void letsAnExtensionSubscribeOnlySoOften() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      SubscriptionRequest request =
          request(subscription("2022-07-01", silent.getLocalPort()), false);
      for (int i = 0; i < 20; i++) {
        subscribe("agent", request);
      }
      assertThatThrownBy(() -> subscribe("agent", request))
          .isInstanceOfSatisfying(
              Refusal.class, refusal -> assertThat(refusal.status()).isEqualTo(400))
          .hasMessage("The extension subscribed more than 20 times");
      subscribe("another", request);
      telemetry.close();
    }
  }

  @Test
  void countsWhatIsOnItsWay() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      subscribe("agent", request(subscription("2022-07-01", silent.getLocalPort()), false));
      try (Socket _ = silent.accept()) {
        assertThat(budget.left()).isLessThan(BUDGET);
        telemetry.close();
      }
    }
  }

  @Test
  void letsAnExtensionUseOneOfTheApisOnly() throws Exception {
    try (Listener listener = new Listener()) {
      subscribe("agent", request(subscription("2022-07-01", listener.port()), false));
      assertThatThrownBy(
              () -> subscribe("agent", request(subscription("2021-03-18", listener.port()), true)))
          .isInstanceOfSatisfying(
              Refusal.class,
              refusal -> assertThat(refusal.type()).isEqualTo("Logs.ValidationError"))
          .hasMessage("The extension is already subscribed to the Telemetry API");
    }
  }

  @Test
  void takesNoSubscriptionAfterTheInitialisation() {
    assertThat(telemetry.isWanted()).isTrue();
    telemetry.closeSubscriptions();
    assertThat(telemetry.isWanted()).isFalse();
    assertThatThrownBy(() -> subscribe("agent", request(subscription("2022-07-01", 1), false)))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal -> {
              assertThat(refusal.status()).isEqualTo(403);
              assertThat(refusal.type()).isEqualTo("Telemetry.SubscriptionClosed");
            })
        .hasMessage("Telemetry API subscription is closed already");
  }

  @Test
  void endsWhileNobodyListens() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    subscribe("agent", request(subscription("2022-07-01", port), false));
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (dialled.get() < 2) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.onSpinWait();
    }
    var flushed = telemetry.flush();
    assertThat(flushed).isNotDone();
    telemetry.close();
    flushed.get(30, TimeUnit.SECONDS);
  }

  @Test
  void endsWhileTheListenerKeepsSilent() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      subscribe("agent", request(subscription("2022-07-01", server.getLocalPort()), false));
      try (Socket connection = server.accept()) {
        var flushed = telemetry.flush();
        assertThat(flushed).isNotDone();
        telemetry.close();
        flushed.get(30, TimeUnit.SECONDS);
        connection.setSoTimeout(30_000);
        connection.getInputStream().readAllBytes();
      } catch (IOException reset) {
        // The connection was ended, one way or the other.
      }
    }
  }
}
