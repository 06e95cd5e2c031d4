package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.CountingResources;
import dev.lambic.invocation.testing.LivelyStarter;
import dev.lambic.invocation.testing.RecordingLogs;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.LogSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Many callers at once on real threads, timers and clocks, with environments that do as they like.
 */
final class ThreadsTest {
  private static final int CALLERS = 12;
  private static final int CALLS = 150;

  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private final LivelyStarter starter = new LivelyStarter(7);
  private final CountingResources resources = new CountingResources();
  private final RecordingLogs logs = new RecordingLogs();
  private final AtomicInteger ids = new AtomicInteger();
  private final Dispatcher dispatcher =
      new Dispatcher(
          new InvocationConfig(8, 8, 4, Duration.ofMillis(50), Duration.ofMillis(500)),
          starter,
          resources,
          logs,
          Ticker.system(),
          Ids.seeded(1),
          (where, fault) -> faults.add(fault));

  private FunctionImage image(String key) {
    return new FunctionImage(
        key,
        "arn",
        "f",
        "$LATEST",
        "us-east-1",
        "000000000000",
        "role",
        "python3.12",
        "arn:aws:lambda:us-east-1::runtime:1",
        "app.handler",
        128,
        1,
        512,
        Map.of(),
        "/aws/lambda/f",
        LogSettings.TEXT,
        resources,
        false,
        List.of());
  }

  private void call(SplittableRandom random) {
    for (int i = 0; i < CALLS; i++) {
      String id = "id-" + ids.incrementAndGet();
      byte[] payload = id.getBytes(StandardCharsets.UTF_8);
      RecordingAnswer answer = new RecordingAnswer();
      String key = "k" + random.nextInt(3);
      boolean wantLog = random.nextInt(4) == 0;
      boolean streamed = random.nextInt(4) == 0;
      dispatcher.invoke(
          new Invocation(id, image(key), "arn", payload, wantLog, null, null, streamed), answer);
      if (random.nextInt(50) == 0) {
        dispatcher.retire("k" + random.nextInt(3));
      }
      answer.await();
      answers.add(answer);
    }
  }

  private final ConcurrentLinkedQueue<RecordingAnswer> answers = new ConcurrentLinkedQueue<>();

  @Test
  void answersEveryCallOnceAndLeavesNothing() throws InterruptedException {
    List<Thread> callers = new ArrayList<>();
    SplittableRandom seeds = new SplittableRandom(3);
    for (int i = 0; i < CALLERS; i++) {
      SplittableRandom random = seeds.split();
      callers.add(Thread.ofPlatform().start(() -> call(random)));
    }
    for (Thread caller : callers) {
      assertThat(caller.join(Duration.ofSeconds(60))).isTrue();
    }
    dispatcher.drain(Duration.ofSeconds(10));
    long deadline = System.nanoTime() + 20_000_000_000L;
    while ((starter.alive() > 0 || !dispatcher.remembersNothing() || resources.held() > 0)
        && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(faults).isEmpty();
    assertThat(answers).hasSize(CALLERS * CALLS).allMatch(answer -> answer.times() == 1);
    assertThat(dispatcher.running()).isZero();
    assertThat(dispatcher.existing()).isZero();
    assertThat(dispatcher.remembersNothing()).isTrue();
    assertThat(starter.alive()).isZero();
    assertThat(resources.held()).isZero();
    assertThat(resources.givenBackTwice()).isZero();
  }
}
