package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.DestinationConfig;
import software.amazon.awssdk.services.lambda.model.FunctionEventInvokeConfig;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionEventInvokeConfigsResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigResponse;

/** The settings of asynchronous invocations, as Lambda was recorded to keep and refuse them. */
class EventInvokeTest {
  private static final DestinationConfig NOWHERE =
      DestinationConfig.builder().onSuccess(s -> {}).onFailure(f -> {}).build();

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.call(l ->
        l.createFunction(r -> {
          World.usual("fn").accept(r);
          r.publish(true);
        }));
    world.settle();
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void putReplacesAndUpdateMerges() {
    PutFunctionEventInvokeConfigResponse put = put("fn", r -> r.maximumRetryAttempts(0));
    assertThat(put)
        .isEqualTo(
            PutFunctionEventInvokeConfigResponse.builder()
                .functionArn(World.ARN + "fn:$LATEST")
                .lastModified(put.lastModified())
                .maximumRetryAttempts(0)
                .destinationConfig(NOWHERE)
                .build());
    assertThat(put("fn", r -> r.maximumEventAgeInSeconds(60)).maximumRetryAttempts()).isNull();
    world.call(
        l -> l.updateFunctionEventInvokeConfig(r -> r.functionName("fn").maximumRetryAttempts(1)));
    world.restart();
    GetFunctionEventInvokeConfigResponse kept =
        world.call(
            l -> l.getFunctionEventInvokeConfig(r -> r.functionName("fn").qualifier("$LATEST")));
    assertThat(kept.maximumEventAgeInSeconds()).isEqualTo(60);
    assertThat(kept.maximumRetryAttempts()).isEqualTo(1);
    assertThat(kept.destinationConfig()).isEqualTo(NOWHERE);
  }

