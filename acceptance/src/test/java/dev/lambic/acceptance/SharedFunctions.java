package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.Collectors;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;

/** Functions that many clients change, and what all of them together were told. */
final class SharedFunctions {
  static final int COUNT = 20;
  static final int RACED = 5;
  private static final byte[] ZIP = Zip.of("app.py", "def handler(event, context): return 1\n");

  private final AtomicIntegerArray counted = new AtomicIntegerArray(COUNT);
  private final ConcurrentMap<String, String> published = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, AtomicInteger> races = new ConcurrentHashMap<>();

  static String name(int index) {
    return "shared-" + index;
  }

  void create(LambdaClient lambda) {
    for (int i = 0; i < COUNT; i++) {
      create(lambda, name(i));
    }
    for (int i = 0; i < COUNT; i++) {
      settle(lambda, name(i));
    }
  }

  static void create(LambdaClient lambda, String name) {
    lambda.createFunction(
        TestFunction.request(name, TestFunction.PYTHON, "app.handler", ZIP)
            .description("0")
            .build());
  }

  /** One more increment of the function's counter was acknowledged. */
  void counted(int index) {
    counted.incrementAndGet(index);
  }

  /** A version was answered, which must always be what it was. */
  void published(int index, String version, String description, String sha256) {
    String before = published.putIfAbsent(name(index) + ":" + version, description + " " + sha256);
    assertThat(before)
        .as("a published version does not change")
        .isIn(null, description + " " + sha256);
  }

  /** A function that everybody creates and deletes was created (1) or deleted (-1). */
  void raced(String name, int change) {
    races.computeIfAbsent(name, n -> new AtomicInteger()).addAndGet(change);
  }

  void check(LambdaClient lambda) {
    for (int i = 0; i < COUNT; i++) {
      FunctionConfiguration settled = settle(lambda, name(i));
      assertThat(settled.description()).as(name(i)).isEqualTo(String.valueOf(counted.get(i)));
    }
    Map<String, String> versions = new TreeMap<>();
    for (int i = 0; i < COUNT; i++) {
      String name = name(i);
      lambda
          .listVersionsByFunctionPaginator(request -> request.functionName(name))
          .versions()
          .forEach(version ->
              versions.put(
                  name + ":" + version.version(),
                  version.description() + " " + version.codeSha256()));
    }
    assertThat(versions).containsAllEntriesOf(published);
    Set<String> there =
        lambda.listFunctionsPaginator().functions().stream()
            .map(FunctionConfiguration::functionName)
            .filter(name -> name.startsWith("race-"))
            .collect(Collectors.toCollection(TreeSet::new));
    races.forEach((name, balance) ->
        assertThat(balance.get()).as(name).isEqualTo(there.contains(name) ? 1 : 0));
  }

  private static FunctionConfiguration settle(LambdaClient lambda, String name) {
    FunctionConfiguration[] last = new FunctionConfiguration[1];
    Await.until(
        Duration.ofSeconds(60),
        () -> "settled is " + last[0],
        () -> {
          last[0] = lambda.getFunction(request -> request.functionName(name)).configuration();
          return last[0].lastUpdateStatus() == LastUpdateStatus.SUCCESSFUL;
        });
    return last[0];
  }
}
