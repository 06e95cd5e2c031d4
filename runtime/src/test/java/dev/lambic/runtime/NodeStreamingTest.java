package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.runtime.RecordingListener.Event;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs handlers that stream their results in every Node.js of this machine. */
@ParameterizedClass
@MethodSource("dev.lambic.runtime.HostInterpreters#nodes")
final class NodeStreamingTest {
  private static final String OCTETS = "application/octet-stream";

  private final Interpreter node;
  private final Path root;
  private final Path bootstraps;

  NodeStreamingTest(Interpreter node, @TempDir Path root, @TempDir Path bootstraps) {
    this.node = node;
    this.root = root;
    this.bootstraps = bootstraps;
  }

  private BootstrapProcess module(String file, String text) {
    BootstrapProcess.write(root, file, text);
    String runtime = "nodejs" + node.major() + ".x";
    List<String> command = HostInterpreters.command(runtime, node, bootstraps);
    return BootstrapProcess.start(command, root, "index.handler", Map.of()).ready();
  }

  /** A function whose streaming handler has the given body. */
  private BootstrapProcess handler(String body) {
    return module(
        "index.js",
        "const fs = require('fs'); const stream = require('stream');\n"
            + "const sleep = (ms) => new Promise((done) => setTimeout(done, ms));\n"
            + "exports.handler = awslambda.streamifyResponse(async (event, out, context) => {\n"
            + body
            + "\n});\n");
  }

  private static Event begun(String type) {
    return new Event("streaming", "id-1", type, "");
  }

  private static Event pieces(String text) {
    return new Event("streamed", "id-1", "", text);
  }

  private static final Event ENDED = new Event("streamEnded", "id-1", "", "");

  @Test
  void aPieceIsThereWhileTheHandlerStillRuns() {
    String file = root.resolve("go").toString();
    String body =
        "out.write('first');\n"
            + "while (!fs.existsSync('"
            + file
            + "')) await sleep(5);\n"
            + "out.write('second'); out.end('third');";
    try (BootstrapProcess process = handler(body)) {
      process.stream("{}");
      assertThat(process.next("streaming")).isEqualTo(begun(OCTETS));
      assertThat(process.next("streamed")).isEqualTo(pieces("first"));
      BootstrapProcess.write(root, "go", "");
      assertThat(process.rest()).containsExactly(pieces("secondthird"), ENDED);
      process.next("ready");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "index.js|exports.handler = awslambda.streamifyResponse(async (e, out) => out.end('x'));"
            + "void 0",
        "index.mjs|export const handler = awslambda.streamifyResponse(async (e, out) => {"
            + "out.end('x'); });",
        "index.js|const wrapped = async (e, out) => { out.end('x'); };"
            + "wrapped[Symbol.for('aws.lambda.runtime.handler.streaming')] = 'response';"
            + "exports.handler = wrapped",
      })
  void knowsAStreamingHandlerByItsMark(String file, String text) {
    try (BootstrapProcess process = module(file, text)) {
      assertThat(process.streamed("{}")).containsExactly(begun(OCTETS), pieces("x"), ENDED);
    }
  }

  @Test
  void putsMetadataInFrontOfTheResult() {
    String body =
        "out = awslambda.HttpResponseStream.from(out, {statusCode: 201, headers: {a: 'b'}});\n"
            + "out.write('body'); out.end();";
    try (BootstrapProcess process = handler(body)) {
      assertThat(process.streamed("{}"))
          .containsExactly(
              begun("application/vnd.awslambda.http-integration-response"),
              pieces("{\"statusCode\":201,\"headers\":{\"a\":\"b\"}}" + "\0".repeat(8) + "body"),
              ENDED);
    }
  }

  @Test
  void takesWhateverAStreamTakes() {
    String body =
        "out.setContentType('text/html');\n"
            + "out.write({an: 'object'});\n"
            + "out.write(Buffer.from('ü'));\n"
            + "await stream.promises.pipeline(stream.Readable.from(['a', 'b', 'c']), out);";
    try (BootstrapProcess process = handler(body)) {
      assertThat(process.streamed("{}"))
          .containsExactly(begun("text/html"), pieces("{\"an\":\"object\"}üabc"), ENDED);
    }
  }

  @Test
  void givesTheContextWithoutTheWaysOfBufferedHandlers() {
    String body =
        "out.end(JSON.stringify([context.awsRequestId, typeof context.succeed, event,"
            + " context.getRemainingTimeInMillis() > 0]));";
    try (BootstrapProcess process = handler(body)) {
      assertThat(process.streamed("{\"a\":1}"))
          .contains(pieces("[\"id-1\",\"undefined\",{\"a\":1},true]"));
    }
  }

  @Test
  void givesAnEmptyResult() {
    try (BootstrapProcess process = handler("out.end();")) {
      assertThat(process.streamed("{}")).containsExactly(begun(OCTETS), pieces(""), ENDED);
    }
  }

