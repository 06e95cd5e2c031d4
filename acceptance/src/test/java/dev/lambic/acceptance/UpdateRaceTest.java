package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/**
 * Once an update has been applied, no call ever sees the old code or the old settings again; not
 * even where environments fail all the time and are started anew.
 */
class UpdateRaceTest {
  private static final int UPDATES = 24;
  private static final int CALLERS = 4;

  /** One of so many calls of a caller ends the runtime. */
  private static final int EXITS = 7;

  private static final int MEMORY = 128;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private final AtomicInteger code = new AtomicInteger();
  private final AtomicInteger layer = new AtomicInteger();
  private final AtomicInteger step = new AtomicInteger();
  private final AtomicInteger memory = new AtomicInteger(MEMORY);
  private final AtomicInteger calls = new AtomicInteger();
  private final List<Future<?>> running = new ArrayList<>();
  private final AtomicBoolean over = new AtomicBoolean();

  static byte[] zip(int code) {
    return Zip.empty()
        .file("which.py", Zip.read(Places.function("which.py")))
        .file("code.txt", String.valueOf(code))
        .bytes();
  }

  @Test
  void whatIsReplacedNeverRunsAgain() throws Exception {
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "raced",
            TestFunction.PYTHON,
            "which.handler",
            zip(0),
            settings ->
                settings.layers(layer(0)).environment(own -> own.variables(Map.of("STEP", "0"))));
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < CALLERS; i++) {
        running.add(callers.submit(() -> callUntilOver(function)));
      }
      try {
        for (int update = 1; update <= UPDATES; update++) {
          update(function, update);
          int enough = calls.get() + 2 * CALLERS;
          Await.until(
              Duration.ofSeconds(30), "calls go on", () -> failed() || calls.get() > enough);
        }
      } finally {
        over.set(true);
      }
      for (Future<?> caller : running) {
        caller.get(60, TimeUnit.SECONDS);
      }
    }
    Await.until(
        Duration.ofSeconds(20),
        () -> "environments of old states are gone: " + Residue.of(LAMBIC.server()).counts(),
        () -> Residue.of(LAMBIC.server()).environments() <= CALLERS);
  }

  private void update(TestFunction function, int number) {
    switch (number % 4) {
      case 0 -> {
        LAMBIC
            .lambda()
            .updateFunctionCode(request ->
                request.functionName(function.name()).zipFile(SdkBytes.fromByteArray(zip(number))));
        function.awaitReady();
        code.set(number);
      }
      case 1 -> {
        configure(
            function,
            request ->
                request.environment(own -> own.variables(Map.of("STEP", String.valueOf(number)))));
        step.set(number);
      }
      case 2 -> {
        configure(function, request -> request.layers(layer(number)));
        layer.set(number);
      }
      default -> {
        configure(function, request -> request.memorySize(MEMORY + number));
        memory.set(MEMORY + number);
      }
    }
  }

  /** The ARN of a new layer version. */
  private static String layer(int number) {
    byte[] zip = Zip.of("layer.txt", String.valueOf(number));
    return LAMBIC
        .lambda()
        .publishLayerVersion(request ->
            request
                .layerName("raced")
                .content(content -> content.zipFile(SdkBytes.fromByteArray(zip))))
        .layerVersionArn();
  }

  private static void configure(
      TestFunction function, Consumer<UpdateFunctionConfigurationRequest.Builder> settings) {
    LAMBIC
        .lambda()
        .updateFunctionConfiguration(
            request -> settings.accept(request.functionName(function.name())));
    function.awaitReady();
  }

  /** Whether a caller has ended before it was told to. */
  private boolean failed() {
    return running.stream().anyMatch(Future::isDone);
  }

  private void callUntilOver(TestFunction function) {
    for (int call = 1; !over.get(); call++) {
      int applied = code.get();
      int layered = layer.get();
      int set = step.get();
      int sized = memory.get();
      boolean exit = call % EXITS == 0;
      Invoked answer = function.invoke("{\"exit\":" + exit + "}");
      if (exit) {
        assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
      } else {
        JsonNode told = answer.success();
        assertThat(told.path("code").asInt()).isGreaterThanOrEqualTo(applied);
        assertThat(told.path("layer").asInt()).isGreaterThanOrEqualTo(layered);
        assertThat(told.path("step").asInt()).isGreaterThanOrEqualTo(set);
        assertThat(told.path("memory").asInt()).isGreaterThanOrEqualTo(sized);
      }
      calls.incrementAndGet();
    }
  }
}
