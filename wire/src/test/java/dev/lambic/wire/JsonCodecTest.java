package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.AliasRoutingConfiguration;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;

final class JsonCodecTest {
  private static final JsonReader MODEL = new JsonReader(JsonReader.Keys.MODEL);

  @Test
  void everyRequestOfLambdaComesBackWithAllItsMembers() {
    for (Operation operation : SdkBinding.operations(LambdaClient.class)) {
      SdkPojo original = new Filler().filled(operation.newRequest().get());
      SdkPojo again = operation.newRequest().get();
      MODEL.read(JsonCodec.write(original), again);
      assertThat(SdkBinding.build(again)).isEqualTo(original);
    }
  }

  @Test
  void aStoredObjectComesBack() {
    FunctionConfiguration original =
        (FunctionConfiguration) new Filler().filled(FunctionConfiguration.builder());
    byte[] json = JsonCodec.write(original);
    assertThat(JsonCodec.read(FunctionConfiguration.builder(), json)).isEqualTo(original);
  }

  @Test
  void membersOfHeadersAndStatusAreKeptToo() {
    InvokeResponse original =
        InvokeResponse.builder()
            .statusCode(200)
            .functionError("Unhandled")
            .payload(SdkBytes.fromByteArray(new byte[] {0, -1, 127}))
            .build();
    byte[] json = JsonCodec.write(original);
    assertThat(new String(json, StandardCharsets.UTF_8))
        .isEqualTo("{\"StatusCode\":200,\"FunctionError\":\"Unhandled\",\"Payload\":\"AP9/\"}");
    assertThat(JsonCodec.read(InvokeResponse.builder(), json)).isEqualTo(original);
  }

  @Test
  void anEmptyCollectionIsNotANullOne() {
    FunctionConfiguration empty =
        FunctionConfiguration.builder()
            .layers(List.of())
            .environment(e -> e.variables(Map.of()))
            .build();
    FunctionConfiguration again =
        JsonCodec.read(FunctionConfiguration.builder(), JsonCodec.write(empty));
    assertThat(again.hasLayers()).isTrue();
    assertThat(again.environment().hasVariables()).isTrue();
    assertThat(again.hasArchitectures()).isFalse();
    assertThat(new String(JsonCodec.write(empty), StandardCharsets.UTF_8))
        .isEqualTo("{\"Environment\":{\"Variables\":{}},\"Layers\":[]}");
  }

  @Test
  void timesKeepTheirNanosecondsAndNumbersTheirLimits() {
    EventSourceMappingConfiguration original =
        EventSourceMappingConfiguration.builder()
            .lastModified(Instant.ofEpochSecond(-5, 123_456_789))
            .batchSize(Integer.MIN_VALUE)
            .topics(Arrays.asList("a", null))
            .build();
    assertThat(JsonCodec.read(EventSourceMappingConfiguration.builder(), JsonCodec.write(original)))
        .isEqualTo(original);
    AliasRoutingConfiguration weights =
        AliasRoutingConfiguration.builder()
            .additionalVersionWeights(
                new TreeMap<>(
                    Map.of(
                        "1",
                        Double.NaN,
                        "2",
                        Double.NEGATIVE_INFINITY,
                        "3",
                        Double.MIN_VALUE,
                        "4",
                        -0.0)))
            .build();
    assertThat(JsonCodec.read(AliasRoutingConfiguration.builder(), JsonCodec.write(weights)))
        .isEqualTo(weights);
  }

  @Test
  void unionsAndRecursiveShapesComeBack() {
    AttributeValue original =
        AttributeValue.fromM(
            Map.of(
                "list",
                AttributeValue.fromL(
                    List.of(AttributeValue.fromN("1"), AttributeValue.fromNul(true))),
                "empty",
                AttributeValue.fromL(List.of())));
    AttributeValue again = JsonCodec.read(AttributeValue.builder(), JsonCodec.write(original));
    assertThat(again).isEqualTo(original);
    assertThat(again.type()).isEqualTo(AttributeValue.Type.M);
  }

  @Test
  void membersThatNobodyKnowsAreSkipped() {
    byte[] json =
        "{\"Later\":{\"a\":[1,{}]},\"Tags\":{\"k\":\"v\"},\"More\":null}"
            .getBytes(StandardCharsets.UTF_8);
    assertThat(JsonCodec.read(GetFunctionResponse.builder(), json).tags())
        .isEqualTo(Map.of("k", "v"));
  }

  @Test
  void damageIsAnError() {
    for (String damaged :
        List.of("{", "[]", "{\"Tags\":1}", "{} {}", "nonsense", "{\"Tags\":[]}")) {
      byte[] json = damaged.getBytes(StandardCharsets.UTF_8);
      assertThatThrownBy(() -> JsonCodec.read(GetFunctionResponse.builder(), json))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
