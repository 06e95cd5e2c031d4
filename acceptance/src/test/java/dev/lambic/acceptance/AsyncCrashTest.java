package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvocationType;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.S3Object;

/** The server is killed again and again while it accepts events: each of them is run in the end. */
class AsyncCrashTest {
  private static final Duration LIMIT = Duration.ofSeconds(90);
  private static final int ROUNDS = 3;
  private static final int CLIENTS = 3;
  private static final int MOST_EACH = 25;

  /** Its failures lie in a bucket, which outlives every process. */
  private static final String FAILING =
      """
      def handler(event, context):
          raise ValueError(event['id'])
      """;

  @Test
  void everyAcceptedEventIsRun() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Set<String> accepted = new ConcurrentSkipListSet<>();
    try (RunningLambic lambic = RunningLambic.start()) {
      try (S3Client s3 = s3(lambic);
          LambdaClient lambda = Clients.lambda(lambic.address())) {
        s3.createBucket(request -> request.bucket("done"));
        TestFunction.pythonText(lambda, "failing", FAILING);
        lambda.putFunctionEventInvokeConfig(request ->
            request
                .functionName("failing")
                .maximumRetryAttempts(0)
                .destinationConfig(
                    config -> config.onFailure(to -> to.destination("arn:aws:s3:::done"))));
      }
      for (int round = 0; round < ROUNDS; round++) {
        acceptUntilKilled(lambic, round, 1 + random.nextInt(CLIENTS * MOST_EACH - 1), accepted);
        lambic.launch();
      }
      try (S3Client s3 = s3(lambic)) {
        Set<String> missing = new TreeSet<>(accepted);
        Set<String> seen = new HashSet<>();
        Await.until(
            LIMIT,
            () -> "seed " + seed + ": run are all but " + missing,
            () -> {
              for (S3Object one : s3.listObjectsV2Paginator(l -> l.bucket("done")).contents()) {
                if (seen.add(one.key())) {
                  missing.remove(idOf(s3, one.key()));
                }
              }
              return missing.isEmpty();
            });
      }
    }
    assertThat(accepted).hasSizeGreaterThan(ROUNDS);
  }

  private static String idOf(S3Client s3, String key) {
    try {
      byte[] record = s3.getObjectAsBytes(get -> get.bucket("done").key(key)).asByteArray();
      return new ObjectMapper().readTree(record).path("requestPayload").path("id").asText();
    } catch (NoSuchKeyException e) {
      // It was shown while it was being written, by another name.
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void acceptUntilKilled(
      RunningLambic lambic, int round, int enough, Set<String> accepted) throws Exception {
    AtomicInteger told = new AtomicInteger();
    try (LambdaClient lambda = Clients.lambda(lambic.address());
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> work = new ArrayList<>();
      for (int client = 0; client < CLIENTS; client++) {
        String name = round + "-" + client + "-";
        work.add(
            threads.submit(() -> {
              for (int i = 0; i < MOST_EACH; i++) {
                String id = name + i;
                try {
                  lambda.invoke(request ->
                      request
                          .functionName("failing")
                          .invocationType(InvocationType.EVENT)
                          .payload(SdkBytes.fromUtf8String("{\"id\":\"" + id + "\"}")));
                } catch (SdkException killed) {
                  return;
                }
                accepted.add(id);
                told.incrementAndGet();
              }
            }));
      }
      Await.until(LIMIT, "events are accepted", () -> told.get() >= enough);
      lambic.killHard();
      for (Future<?> one : work) {
        one.get(60, TimeUnit.SECONDS);
      }
    }
  }

  private static S3Client s3(RunningLambic lambic) {
    return S3Client.builder()
        .endpointOverride(lambic.address())
        .region(Region.of(Clients.REGION))
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
        .httpClientBuilder(UrlConnectionHttpClient.builder().socketTimeout(Duration.ofSeconds(90)))
        .build();
  }
}
