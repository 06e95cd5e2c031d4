package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * 200 clients change the same and different functions for a minute: nobody gets an answer that no
 * order of the changes explains, no acknowledged change is lost, and all of it survives a kill.
 */
class ManyClientsTest {
  private static final int CLIENTS = 200;
  private static final Duration FOR = Duration.ofMinutes(1);

  @Test
  void noUpdateIsLost() throws Exception {
    long seed = System.nanoTime();
    try (RunningLambic lambic = RunningLambic.start()) {
      SharedFunctions shared = new SharedFunctions();
      List<ManyClient> clients = new ArrayList<>();
      try (LambdaClient lambda = Clients.lambda(lambic.address());
          ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        shared.create(lambda);
        long end = System.nanoTime() + FOR.toNanos();
        List<Future<?>> work = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
          ManyClient client = new ManyClient(i, lambda, shared, new Random(seed + i));
          clients.add(client);
          work.add(threads.submit(() -> client.workUntil(end)));
        }
        for (Future<?> one : work) {
          one.get(FOR.toSeconds() + 120, TimeUnit.SECONDS);
        }
        check(lambda, shared, clients);
      }
      lambic.killHard();
      lambic.launch();
      try (LambdaClient lambda = Clients.lambda(lambic.address())) {
        check(lambda, shared, clients);
      }
    } catch (Exception | AssertionError e) {
      throw new AssertionError("seed " + seed + ": " + e, e);
    }
  }

  private static void check(LambdaClient lambda, SharedFunctions shared, List<ManyClient> clients) {
    shared.check(lambda);
    clients.forEach(client -> client.check(lambda));
    assertThat(clients.stream().mapToInt(ManyClient::changes).min().orElseThrow())
        .as("every client got on")
        .isPositive();
  }
}
