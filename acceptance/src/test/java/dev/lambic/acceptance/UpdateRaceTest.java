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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;

/** Once an update has been applied, no call ever sees the old code or the old settings again. */
class UpdateRaceTest {
  private static final int UPDATES = 24;
  private static final int CALLERS = 4;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private final AtomicInteger code = new AtomicInteger();
  private final AtomicInteger step = new AtomicInteger();
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
            settings -> settings.environment(own -> own.variables(Map.of("STEP", "0"))));
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
        () -> Residue.of(LAMBIC.server()).networks().size() <= CALLERS);
  }

  private void update(TestFunction function, int number) {
    if (number % 2 == 0) {
      LAMBIC
          .lambda()
          .updateFunctionCode(request ->
              request.functionName(function.name()).zipFile(SdkBytes.fromByteArray(zip(number))));
      function.awaitReady();
      code.set(number);
    } else {
      LAMBIC
          .lambda()
          .updateFunctionConfiguration(request ->
              request
                  .functionName(function.name())
                  .environment(own -> own.variables(Map.of("STEP", String.valueOf(number)))));
      function.awaitReady();
      step.set(number);
    }
  }

  /** Whether a caller has ended before it was told to. */
  private boolean failed() {
    return running.stream().anyMatch(Future::isDone);
  }

  private void callUntilOver(TestFunction function) {
    while (!over.get()) {
      int applied = code.get();
      int set = step.get();
      JsonNode answer = function.invoke("{}").success();
      assertThat(answer.path("code").asInt()).isGreaterThanOrEqualTo(applied);
      assertThat(answer.path("step").asInt()).isGreaterThanOrEqualTo(set);
      calls.incrementAndGet();
    }
  }
}
