package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.pagination.sync.SdkIterable;
import software.amazon.awssdk.retries.api.BackoffStrategy;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.waiters.LambdaWaiter;

/**
 * Every waiter and every paginator that AWS's clients have for Lambda, each on what it is for.
 *
 * <p>boto3 makes what is listed; the others then read the same lists. All of them fail when a newer
 * client has a waiter or paginator that is not used here.
 */
class WaitersAndPaginatorsTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static final String NAME = "paged";

  private static final BackoffStrategy POLLING = BackoffStrategy.fixedDelay(Duration.ofMillis(100));

  /** Paginators of what Lambic refuses. */
  private static final Set<String> REFUSED =
      Set.of(
          "getDurableExecutionHistoryPaginator",
          "getDurableExecutionStatePaginator",
          "listCapacityProvidersPaginator",
          "listDurableExecutionsByFunctionPaginator",
          "listFunctionVersionsByCapacityProviderPaginator");

  @BeforeAll
  static void ofBoto3(@TempDir Path directory) {
    succeeds(
        Script.python(LAMBIC.server().address(), Places.script("wait_and_paginate.py")), directory);
  }

  private static void succeeds(Script script, Path directory) {
    Script.Ended ended = script.run(directory);
    assertThat(ended.code()).as(ended.output()).isZero();
    assertThat(ended.output()).endsWith("all went well\n");
  }

  @Test
  void ofTheAwsCli(@TempDir Path directory) {
    succeeds(
        Script.withAwsCli(LAMBIC.server().address(), Places.script("wait_by_cli.sh")), directory);
  }

  @Test
  void ofTheSdkForJavaScript(@TempDir Path directory) throws IOException {
    Path code = directory.resolve("app.zip");
    Files.write(code, Zip.of("app.py", "def handler(event, context):\n    return event\n"));
    succeeds(
        Script.javaScript(LAMBIC.server().address(), "wait_and_paginate.cjs", code), directory);
  }

  @Test
  void waitersOfTheSdkForJava() {
    LambdaClient lambda = LAMBIC.lambda();
    String name = "by-java";
    byte[] code = Zip.of("app.py", "def handler(event, context):\n    return event\n");
    lambda.createFunction(
        TestFunction.request(name, TestFunction.PYTHON, "app.handler", code).build());
    try (LambdaWaiter waiter =
        LambdaWaiter.builder()
            .client(lambda)
            .overrideConfiguration(often -> often.backoffStrategyV2(POLLING).maxAttempts(600))
            .build()) {
      waiter.waitUntilFunctionExists(request -> request.functionName(name));
      waiter.waitUntilFunctionActive(request -> request.functionName(name));
      waiter.waitUntilFunctionActiveV2(request -> request.functionName(name));
      lambda.updateFunctionConfiguration(request -> request.functionName(name).timeout(7));
      waiter.waitUntilFunctionUpdated(request -> request.functionName(name));
      lambda.updateFunctionConfiguration(request -> request.functionName(name).timeout(8));
      waiter.waitUntilFunctionUpdatedV2(request -> request.functionName(name));
      String version = lambda.publishVersion(request -> request.functionName(name)).version();
      assertThat(
              waiter
                  .waitUntilPublishedVersionActive(
                      request -> request.functionName(name).qualifier(version))
                  .matched()
                  .response()
                  .map(GetFunctionConfigurationResponse::version))
          .contains(version);
    }
    lambda.deleteFunction(request -> request.functionName(name));
    assertThat(methods(LambdaWaiter.class, "waitUntil.*"))
        .containsExactlyInAnyOrder(
            "waitUntilFunctionActive",
            "waitUntilFunctionActiveV2",
            "waitUntilFunctionExists",
            "waitUntilFunctionUpdated",
            "waitUntilFunctionUpdatedV2",
            "waitUntilPublishedVersionActive");
  }

  @Test
  void paginatorsOfTheSdkForJava() {
    Map<String, Integer> counted = new LinkedHashMap<>();
    lists(LAMBIC.lambda())
        .forEach((name, list) -> {
          List<?> all = list.stream().toList();
          assertThat(all).as(name).doesNotHaveDuplicates();
          counted.put(name, all.size());
        });
    assertThat(counted)
        .containsOnly(
            Map.entry("listAliasesPaginator", 5),
            Map.entry("listCodeSigningConfigsPaginator", 6),
            Map.entry("listEventSourceMappingsPaginator", 5),
            Map.entry("listFunctionEventInvokeConfigsPaginator", 5),
            Map.entry("listFunctionUrlConfigsPaginator", 6),
            Map.entry("listFunctionsByCodeSigningConfigPaginator", 5),
            Map.entry("listFunctionsPaginator", 6),
            Map.entry("listLayerVersionsPaginator", 5),
            Map.entry("listLayersPaginator", 5),
            Map.entry("listProvisionedConcurrencyConfigsPaginator", 3),
            Map.entry("listVersionsByFunctionPaginator", 7));
    Set<String> every = new TreeSet<>(counted.keySet());
    every.addAll(REFUSED);
    assertThat(every).containsAll(methods(LambdaClient.class, ".*Paginator"));
  }

  /** Of what boto3 has made, two on a page. */
  private static Map<String, SdkIterable<?>> lists(LambdaClient lambda) {
    String used =
        lambda
            .getFunctionCodeSigningConfig(request -> request.functionName(NAME + "-0"))
            .codeSigningConfigArn();
    Map<String, SdkIterable<?>> lists = new TreeMap<>();
    lists.put(
        "listAliasesPaginator",
        lambda.listAliasesPaginator(request -> request.maxItems(2).functionName(NAME)).aliases());
    lists.put(
        "listCodeSigningConfigsPaginator",
        lambda
            .listCodeSigningConfigsPaginator(request -> request.maxItems(2))
            .codeSigningConfigs());
    lists.put(
        "listEventSourceMappingsPaginator",
        lambda
            .listEventSourceMappingsPaginator(request -> request.maxItems(2).functionName(NAME))
            .eventSourceMappings());
    lists.put(
        "listFunctionEventInvokeConfigsPaginator",
        lambda
            .listFunctionEventInvokeConfigsPaginator(
                request -> request.maxItems(2).functionName(NAME))
            .functionEventInvokeConfigs());
    lists.put(
        "listFunctionUrlConfigsPaginator",
        lambda
            .listFunctionUrlConfigsPaginator(request -> request.maxItems(2).functionName(NAME))
            .functionUrlConfigs());
    lists.put(
        "listFunctionsByCodeSigningConfigPaginator",
        lambda
            .listFunctionsByCodeSigningConfigPaginator(
                request -> request.maxItems(2).codeSigningConfigArn(used))
            .functionArns());
    lists.put(
        "listFunctionsPaginator",
        lambda.listFunctionsPaginator(request -> request.maxItems(2)).functions());
    lists.put(
        "listLayerVersionsPaginator",
        lambda
            .listLayerVersionsPaginator(request -> request.maxItems(2).layerName("layer-0"))
            .layerVersions());
    lists.put(
        "listLayersPaginator", lambda.listLayersPaginator(request -> request.maxItems(2)).layers());
    lists.put(
        "listProvisionedConcurrencyConfigsPaginator",
        lambda
            .listProvisionedConcurrencyConfigsPaginator(
                request -> request.maxItems(2).functionName(NAME))
            .provisionedConcurrencyConfigs());
    lists.put(
        "listVersionsByFunctionPaginator",
        lambda
            .listVersionsByFunctionPaginator(request -> request.maxItems(2).functionName(NAME))
            .versions());
    return lists;
  }

  private static Set<String> methods(Class<?> type, String pattern) {
    return Arrays.stream(type.getMethods())
        .map(method -> method.getName())
        .filter(name -> name.matches(pattern))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
