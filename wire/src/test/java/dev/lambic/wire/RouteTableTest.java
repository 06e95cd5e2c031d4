package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.lambda.LambdaClient;

final class RouteTableTest {
  private static final RouteTable LAMBDA =
      new RouteTable(SdkBinding.operations(LambdaClient.class));

  private static @Nullable String name(String method, String target) {
    RouteTable.Match match = LAMBDA.match(method, target);
    return match == null ? null : match.operation().name();
  }

  @Test
  void everyOperationIsFoundUnderItsOwnAddress() {
    for (Operation operation : SdkBinding.operations(LambdaClient.class)) {
      String target = operation.uri().replaceAll("\\{[A-Za-z]+}", "x%2Fy");
      assertThat(name(operation.httpMethod(), target)).isEqualTo(operation.name());
    }
  }

  @Test
  void theMethodDecides() {
    assertThat(name("GET", "/2015-03-31/functions")).isEqualTo("ListFunctions");
    assertThat(name("POST", "/2015-03-31/functions")).isEqualTo("CreateFunction");
    assertThat(name("PATCH", "/2015-03-31/functions")).isNull();
  }

  @Test
  void aSlashAtTheEndMakesNoDifference() {
    assertThat(name("GET", "/2015-03-31/functions/")).isEqualTo("ListFunctions");
    assertThat(name("GET", "/2015-03-31/functions/?MaxItems=2")).isEqualTo("ListFunctions");
  }

  @Test
  void aParameterOfTheAddressDecides() {
    assertThat(name("GET", "/2018-10-31/layers")).isEqualTo("ListLayers");
    assertThat(name("GET", "/2018-10-31/layers?Arn=a&find=LayerVersion"))
        .isEqualTo("GetLayerVersionByArn");
    String provisioned = "/2019-09-30/functions/f/provisioned-concurrency";
    assertThat(name("GET", provisioned + "?Qualifier=1"))
        .isEqualTo("GetProvisionedConcurrencyConfig");
    assertThat(name("GET", provisioned + "?List=ALL"))
        .isEqualTo("ListProvisionedConcurrencyConfigs");
  }

  @Test
  void labelsAreDecodedAfterThePathWasCut() {
    RouteTable.Match match =
        Objects.requireNonNull(
            LAMBDA.match("GET", "/2015-03-31/functions/arn%3Aaws:f%2Fg+h%20i/aliases/%c3%a4?x=/"));
    assertThat(match.operation().name()).isEqualTo("GetAlias");
    assertThat(match.label("FunctionName")).isEqualTo("arn:aws:f/g+h i");
    assertThat(match.label("Name")).isEqualTo("ä");
    assertThat(match.label("Nam")).isNull();
    assertThat(match.label("Nothing")).isNull();
  }

  @Test
  void whatIsNoAddressIsNotFound() {
    for (String target :
        List.of(
            "",
            "/",
            "//",
            "*",
            "/2015-03-31",
            "/2015-03-31/functions//invocations",
            "/a/b/c/d/e")) {
      assertThat(name("POST", target)).isNull();
    }
  }

  @Test
  void aGreedyLabelTakesTheRest() {
    Operation any = SdkBinding.operations(LambdaClient.class).getFirst();
    RouteTable table =
        new RouteTable(
            List.of(at(any, "GetObject", "/{Bucket}/{Key+}"), at(any, "List", "/{Bucket}")));
    RouteTable.Match match = Objects.requireNonNull(table.match("GET", "/b/some/long%20key/"));
    assertThat(match.operation().name()).isEqualTo("GetObject");
    assertThat(match.label("Bucket")).isEqualTo("b");
    assertThat(match.label("Key")).isEqualTo("some/long key/");
    assertThat(Objects.requireNonNull(table.match("GET", "/b")).operation().name())
        .isEqualTo("List");
  }

  private static Operation at(Operation like, String name, String uri) {
    return new Operation(
        name,
        like.requestType(),
        like.methodName(),
        "GET",
        uri,
        null,
        null,
        like.newRequest(),
        like.invoker());
  }
}
