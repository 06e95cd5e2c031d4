package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.PreconditionFailedException;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/** Many callers at once: one wins, and no change is lost. */
class ConcurrencyTest {
  private static final int THREADS = 12;

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = World.onItsOwn(directory);
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void ofManyCreatesOfANameOneWins() throws Exception {
    for (int round = 0; round < 10; round++) {
      String name = "fn" + round;
      List<Boolean> outcomes =
          together(thread -> {
            try {
              world.call(l ->
                  l.createFunction(World.usual(name).andThen(r -> r.description("by " + thread))));
              return true;
            } catch (ResourceConflictException e) {
              assertThat(e.awsErrorDetails().errorMessage())
                  .isEqualTo("Function already exist: " + name);
              return false;
            }
          });
      assertThat(outcomes).filteredOn(won -> won).hasSize(1);
      assertThat(world.configuration(name).description()).isEqualTo("by " + outcomes.indexOf(true));
    }
  }

  @Test
  void noUpdateIsLost() throws Exception {
    world.call(l -> l.createFunction(World.usual("counter").andThen(r -> r.description("0"))));
    int each = 8;
    together(thread -> {
      int done = 0;
      while (done < each) {
        FunctionConfiguration seen = world.configuration("counter");
        int next = Integer.parseInt(seen.description()) + 1;
        try {
          world.call(l ->
              l.updateFunctionConfiguration(r ->
                  r.functionName("counter")
                      .revisionId(seen.revisionId())
                      .description(String.valueOf(next))));
          done++;
        } catch (PreconditionFailedException | ResourceConflictException e) {
          Thread.onSpinWait();
        }
      }
      return true;
    });
    assertThat(world.configuration("counter").description())
        .isEqualTo(String.valueOf(THREADS * each));
    world.restart();
    assertThat(world.configuration("counter").description())
        .isEqualTo(String.valueOf(THREADS * each));
  }

  @Test
  void whatRunsIsAlwaysOfOnePiece() throws Exception {
    world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.timeout(1).memorySize(129))));
    AtomicBoolean over = new AtomicBoolean();
    together(thread -> {
      if (thread == 0) {
        for (int i = 2; i < 100; i++) {
          int timeout = i;
          retry(() ->
              world.call(l ->
                  l.updateFunctionConfiguration(
                      r -> r.functionName("fn").timeout(timeout).memorySize(128 + timeout))));
        }
        over.set(true);
      }
      int last = 0;
      while (!over.get()) {
        try {
          FunctionVersion now =
              world
                  .service()
                  .directory()
                  .resolve("111111111111", "us-east-1", "fn", null)
                  .function();
          assertThat(now.memoryMb()).isEqualTo(128 + now.timeoutSeconds());
          assertThat(now.timeoutSeconds()).isGreaterThanOrEqualTo(last);
          last = now.timeoutSeconds();
        } catch (ResourceConflictException e) {
          assertThat(last).isZero(); // still pending
        }
      }
      return true;
    });
  }

  @Test
  void createsAndDeletesOfANameLeaveItWholeOrGone() throws Exception {
    together(thread -> {
      for (int i = 0; i < 20; i++) {
        try {
          if (thread % 2 == 0) {
            world.call(l -> l.createFunction(World.usual("fn").andThen(r -> r.publish(true))));
          } else {
            world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
          }
        } catch (ResourceConflictException | ResourceNotFoundException e) {
          Thread.onSpinWait();
        }
      }
      return true;
    });
    try {
      world.call(l -> l.deleteFunction(r -> r.functionName("fn")));
    } catch (ResourceNotFoundException e) {
      assertThat(e.statusCode()).isEqualTo(404);
    }
    world.restart();
    assertThat(world.call(l -> l.listFunctions()).functions()).isEmpty();
  }

  private static void retry(Callable<?> change) throws Exception {
    while (true) {
      try {
        change.call();
        return;
      } catch (ResourceConflictException e) {
        Thread.onSpinWait();
      }
    }
  }

  private interface Body {
    boolean run(int thread) throws Exception;
  }

  private static List<Boolean> together(Body body) throws Exception {
    List<Callable<Boolean>> bodies = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int thread = i;
      bodies.add(() -> body.run(thread));
    }
    List<Boolean> outcomes = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      for (Future<Boolean> outcome : threads.invokeAll(bodies, 60, TimeUnit.SECONDS)) {
        outcomes.add(outcome.get());
      }
    }
    return outcomes;
  }
}