  @Test
  void everyQualifierHasItsOwnAndTheyComeInPages() {
    put("fn", r -> r.maximumRetryAttempts(0));
    put("fn:1", r -> r.maximumRetryAttempts(1));
    put("fn", r -> r.qualifier("1").maximumRetryAttempts(2));
    ListFunctionEventInvokeConfigsResponse all =
        world.call(l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("fn")));
    assertThat(all.nextMarker()).isNull();
    assertThat(all.functionEventInvokeConfigs())
        .extracting(FunctionEventInvokeConfig::functionArn)
        .containsExactly(World.ARN + "fn:$LATEST", World.ARN + "fn:1");
    ListFunctionEventInvokeConfigsResponse first =
        world.call(l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("fn").maxItems(1)));
    ListFunctionEventInvokeConfigsResponse second =
        world.call(l ->
            l.listFunctionEventInvokeConfigs(
                r -> r.functionName("fn").maxItems(1).marker(first.nextMarker())));
    assertThat(second.functionEventInvokeConfigs())
        .isEqualTo(all.functionEventInvokeConfigs().subList(1, 2));
    assertThat(second.nextMarker()).isNull();
    assertThat(
            world.error(
                l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("fn").marker("!"))))
        .isEqualTo("400 InvalidParameterValueException: Invalid marker");
    world.call(l -> l.deleteFunctionEventInvokeConfig(r -> r.functionName("fn")));
    world.call(l -> l.deleteFunction(r -> r.functionName("fn").qualifier("1")));
    assertThat(
            world
                .call(l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("fn")))
                .functionEventInvokeConfigs())
        .isEmpty();
  }

  @Test
  void aliasesHaveTheirOwnToo() {
    world.call(l -> l.createAlias(r -> r.functionName("fn").name("live").functionVersion("1")));
    for (String name : new String[] {"fn:live", World.ARN + "fn:live"}) {
      assertThat(put(name, r -> r.maximumRetryAttempts(1)).functionArn())
          .isEqualTo(World.ARN + "fn:live");
      assertThat(put(name, r -> r.qualifier("live").maximumRetryAttempts(1)).functionArn())
          .isEqualTo(World.ARN + "fn:live");
      assertThat(error(name, r -> r.qualifier("1").maximumRetryAttempts(1)))
          .isEqualTo(
              "400 InvalidParameterValueException: The derived qualifier from the function name"
                  + " does not match the specified qualifier.");
    }
    put("fn", r -> r.maximumRetryAttempts(0));
    put("fn:1", r -> r.maximumRetryAttempts(0));
    assertThat(
            world
                .call(l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("fn")))
                .functionEventInvokeConfigs())
        .extracting(FunctionEventInvokeConfig::functionArn)
        .containsExactly(World.ARN + "fn:$LATEST", World.ARN + "fn:1", World.ARN + "fn:live");
    world.call(l -> l.deleteAlias(r -> r.functionName("fn").name("live")));
    assertThat(world.error(l -> l.getFunctionEventInvokeConfig(r -> r.functionName("fn:live"))))
        .isEqualTo(
            "404 ResourceNotFoundException: The function "
                + World.ARN
                + "fn:live doesn't have an EventInvokeConfig");
  }

  @Test
  void destinationsAreOtherFunctionsQueuesTopicsAndBuses() {
    world.create("other");
    assertThat(
            put(
                    "fn",
                    r ->
                        r.destinationConfig(d ->
                            d.onSuccess(s -> s.destination(World.ARN + "other"))
                                .onFailure(f ->
                                    f.destination("arn:aws:sqs:us-east-1:111111111111:queue"))))
                .destinationConfig()
                .onSuccess()
                .destination())
        .isEqualTo(World.ARN + "other");
    assertThat(error("fn", r -> onSuccess(r, World.ARN + "missing")))
        .isEqualTo(
            "400 InvalidParameterValueException: The destination ARN "
                + World.ARN
                + "missing is invalid.");
    assertThat(error("fn", r -> onSuccess(r, World.ARN + "fn")))
        .isEqualTo(
            "400 InvalidParameterValueException: You can't specify the function as a destination"
                + " for itself.");
    String iam = "arn:aws:iam:us-east-1:111111111111:function:fn";
    assertThat(error("fn", r -> onSuccess(r, iam)))
        .isEqualTo(
            "400 InvalidParameterValueException: The provided destination config"
                + " DestinationConfig(onSuccess=OnSuccess(destination="
                + iam
                + "), onFailure=null) is invalid.");
    assertThat(error("fn", r -> onSuccess(r, "arn:aws:s3:::bucket"))).contains("is invalid.");
    put("fn", r -> r.destinationConfig(d -> d.onFailure(f -> f.destination("arn:aws:s3:::b"))));
    assertThat(put("fn", r -> onSuccess(r, null)).destinationConfig()).isEqualTo(NOWHERE);
  }

  @Test
  void whatIsNotThereIsNamedAsLambdaNamesIt() {
    assertThat(error("none", r -> r.maximumRetryAttempts(0)))
        .isEqualTo("404 ResourceNotFoundException: The function doesn't exist.");
    assertThat(error("fn", r -> r.qualifier("none").maximumRetryAttempts(0)))
        .isEqualTo("404 ResourceNotFoundException: The function doesn't exist.");
    assertThat(error("fn", r -> {}))
        .isEqualTo(
            "400 InvalidParameterValueException: You must specify at least one of error handling or"
                + " destination setting.");
    assertThat(error("fn:1", r -> r.qualifier("$LATEST").maximumRetryAttempts(0)))
        .isEqualTo(
            "400 InvalidParameterValueException: The derived qualifier from the function name does"
                + " not match the specified qualifier.");
    String none = "404 ResourceNotFoundException: The function " + World.ARN;
    assertThat(world.error(l -> l.getFunctionEventInvokeConfig(r -> r.functionName("none"))))
        .isEqualTo(none + "none:$LATEST doesn't have an EventInvokeConfig");
    assertThat(
            world.error(
                l -> l.getFunctionEventInvokeConfig(r -> r.functionName("fn").qualifier("1221"))))
        .isEqualTo(none + "fn:1221 doesn't have an EventInvokeConfig");
    assertThat(world.error(l -> l.deleteFunctionEventInvokeConfig(r -> r.functionName("fn"))))
        .isEqualTo(none + "fn:$LATEST doesn't have an EventInvokeConfig");
    assertThat(
            world.error(l ->
                l.updateFunctionEventInvokeConfig(
                    r -> r.functionName("fn").maximumRetryAttempts(0))))
        .isEqualTo(none + "fn:$LATEST doesn't have an EventInvokeConfig");
    assertThat(
            world.error(l ->
                l.updateFunctionEventInvokeConfig(
                    r -> r.functionName("none").maximumRetryAttempts(0))))
        .isEqualTo("404 ResourceNotFoundException: The function doesn't exist.");
    assertThat(world.error(l -> l.listFunctionEventInvokeConfigs(r -> r.functionName("none"))))
        .isEqualTo("404 ResourceNotFoundException: The function doesn't exist.");
  }

  private static void onSuccess(
      PutFunctionEventInvokeConfigRequest.Builder request, @Nullable String arn) {
    request.destinationConfig(d -> d.onSuccess(s -> s.destination(arn)));
  }

  private PutFunctionEventInvokeConfigResponse put(
      String name, Consumer<PutFunctionEventInvokeConfigRequest.Builder> more) {
    return world.call(l ->
        l.putFunctionEventInvokeConfig(r -> {
          r.functionName(name);
          more.accept(r);
        }));
  }

  private String error(String name, Consumer<PutFunctionEventInvokeConfigRequest.Builder> more) {
    return world.error(l ->
        l.putFunctionEventInvokeConfig(r -> {
          r.functionName(name);
          more.accept(r);
        }));
  }
}