  @Test
  void anErrorBeforeTheFirstPieceAndOneAmidThemAreTold() {
    String body =
        "if (event.early) throw new RangeError('early');\n"
            + "out.write('half'); await sleep(1); throw new TypeError('läte');";
    try (BootstrapProcess process = handler(body)) {
      List<Event> early = process.streamed("{\"early\":true}");
      assertThat(early.subList(0, 2)).containsExactly(begun(OCTETS), pieces(""));
      assertThat(early.get(2).kind()).isEqualTo("failed");
      assertThat(early.get(2).type()).isEqualTo("RangeError");
      assertThat(early.get(2).body())
          .startsWith(
              "{\"errorType\":\"RangeError\",\"errorMessage\":\"early\",\"trace\":[\"Range");
      List<Event> late = process.streamed("{}");
      assertThat(late.get(1).body()).isEqualTo("half");
      assertThat(late.get(2).type()).isEqualTo("TypeError");
      assertThat(late.get(2).body()).contains("\"errorMessage\":\"läte\"");
      assertThat(process.outputWith("läte")).contains("Invoke Error");
    }
  }

  @Test
  void aLongErrorIsShortened() {
    try (BootstrapProcess process = handler("throw new Error('x'.repeat(100000));")) {
      Event failed = process.streamed("{}").get(2);
      assertThat(failed.body()).matches("\\{\"errorType\":\"Error\",\"errorMessage\":\"x{4096}\"}");
    }
  }

  @Test
  void whatStreamingForbidsIsAnError() {
    try (BootstrapProcess process =
        handler("out.write('a'); out.setContentType('text/html'); out.end();")) {
      assertThat(process.streamed("{}").get(2).type())
          .isEqualTo("Runtime.InvalidStreamingOperation");
    }
    try (BootstrapProcess process =
        module(
            "index.js",
            "exports.handler = awslambda.streamifyResponse((event, out) => { out.end('x'); });")) {
      process.streamed("{}");
      process.outputWith("Streaming does not support non-async handlers.");
    }
    try (BootstrapProcess process = handler("out.end('x'); return 1;")) {
      assertThat(process.streamed("{}")).contains(ENDED);
      process.outputWith("Streaming handlers ignore return values.");
    }
  }

  @Test
  void aResultThatIsBrokenOffIsTruncated() {
    try (BootstrapProcess process = handler("out.write('a'); await sleep(1); out.destroy();")) {
      List<Event> all = process.streamed("{}");
      assertThat(all.getLast().kind()).isEqualTo("failed");
      assertThat(all.getLast().type()).isEqualTo("Runtime.TruncatedResponse");
    }
  }

  @Test
  void anErrorThatNobodyCatchesEndsTheProcess() {
    String file = root.resolve("go").toString();
    String body =
        "out.write('a');\n"
            + "while (!fs.existsSync('"
            + file
            + "')) await sleep(5);\n"
            + "setTimeout(() => { throw new Error('lost'); }, 1); await sleep(60000);";
    try (BootstrapProcess process = handler(body)) {
      process.stream("{}");
      process.next("streaming");
      process.next("streamed");
      BootstrapProcess.write(root, "go", "");
      assertThat(process.exitCode()).isEqualTo(129);
    }
  }

  @Test
  void collectsAStreamForACallerWhoWantsItWhole() {
    String body =
        "out.write('a'); await sleep(1);\n" + "if (event) throw new Error('no'); out.end('b');";
    try (BootstrapProcess process = handler(body)) {
      assertThat(process.result("null")).isEqualTo("ab");
      assertThat(process.error("1").body()).contains("\"errorMessage\":\"no\"");
    }
  }

  @Test
  void aHandlerWithoutAStreamAnswersACallerWhoWantsOne() {
    try (BootstrapProcess process = module("index.js", "exports.handler = async () => 'whole';")) {
      process.stream("{}");
      assertThat(process.next("responded").body()).isEqualTo("\"whole\"");
    }
  }

  @Test
  void aHandlerIsToldToWaitForASlowCaller() {
    String body =
        "let n = 0; const piece = Buffer.alloc(1 << 16);\n"
            + "const push = async () => { n++; if (!out.write(piece)) {\n"
            + "  const t = setTimeout(() => console.log('waiting after', n), 500);\n"
            + "  await new Promise((go) => out.once('drain', go)); clearTimeout(t); } };\n"
            + "while (n < 800) await push();\n"
            + "out.end();";
    try (BootstrapProcess process = handler(body)) {
      process.heard().forgetPieces = true;
      process.heard().pauseStreams = true;
      process.stream("{}");
      process.next("streaming");
      process.outputWith("waiting after");
      assertThat(process.heard().streamedBytes.get()).isLessThan(1 << 20);
      process.heard().pauseStreams = false;
      long deadline = System.nanoTime() + 60_000_000_000L;
      while (process.heard().peek() == null) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        process.heard().flows.element().resume();
        Thread.onSpinWait();
      }
      process.next("streamEnded");
      assertThat(process.heard().streamedBytes).hasValue(800 << 16);
    }
  }
}
