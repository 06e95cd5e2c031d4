package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.RawConnection.Reply;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Talks to the Extensions API as extensions do, and as none should. */
final class ExtensionsTest {
  private static final HttpConfig LIMITS =
      new HttpConfig(1 << 20, 16 << 20, 64 << 10, 64, Duration.ZERO);
  private static final RuntimeTarget TARGET =
      new RuntimeTarget("provided.al2023", false, List.of(), List.of(), Map.of(), Optional.empty());

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final LinkedBlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private final ByteBudget budget = new ByteBudget(1 << 20);
  private final Telemetry telemetry =
      new Telemetry(
          VariablesTest.spec(TARGET, Map.of(), Path.of("/code")),
          false,
          (port, limit) -> java.nio.channels.SocketChannel.open(address(port)),
          Ticker.system(),
          budget,
          (where, fault) -> faults.add(fault));
  private final Extensions extensions =
      new Extensions(
          new Extensions.Function("shop", "$LATEST", "app.handler", "000000000000"),
          telemetry,
          Ids.seeded(7),
          new Extensions.Observer() {
            @Override
            public void registered() {
              heard.add("registered");
            }

            @Override
            public void perhapsReady() {
              heard.add("ready? " + ready());
            }

            @Override
            public void subscribed(PlatformEvent.Subscription subscription) {
              telemetry.publish(subscription);
            }
          });
  private HttpServer server;
  private HttpServer.Listener listener;

  private static InetSocketAddress address(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private boolean ready() {
    return extensions.areReady();
  }

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    listener = server.listen(address(0), LIMITS, extensions);
  }

  @AfterEach
  void stop() {
    telemetry.close();
    extensions.close();
    listener.close();
    server.close();
    assertThat(faults).isEmpty();
    assertThat(budget.left()).isEqualTo(1 << 20);
  }

  private String next() throws InterruptedException {
    String event = heard.poll(30, TimeUnit.SECONDS);
    assertThat(event).as("nothing was told").isNotNull();
    return event;
  }

  private RawConnection connect() throws IOException {
    return new RawConnection(listener.address());
  }

  private static String request(String method, String path, String body, String... headers) {
    StringBuilder text = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: x\r\n");
    for (String header : headers) {
      text.append(header).append("\r\n");
    }
    int length = body.getBytes(StandardCharsets.UTF_8).length;
    return text + "Content-Length: " + length + "\r\n\r\n" + body;
  }

  private static String registration(String name, String events) {
    return request(
        "POST",
        "/2020-01-01/extension/register",
        "{\"events\":[" + events + "]}",
        "Lambda-Extension-Name: " + name);
  }

  private static String nextEvent(String id) {
    return request(
        "GET", "/2020-01-01/extension/event/next", "", "Lambda-Extension-Identifier: " + id);
  }

  private Reply exchange(String text) throws IOException {
    try (RawConnection connection = connect()) {
      return connection.exchange(text);
    }
  }

  /** Registers; the identifier. */
  private String register(String name, String events) throws IOException {
    Reply reply = exchange(registration(name, events));
    assertThat(reply.status()).as(reply.body()).isEqualTo(200);
    return reply.header("lambda-extension-identifier");
  }

  private static Work work(String id) {
    return new Work(id, new byte[0], "arn:f", 99, "Root=1-2-3", null, false);
  }

