package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.http.nio.netty.NettyNioAsyncHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaAsyncClient;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamResponse;
import software.amazon.awssdk.services.lambda.model.InvokeWithResponseStreamResponseHandler;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.ResponseStreamingInvocationType;

/**
 * Results that functions stream, from the handler's first write to the caller, and back pressure.
 */
class StreamedInvocationTest {
  private static final int MIB = 1 << 20;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static LambdaAsyncClient async;

  @BeforeAll
  static void deploy() {
    async =
        LambdaAsyncClient.builder()
            .endpointOverride(LAMBIC.server().address())
            .region(Region.of(Clients.REGION))
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .httpClientBuilder(NettyNioAsyncHttpClient.builder().readTimeout(LIMIT))
            .overrideConfiguration(
                settings -> settings.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .build();
    node("streams", 30);
    TestFunction.create(
        LAMBIC.lambda(),
        "custom",
        TestFunction.CUSTOM,
        "none",
        Zip.empty()
            .file("streams.py", Zip.read(Places.function("streams.py")))
            .program("bootstrap", script("/usr/bin/python3 /var/task/streams.py"))
            .bytes(),
        settings -> {});
    TestFunction.python(LAMBIC.lambda(), "probe", "probe.py");
  }

  @AfterAll
  static void close() {
    async.close();
  }

  private static byte[] script(String program) {
    return ("#!/bin/sh\nexec " + program + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static TestFunction node(String name, int timeout) {
    return TestFunction.node(
        LAMBIC.lambda(),
        name,
        "streams.mjs",
        settings -> settings.timeout(timeout).memorySize(1769));
  }

  private static String event(String what, String more) {
    return "{\"do\":\"" + what + "\"" + more + "}";
  }

  private static Streamed stream(String function, String what, String more) {
    return Streamed.start(async, function, event(what, more));
  }

  /** Lets a handler go on that waits for the tag. */
  private static void tag(String function, String tag) {
    LAMBIC
        .lambda()
        .tagResource(request -> request.resource(Clients.arn(function)).tags(Map.of(tag, "1")));
  }

  @Test
  void theFirstPieceArrivesWhileTheHandlerRuns() {
    Streamed streamed = stream("streams", "gated", ",\"tag\":\"first\"");
    assertThat(streamed.piece()).isEqualTo("first");
    assertThat(streamed.isComplete()).isFalse();
    InvokeWithResponseStreamResponse head = streamed.head();
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.executedVersion()).isEqualTo("$LATEST");
    assertThat(head.responseStreamContentType()).isEqualTo("application/vnd.amazon.eventstream");
    assertThat(head.responseMetadata().requestId()).matches("[-0-9a-f]{36}");
    tag("streams", "first");
    assertThat(streamed.text()).isEqualTo("second");
    assertThat(streamed.complete().errorCode()).isNull();
    assertThat(streamed.complete().errorDetails()).isNull();
    assertThat(streamed.complete().logResult()).isNull();
  }

  @Test
  void everyByteOfALongResultArrives() {
    int size = 30 * MIB + 7;
    byte[] body = stream("streams", "fill", ",\"size\":" + size).body();
    assertThat(body).hasSize(size);
    for (int i = 0; i < size; i++) {
      if (body[i] != (byte) (i * 31 + (i >> 8))) {
        assertThat(body[i]).as("byte %d", i).isEqualTo((byte) (i * 31 + (i >> 8)));
      }
    }
  }

  @Test
  void aResultEndsAtTwoHundredMebibytes() {
    Streamed streamed =
        Streamed.startCounting(
            async, node("endless", 120).name(), event("fill", ",\"size\":230000000"));
    assertThat(streamed.complete().errorCode()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(streamed.errorMessage()).contains("(209715200 bytes)");
    assertThat(streamed.length()).isEqualTo(200 * MIB);
  }

  @Test
  void errorsBeforeAndAmidTheResultAreToldAtItsEnd() {
    Streamed early = stream("streams", "early", "");
    assertThat(early.head().statusCode()).isEqualTo(200);
    assertThat(early.body()).isEmpty();
    assertThat(early.complete().errorCode()).isEqualTo("RangeError");
    assertThat(early.errorMessage()).isEqualTo("too early");
    Streamed late = stream("streams", "late", "");
    assertThat(late.text()).isEqualTo("half");
    assertThat(late.complete().errorCode()).isEqualTo("RangeError");
    assertThat(late.errorMessage()).isEqualTo("too late");
  }

  @Test
  void theLogComesWithTheEnd() {
    Streamed streamed = Streamed.startWithLog(async, "streams", event("log", ",\"text\":\"söme\""));
    assertThat(streamed.text()).isEqualTo("logged");
    assertThat(streamed.log())
        .contains("START RequestId: ", "a line of söme", "REPORT RequestId: ");
  }

  @Test
  void aHandlerThatRunsOutOfTimeIsToldAtTheEnd() {
    Streamed streamed = stream(node("sleeper", 5).name(), "sleep", "");
    assertThat(streamed.text()).isEqualTo("half");
    assertThat(streamed.complete().errorCode()).isEqualTo("Sandbox.Timedout");
    assertThat(streamed.errorMessage()).contains("Task timed out after 5.00 seconds");
  }

  @Test
  void aProcessThatEndsIsToldAtTheEnd() {
    Streamed streamed = stream("streams", "exit", ",\"tag\":\"exit\"");
    assertThat(streamed.piece()).isEqualTo("half");
    tag("streams", "exit");
    assertThat(streamed.complete().errorCode()).isEqualTo("Runtime.ExitError");
    assertThat(streamed.errorMessage()).contains("Runtime exited with error: exit status 3");
    assertThat(streamed.body()).isEmpty();
    assertThat(stream("streams", "calls", "").text()).isNotEmpty();
  }

  @Test
  void customRuntimesStreamToo() {
    assertThat(stream("custom", "all", "").text()).isEqualTo("onetwothree");
    Streamed late = stream("custom", "late", "");
    assertThat(late.text()).isEqualTo("onetwothree");
    assertThat(late.complete().errorCode()).isEqualTo("Custom.Late");
    assertThat(late.errorMessage()).isEqualTo("as told by trailers");
    Streamed cut = stream("custom", "cut", "");
    assertThat(cut.text()).isEqualTo("onetwothree");
    assertThat(cut.complete().errorCode()).isEqualTo("Runtime.TruncatedResponse");
    assertThat(stream("custom", "all", "").complete().errorCode()).isNull();
  }

  @Test
  void awsOwnRuntimeClientStreams() {
    TestFunction.create(
        LAMBIC.lambda(),
        "client",
        TestFunction.CUSTOM,
        "streams.handler",
        Zip.empty()
            .tree(Places.client("node"), "")
            .file("streams.mjs", Zip.read(Places.function("streams.mjs")))
            .program("bootstrap", script("node /var/task/aws-lambda-ric/index.mjs streams.handler"))
            .bytes(),
        settings -> {});
    Streamed gated = stream("client", "gated", ",\"tag\":\"client\"");
    assertThat(gated.piece()).isEqualTo("first");
    tag("client", "client");
    assertThat(gated.text()).isEqualTo("second");
    assertThat(stream("client", "fill", ",\"size\":" + 3 * MIB).body()).hasSize(3 * MIB);
    for (String when : new String[] {"early", "late"}) {
      Streamed failed = stream("client", when, "");
      assertThat(failed.complete().errorCode()).isEqualTo("RangeError");
      assertThat(failed.errorMessage()).isEqualTo("too " + when);
    }
    assertThat(stream("client", "calls", "").complete().errorCode()).isNull();
  }

  @Test
  void eachWayOfCallingTakesEachKindOfHandler() {
    Streamed whole = stream("probe", "echo", ",\"text\":\"" + "é".repeat(2 * MIB) + "\"");
    assertThat(Invoked.parse(whole.text()).path("text").asText()).hasSize(2 * MIB);
    Streamed failed = stream("probe", "raise", ",\"text\":\"as ever\"");
    assertThat(failed.body()).isEmpty();
    assertThat(failed.complete().errorCode()).isEqualTo("ValueError");
    assertThat(failed.errorMessage()).isEqualTo("as ever");
    InvokeResponse collected = buffered("fill", ",\"size\":" + 5 * MIB);
    assertThat(collected.functionError()).isNull();
    assertThat(collected.payload().asByteArray()).hasSize(5 * MIB);
    Invoked tooLarge = Invoked.of(buffered("fill", ",\"size\":" + 7 * MIB));
    assertThat(tooLarge.errorType()).isEqualTo("Function.ResponseSizeTooLarge");
    assertThat(tooLarge.errorMessage()).contains("(6291556 bytes)");
    assertThat(Invoked.of(buffered("late", "")).errorMessage()).isEqualTo("too late");
  }

  private static InvokeResponse buffered(String what, String more) {
    return LAMBIC
        .lambda()
        .invoke(request ->
            request.functionName("streams").payload(SdkBytes.fromUtf8String(event(what, more))));
  }

  @Test
  void whatIsNotInvokedIsAPlainError() {
    assertThatThrownBy(() ->
            async
                .invokeWithResponseStream(request -> request.functionName("nobody"), ignore())
                .join())
        .isInstanceOf(CompletionException.class)
        .cause()
        .isInstanceOf(ResourceNotFoundException.class)
        .hasMessageContaining("Function not found: " + Clients.arn("nobody"));
    async
        .invokeWithResponseStream(
            request ->
                request
                    .functionName("streams")
                    .invocationType(ResponseStreamingInvocationType.DRY_RUN),
            ignore())
        .join();
  }

  private static InvokeWithResponseStreamResponseHandler ignore() {
    return InvokeWithResponseStreamResponseHandler.builder().subscriber(event -> {}).build();
  }

  @Test
  void boto3TakesStreams(@TempDir Path directory) {
    Script.Ended ended =
        Script.python(
                LAMBIC.server().address(), Places.script("stream_boto3.py"), "streams", "probe")
            .run(directory);
    assertThat(ended.output()).endsWith("all went well\n");
    assertThat(ended.code()).isZero();
  }

  @Test
  void aSlowCallerMakesTheHandlerWait() {
    String name = node("patient", 120).name();
    int size = 150 * MIB;
    Streamed slow = Streamed.startSlowly(async, name, event("fill", ",\"size\":" + size));
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), name)) {
      String waiting = log.await(line -> line.contains("waiting after"));
      int written =
          Integer.parseInt(waiting.replaceAll("(?s).*waiting after (\\d+) bytes.*", "$1"));
      // What lies in the buffers of four sockets and of two processes.
      assertThat(written).isBetween(1, 40 * MIB);
      assertThat(log.texts()).noneMatch(line -> line.contains("filled"));
    }
    assertThat(slow.isComplete()).isFalse();
    assertThat(slow.takeAll().length()).isEqualTo(size);
    assertThat(slow.complete().errorCode()).isNull();
  }

  @Test
  void aCallerThatLeavesDoesNotDisturbTheFunction() throws IOException {
    String name = node("outlives", 60).name();
    String body = event("outlive", ",\"tag\":\"gone\"");
    try (RawHttp caller = RawHttp.connect(LAMBIC.server().address())) {
      caller.say(
          "POST /2021-11-15/functions/"
              + name
              + "/response-streaming-invocations HTTP/1.1\r\n"
              + "Host: x\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      caller.awaitText("first");
    }
    tag(name, "gone");
    try (FunctionLog log = FunctionLog.of(LAMBIC.server().address(), name)) {
      log.await(line -> line.contains("written to the end"));
      log.await(line -> line.startsWith("REPORT"));
    }
    assertThat(stream(name, "calls", "").text()).as("calls of the environment").isEqualTo("2");
  }
}
