package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;

/** Pins what the engine relies on inside the SDK; whoever raises the SDK's version reads this. */
final class SdkBindingTest {
  private static final Map<String, Operation> LAMBDA = byName(LambdaClient.class);

  private static Map<String, Operation> byName(
      Class<? extends software.amazon.awssdk.core.SdkClient> api) {
    return SdkBinding.operations(api).stream()
        .collect(Collectors.toMap(Operation::name, operation -> operation));
  }

  private static Operation lambda(String name) {
    return Objects.requireNonNull(LAMBDA.get(name));
  }

  @Test
  void everyOperationOfLambdaThatDoesNotStreamBinds() {
    assertThat(LAMBDA).hasSize(83).containsKeys("CreateFunction", "Invoke", "GetDurableExecution");
    assertThat(LAMBDA).doesNotContainKeys("InvokeWithResponseStream", "InvokeAsync");
  }

  @Test
  void anOperationOfRestJsonIsKnownByMethodAndPath() {
    Operation invoke = lambda("Invoke");
    assertThat(invoke.httpMethod()).isEqualTo("POST");
    assertThat(invoke.uri()).isEqualTo("/2015-03-31/functions/{FunctionName}/invocations");
    assertThat(invoke.target()).isNull();
    assertThat(invoke.requestType()).isEqualTo(InvokeRequest.class);
    assertThat(invoke.methodName()).isEqualTo("invoke");
    assertThat(lambda("GetLayerVersionByArn").uri())
        .isEqualTo("/2018-10-31/layers?find=LayerVersion");
  }

  @Test
  void anOperationThatStreamsIsKnownByItsRequest() {
    Operation streaming = SdkBinding.streaming(LambdaClient.class, "InvokeWithResponseStream");
    assertThat(streaming.name()).isEqualTo("InvokeWithResponseStream");
    assertThat(streaming.httpMethod()).isEqualTo("POST");
    assertThat(streaming.uri())
        .isEqualTo("/2021-11-15/functions/{FunctionName}/response-streaming-invocations");
    Structure input = SdkBinding.structure(streaming.newRequest().get());
    assertThat(member(input, "InvocationType").wireName()).isEqualTo("X-Amz-Invocation-Type");
    assertThat(input.payload()).isEqualTo(member(input, "Payload"));
  }

  @Test
  void anOperationOfAwsJsonIsKnownByItsTarget() {
    assertThat(Objects.requireNonNull(byName(DynamoDbClient.class).get("PutItem")).target())
        .isEqualTo("DynamoDB_20120810.PutItem");
  }

  @Test
  void membersSayWhereTheyTravelAndWhatTheyHold() {
    Structure input = SdkBinding.structure(lambda("Invoke").newRequest().get());
    assertThat(member(input, "FunctionName").place()).isEqualTo(Place.PATH);
    assertThat(member(input, "Qualifier").place()).isEqualTo(Place.QUERY);
    assertThat(member(input, "LogType").place()).isEqualTo(Place.HEADER);
    assertThat(member(input, "LogType").wireName()).isEqualTo("X-Amz-Log-Type");
    assertThat(input.payload()).isEqualTo(member(input, "Payload"));
    assertThat(member(input, "Payload").kind()).isEqualTo(Kind.BYTES);
    Structure create = SdkBinding.structure(lambda("CreateFunction").newRequest().get());
    assertThat(member(create, "Layers").elementOf().kind()).isEqualTo(Kind.STRING);
    assertThat(member(create, "Environment").kind()).isEqualTo(Kind.STRUCTURE);
    assertThat(member(create, "Publish").kind()).isEqualTo(Kind.BOOLEAN);
  }

  private static Member member(Structure structure, String name) {
    return Objects.requireNonNull(structure.byName().get(name));
  }

  @Test
  void aCollectionThatWasNeverSetIsToldFromAnEmptyOne() {
    Member layers = member(SdkBinding.structure(FunctionConfiguration.builder()), "Layers");
    assertThat(layers.get(FunctionConfiguration.builder().build())).isNull();
    assertThat(layers.get(FunctionConfiguration.builder().layers(List.of()).build()))
        .isEqualTo(List.of());
  }

  @Test
  void methodsThatAServiceLeavesToTheSdkAreNotImplemented() {
    LambdaClient service =
        new FakeLambda() {
          @Override
          public ListFunctionsResponse listFunctions(ListFunctionsRequest request) {
            return ListFunctionsResponse.builder().build();
          }
        };
    assertThat(SdkBinding.implementsOperation(service.getClass(), lambda("ListFunctions")))
        .isTrue();
    assertThat(SdkBinding.implementsOperation(service.getClass(), lambda("ListLayers"))).isFalse();
  }
}