  @Test
  void registersAnExternalExtension() throws Exception {
    extensions.expect(List.of("agent"));
    Reply reply =
        exchange(
            request(
                "POST",
                "/2020-01-01/extension/register",
                "{\"events\":[\"INVOKE\",\"SHUTDOWN\"]}",
                "Lambda-Extension-Name: agent",
                "Lambda-Extension-Accept-Feature: other, accountId"));
    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.header("lambda-extension-identifier")).hasSize(36);
    assertThat(reply.header("content-type")).isEqualTo("application/json");
    assertThat(reply.body())
        .isEqualTo(
            "{\"functionName\":\"shop\",\"functionVersion\":\"$LATEST\",\"handler\":\"app.handler\","
                + "\"accountId\":\"000000000000\"}");
    assertThat(next()).isEqualTo("registered");
    assertThat(extensions.describe())
        .containsExactly(
            new PlatformEvent.Extension(
                "agent", "Registered", List.of("INVOKE", "SHUTDOWN"), null));
    assertThat(extensions.hasExternal()).isTrue();
    assertThat(extensions.awaitedAtShutdown()).containsExactly("agent");
  }

  @Test
  void tellsThatAllAreRegisteredOnce() throws Exception {
    extensions.expect(List.of("one", "two"));
    String one = register("one", "\"INVOKE\"");
    assertThat(heard).isEmpty();
    register("two", "");
    assertThat(next()).isEqualTo("registered");
    register("internal", "\"INVOKE\"");
    try (RawConnection connection = connect()) {
      connection.send(nextEvent(one));
      assertThat(next()).isEqualTo("ready? false");
    }
  }

  @Test
  void leavesOutTheAccountThatNobodyAskedFor() throws IOException {
    assertThat(exchange(registration("in", "")).body()).doesNotContain("accountId");
  }

  @Test
  void givesInvocationsToThoseThatWantThem() throws Exception {
    String wants = register("wants", "\"INVOKE\"");
    String other = register("other", "");
    try (RawConnection first = connect();
        RawConnection second = connect()) {
      first.send(nextEvent(wants));
      assertThat(next()).isEqualTo("ready? false");
      second.send(nextEvent(other));
      assertThat(next()).isEqualTo("ready? true");
      extensions.invoke(work("id-1"));
      assertThat(extensions.areReady()).isFalse();
      Reply reply = first.receive();
      assertThat(reply.body())
          .isEqualTo(
              "{\"eventType\":\"INVOKE\",\"deadlineMs\":99,\"requestId\":\"id-1\","
                  + "\"invokedFunctionArn\":\"arn:f\","
                  + "\"tracing\":{\"type\":\"X-Amzn-Trace-Id\",\"value\":\"Root=1-2-3\"}}");
      assertThat(reply.header("lambda-extension-event-identifier")).hasSize(36);
      assertThat(second.hasReply()).isFalse();
      first.send(nextEvent(wants));
      assertThat(next()).isEqualTo("ready? true");
    }
  }

  @Test
  void keepsAnEventForOneThatLostItsConnection() throws Exception {
    String id = register("in", "\"INVOKE\"");
    RawConnection lost = connect();
    lost.send(nextEvent(id));
    next();
    lost.close();
    try (RawConnection again = connect()) {
      // The server may not know yet that the first is gone; then it says so.
      Reply reply = null;
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (reply == null && System.nanoTime() < deadline) {
        again.send(nextEvent(id));
        while (heard.isEmpty() && !again.hasReply() && System.nanoTime() < deadline) {
          Thread.onSpinWait();
        }
        if (again.hasReply()) {
          assertThat(again.receive().status()).isEqualTo(403);
        } else {
          extensions.invoke(work("id-1"));
          reply = again.receive();
        }
      }
      assertThat(reply).isNotNull();
      assertThat(reply.body()).contains("id-1");
    }
  }

  @Test
  void tellsOfTheShutdownThoseThatWantItAtAnyTime() throws Exception {
    extensions.expect(List.of("early", "late", "deaf"));
    String early = register("early", "\"SHUTDOWN\"");
    String late = register("late", "\"INVOKE\",\"SHUTDOWN\"");
    String deaf = register("deaf", "\"INVOKE\"");
    next();
    try (RawConnection first = connect();
        RawConnection second = connect();
        RawConnection third = connect()) {
      first.send(nextEvent(early));
      next();
      third.send(nextEvent(deaf));
      next();
      extensions.shutdown(ShutdownReason.TIMEOUT, 2000);
      String event =
          "{\"eventType\":\"SHUTDOWN\",\"deadlineMs\":2000,\"shutdownReason\":\"timeout\"}";
      assertThat(first.receive().body()).isEqualTo(event);
      assertThat(second.exchange(nextEvent(late)).body()).isEqualTo(event);
      assertThat(third.hasReply()).isFalse();
    }
  }

  @Test
  void takesNoInternalExtensionAfterTheInitialisation() throws IOException {
    extensions.closeRegistration();
    assertRefused(
        exchange(registration("in", "")),
        "Extension.RegistrationClosed",
        "Extension registration closed already");
  }

  @Test
  void takesTenExtensionsAtMost() throws IOException {
    for (int i = 0; i < 10; i++) {
      register("in" + i, "");
    }
    assertRefused(
        exchange(registration("one-more", "")),
        "Extension.TooManyExtensions",
        "Extension limit (10) reached");
  }

  @Test
  void refusesARegistrationTwice() throws IOException {
    extensions.expect(List.of("out"));
    register("out", "");
    register("in", "");
    assertRefused(
        exchange(registration("in", "")),
        "Extension.InvalidExtensionState",
        "Extension with this name already registered");
    assertRefused(
        exchange(registration("out", "")),
        "Extension.InvalidExtensionState",
        "State transition from Registered to Registered failed for extension out."
            + " Error: State transition is not allowed");
  }

  @Test
  void refusesShutdownEventsForInternalExtensions() throws IOException {
    assertRefused(
        exchange(registration("in", "\"SHUTDOWN\"")),
        "Extension.InvalidEventType",
        "SHUTDOWN: ShutdownEventNotSupportedForInternalExtension");
    assertRefused(
        exchange(registration("in", "\"PARTY\"")),
        "Extension.InvalidEventType",
        "PARTY: ErrorInvalidEventType");
    assertThat(extensions.isEmpty()).isTrue();
  }

  @Test
  void refusesARegistrationWithoutAName() throws IOException {
    assertRefused(
        exchange(request("POST", "/2020-01-01/extension/register", "{}")),
        "Extension.InvalidExtensionName",
        "Empty extension name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{", "{\"events\":1}", "{\"configurationKeys\":[\"a\"]}", "{}x"})
  void refusesARegistrationThatIsNoJson(String body) throws IOException {
    Reply reply =
        exchange(
            request("POST", "/2020-01-01/extension/register", body, "Lambda-Extension-Name: in"));
    assertThat(reply.status()).isEqualTo(403);
    assertThat(reply.body()).contains("\"errorType\":\"InvalidRequestFormat\"");
  }

  @ParameterizedTest
  @CsvSource({
    "GET,/2020-01-01/extension/event/next",
    "POST,/2020-01-01/extension/init/error",
    "POST,/2020-01-01/extension/exit/error",
    "PUT,/2022-07-01/telemetry",
    "PUT,/2020-08-15/logs"
  })
  void wantsToKnowWhoAsks(String method, String path) throws IOException {
    extensions.expect(List.of("silent"));
    assertRefused(
        exchange(request(method, path, "")),
        "Extension.MissingExtensionIdentifier",
        "Missing Lambda-Extension-Identifier header");
    assertRefused(
        exchange(request(method, path, "", "Lambda-Extension-Identifier: me")),
        "Extension.InvalidExtensionIdentifier",
        "Invalid Lambda-Extension-Identifier");
    String id = "00000000-0000-0000-0000-000000000000";
    assertRefused(
        exchange(request(method, path, "", "Lambda-Extension-Identifier: " + id)),
        "Extension.UnknownExtensionIdentifier",
        "Unknown extension " + id);
  }

  @Test
  void readsNoLongRequests() throws IOException {
    Reply reply = exchange(registration("in", "\"" + "x".repeat(256 << 10) + "\""));
    assertThat(reply.status()).isEqualTo(413);
    assertThat(extensions.isEmpty()).isTrue();
  }

  @Test
  void doesNotKnowOtherPaths() throws IOException {
    assertThat(exchange(request("GET", "/2020-01-01/extension/register", "")).status())
        .isEqualTo(404);
    assertThat(exchange(request("POST", "/2022-07-01/telemetry", "")).status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource({"init,InitError,Extension.InitError", "exit,ExitError,Extension.ExitError"})
  void takesNoteOfErrors(String path, String state, String fatal) throws IOException {
    extensions.expect(List.of("out"));
    String id = register("out", "\"INVOKE\"");
    String uri = "/2020-01-01/extension/" + path + "/error";
    String sender = "Lambda-Extension-Identifier: " + id;
    assertRefused(
        exchange(request("POST", uri, "{}", sender)),
        "Extension.MissingHeader",
        "Lambda-Extension-Function-Error-Type not found");
    String type = "Lambda-Extension-Function-Error-Type: Extension.NoConfig";
    Reply reply = exchange(request("POST", uri, "{}", sender, type));
    assertThat(reply.status()).isEqualTo(202);
    assertThat(reply.body()).isEqualTo("{\"status\":\"OK\"}");
    assertThat(extensions.fatal()).isEqualTo(fatal);
    assertThat(exchange(nextEvent(id)).body()).contains("Extension.InvalidExtensionState");
    assertThat(extensions.describe())
        .containsExactly(
            new PlatformEvent.Extension("out", state, List.of("INVOKE"), "Extension.NoConfig"));
    assertThat(extensions.exited("out")).isEqualTo(fatal);
  }

  @Test
  void callsAnUnexpectedEndACrash() throws IOException {
    extensions.expect(List.of("out", "broken"));
    register("out", "");
    extensions.notLaunched("broken", "PermissionDenied");
    assertThat(extensions.exited("out")).isEqualTo("Extension.Crash");
    assertThat(extensions.describe())
        .containsExactly(
            new PlatformEvent.Extension("out", "Exited", List.of(), null),
            new PlatformEvent.Extension("broken", "LaunchError", List.of(), "PermissionDenied"));
  }

  @Test
  void subscribesToTelemetry() throws IOException {
    String id = register("in", "");
    try (Listener subscriber = new Listener()) {
      Reply reply =
          exchange(
              request(
                  "PUT",
                  "/2022-07-01/telemetry",
                  TelemetryTest.subscription("2022-07-01", subscriber.port()),
                  "Lambda-Extension-Identifier: " + id));
      assertThat(reply.status()).as(reply.body()).isEqualTo(200);
      assertThat(reply.body()).isEqualTo("OK");
      assertThat(reply.header("content-type")).startsWith("text/plain");
      assertThat(subscriber.event())
          .contains("\"type\":\"platform.telemetrySubscription\"")
          .contains("{\"name\":\"in\",\"state\":\"Subscribed\",\"types\":[\"platform\"");
    }
  }

  @Test
  void saysWhatIsWrongWithASubscription() throws IOException {
    String id = register("in", "");
    String body =
        "{\"schemaVersion\":\"2022-07-01\",\"types\":[],"
            + "\"destination\":{\"protocol\":\"HTTP\",\"URI\":\"http://sandbox.localdomain\"}}";
    Reply reply =
        exchange(
            request("PUT", "/2022-07-01/telemetry", body, "Lambda-Extension-Identifier: " + id));
    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body())
        .isEqualTo(
            "{\"errorMessage\":\"URI port is not provided; types should not be empty\","
                + "\"errorType\":\"ValidationError\"}");
  }

  private static void assertRefused(Reply reply, String type, String message) {
    assertThat(reply.status()).isEqualTo(403);
    assertThat(reply.body())
        .isEqualTo("{\"errorMessage\":\"" + message + "\",\"errorType\":\"" + type + "\"}");
  }
}
