package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/**
 * The server is killed again and again while clients change functions: what was acknowledged is
 * there after the restart, what was not happened wholly or not at all, and nothing of the killed
 * server is left on the machine.
 */
class CrashTest {
  private static final Duration ENOUGH = Duration.ofSeconds(50);
  private static final int CLIENTS = 3;
  private static final int LONGEST_RUN_MILLIS = 1500;

  @Test
  void whatWasAcknowledgedSurvivesAKill() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    List<CrashClient> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(new CrashClient("c" + i, new Random(random.nextLong())));
    }
    long end = System.nanoTime() + ENOUGH.toNanos();
    int kills = 0;
    @Nullable Residue used = null;
    try (RunningLambic lambic = RunningLambic.start()) {
      for (; kills < 3 || System.nanoTime() - end < 0; kills++) {
        Residue held = runUntilKilled(lambic, clients, random, kills == 1);
        lambic.launch();
        nothingIsLeft(lambic, held);
        used = held.cgroups().isEmpty() ? used : held;
        try (LambdaClient lambda = Clients.lambda(lambic.address())) {
          check(lambda, clients);
        }
      }
      lambic.askToEnd();
      assertThat(lambic.awaitEnd()).isZero();
      assertThat(Residue.loops(lambic.data())).isEmpty();
      assertThat(Residue.processesNaming(lambic.data())).isEmpty();
      assertThat(Objects.requireNonNull(used).groupsBeside()).isEmpty();
    } catch (AssertionError e) {
      throw new AssertionError(
          "seed " + seed + ", after " + kills + " kills: " + e.getMessage(), e);
    }
    assertThat(clients.stream().mapToInt(CrashClient::acknowledged).sum())
        .isGreaterThan(10 * kills);
  }

  /** Lets all clients work for a while. Returns what the server held just before its end. */
  private static Residue runUntilKilled(
      RunningLambic lambic, List<CrashClient> clients, Random random, boolean withDynamoDb)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    if (withDynamoDb) {
      startDynamoDb(lambic.address());
    }
    try (LambdaClient lambda = Clients.lambda(lambic.address());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> work = new ArrayList<>();
      for (CrashClient client : clients) {
        work.add(threads.submit(() -> client.workUntilCrash(lambda)));
      }
      pause(Duration.ofMillis(random.nextInt(LONGEST_RUN_MILLIS)));
      Residue held = Residue.of(lambic);
      assertThat(held.processes().size()).isGreaterThan(withDynamoDb ? 2 : 0);
      pause(Duration.ofMillis(random.nextInt(50)));
      lambic.killHard();
      for (Future<?> one : work) {
        one.get(60, TimeUnit.SECONDS);
      }
      return held;
    }
  }

  /** The instant of the kill has to be any; nothing is awaited by this. */
  private static void pause(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static void startDynamoDb(URI server) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(server)
            .timeout(Duration.ofSeconds(30))
            .header("X-Amz-Target", "DynamoDB_20120810.ListTables")
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("X-Amz-Date", "20260101T000000Z")
            .header(
                "Authorization",
                "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request,"
                    + " SignedHeaders=host;x-amz-date, Signature="
                    + "0".repeat(64))
            .POST(HttpRequest.BodyPublishers.ofString("{}"))
            .build();
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
  }

  private static void nothingIsLeft(RunningLambic lambic, Residue held) {
    Await.until(
        Duration.ofSeconds(10),
        () -> "left by the killed server: " + held.survivors() + strangers(lambic),
        () -> held.survivors().isEmpty() && strangers(lambic).isEmpty());
    assertThat(Residue.hostMounts(lambic.data())).isEmpty();
  }

  /** Processes that name the data directory but are not the server's. */
  private static List<Long> strangers(RunningLambic lambic) {
    Path data = lambic.data();
    Set<Long> own = new TreeSet<>(Set.of(lambic.pid()));
    List<Long> found = new ArrayList<>(Residue.processesNaming(data));
    ProcessTable.now().descendants(lambic.pid()).forEach(process -> own.add(process.pid()));
    found.removeAll(own);
    return found;
  }

  private static void check(LambdaClient lambda, List<CrashClient> clients) {
    Set<String> expected = new TreeSet<>();
    for (CrashClient client : clients) {
      client.check(lambda);
      expected.addAll(client.existing());
    }
    Set<String> listed = new TreeSet<>();
    lambda.listFunctionsPaginator().functions().stream()
        .map(FunctionConfiguration::functionName)
        .forEach(listed::add);
    assertThat(listed).isEqualTo(expected);
  }
}
