package dev.lambic.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.LambicException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateAliasRequest;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.InvokeRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.UntagResourceRequest;

/** The messages were recorded from AWS, word for word, unless a test says otherwise. */
final class ValidatorTest {
  private static final ConstraintData DATA = ConstraintData.of("lambda");
  private static final Validator VALIDATOR = new Validator(DATA);

  private static CreateFunctionRequest.Builder function() {
    return CreateFunctionRequest.builder()
        .functionName("f")
        .role("arn:aws:iam::123456789012:role/r")
        .code(c -> c.s3Bucket("bucket").s3Key("key"));
  }

  private static CreateAliasRequest.Builder alias() {
    return CreateAliasRequest.builder().functionName("f").name("a").functionVersion("1");
  }

  private static void ok(String operation, SdkPojo request) {
    assertThatCode(() -> VALIDATOR.check(operation, request)).doesNotThrowAnyException();
  }

  private static void refused(String operation, SdkPojo request, String violations) {
    assertThatThrownBy(() -> VALIDATOR.check(operation, request))
        .isInstanceOfSatisfying(
            LambicException.class, e -> assertThat(e.code()).isEqualTo("ValidationException"))
        .hasMessage(violations);
  }

  @Test
  void whatKeepsTheLimitsPasses() {
    ok("CreateFunction", function().build());
    ok("CreateFunction", function().memorySize(128).timeout(1).layers(List.of()).build());
    ok("CreateAlias", alias().build());
    ok("ListFunctions", ListFunctionsRequest.builder().build());
    ok("NoSuchOperation", ListFunctionsRequest.builder().build());
  }

  @Test
  void aPattern() {
    refused(
        "CreateFunction",
        function().role("r1").build(),
        "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member"
            + " must satisfy regular expression pattern:"
            + " arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+");
    refused(
        "CreateAlias",
        alias().name("2024").build(),
        "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member"
            + " must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)");
    refused(
        "GetFunction",
        GetFunctionRequest.builder()
            .functionName("arn:aws:lambda:us-east-1:123400000000@function:myfn")
            .build(),
        "1 validation error detected: Value 'arn:aws:lambda:us-east-1:123400000000@function:myfn'"
            + " at 'functionName' failed to satisfy constraint: Member must satisfy regular"
            + " expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso"
            + "([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST"
            + "(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");
  }

  @Test
  void aLength() {
    String arn = "arn:aws:lambda:us-east-1:123456789012:function:" + "a".repeat(100);
    refused(
        "CreateFunction",
        function().functionName(arn).build(),
        "1 validation error detected: Value '"
            + arn
            + "' at 'functionName' failed to satisfy constraint: Member must have length less than"
            + " or equal to 140");
    refused(
        "CreateFunction",
        function().architecturesWithStrings("x86_64", "arm64").build(),
        "1 validation error detected: Value '[x86_64, arm64]' at 'architectures' failed to satisfy"
            + " constraint: Member must have length less than or equal to 1");
  }

  @Test
  void anEnumerationIsPrintedInAwssOrder() {
    refused(
        "CreateEventSourceMapping",
        CreateEventSourceMappingRequest.builder()
            .functionName("f")
            .startingPosition("invalid")
            .build(),
        "1 validation error detected: Value 'invalid' at 'startingPosition' failed to satisfy"
            + " constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP,"
            + " TRIM_HORIZON]");
    refused(
        "ListFunctions",
        ListFunctionsRequest.builder().functionVersion("invalid").build(),
        "1 validation error detected: Value 'invalid' at 'functionVersion' failed to satisfy"
            + " constraint: Member must satisfy enum value set: [ALL]");
    // Reported by a user of AWS, before the enumeration had its present order in the model.
    refused(
        "Invoke",
        InvokeRequest.builder().functionName("f").invocationType("dry_run").build(),
        "1 validation error detected: Value 'dry_run' at 'invocationType' failed to satisfy"
            + " constraint: Member must satisfy enum value set: [DryRun, RequestResponse, Event]");
  }

  @Test
  void anElementOfAList() {
    refused(
        "CreateFunction",
        function().architecturesWithStrings("X86_64").build(),
        "1 validation error detected: Value '[X86_64]' at 'architectures' failed to satisfy"
            + " constraint: Member must satisfy constraint: [Member must satisfy enum value set:"
            + " [x86_64, arm64], Member must not be null]");
    refused(
        "CreateFunction",
        function().vpcConfig(v -> v.subnetIds("subnet-!")).build(),
        "1 validation error detected: Value '[subnet-!]' at 'vpcConfig.subnetIds' failed to satisfy"
            + " constraint: Member must satisfy constraint: [Member must have length less than or"
            + " equal to 1024, Member must have length greater than or equal to 0, Member must"
            + " satisfy regular expression pattern: subnet-[0-9a-z]*]");
  }

  @Test
  void aKeyOrAValueOfAMap() {
    refused(
        "CreateAlias",
        alias().routingConfig(r -> r.additionalVersionWeights(Map.of("$LATEST", 0.5))).build(),
        "1 validation error detected: Value '{$LATEST=0.5}' at"
            + " 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys"
            + " must satisfy constraint: [Member must have length less than or equal to 1024,"
            + " Member must have length greater than or equal to 1, Member must satisfy regular"
            + " expression pattern: [0-9]+]");
    refused(
        "CreateAlias",
        alias().routingConfig(r -> r.additionalVersionWeights(Map.of("2", 2.0))).build(),
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights'"
            + " failed to satisfy constraint: Map value must satisfy constraint: [Member must have"
            + " value less than or equal to 1.0, Member must have value greater than or equal to"
            + " 0.0, Member must not be null]");
  }

  @Test
  void whatIsRequired() {
    refused(
        "UntagResource",
        UntagResourceRequest.builder()
            .resource("arn:aws:lambda:us-east-1:123456789012:function:f")
            .build(),
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member"
            + " must not be null");
  }

  @Test
  void aSensitiveValueIsNotRepeated() {
    refused(
        "CreateFunction",
        function().environment(e -> e.variables(Map.of("1-bad", "secret"))).build(),
        "1 validation error detected: Value at 'environment.variables' failed to satisfy"
            + " constraint: Map keys must satisfy constraint: [Member must satisfy regular"
            + " expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]");
  }

  /** The order of the members is the model's; what AWS does here is not recorded. */
  @Test
  void severalViolationsAreReportedTogether() {
    refused(
        "CreateFunction",
        CreateFunctionRequest.builder()
            .functionName("f")
            .role("arn:aws:iam::123456789012:role/r")
            .packageType("Tar")
            .timeout(0)
            .build(),
        "3 validation errors detected: Value null at 'code' failed to satisfy constraint: Member"
            + " must not be null; Value '0' at 'timeout' failed to satisfy constraint: Member must"
            + " have value greater than or equal to 1; Value 'Tar' at 'packageType' failed to"
            + " satisfy constraint: Member must satisfy enum value set: [Zip, Image]");
  }

  @Test
  void theServiceItselfChecksTheRuntime() {
    ok("CreateFunction", function().runtime("python0.1").build());
  }

  @Test
  void everyPatternCompilesAndEveryOperationWithDemandsExists() {
    for (Limits limits : DATA.types().values()) {
      if (limits.pattern() != null) {
        limits.pattern().matches("");
      }
    }
    List<String> requests =
        SdkBinding.operations(LambdaClient.class).stream().map(o -> o.name() + "Request").toList();
    assertThat(DATA.structures().keySet())
        .containsAll(
            requests.stream().filter(r -> !r.equals("GetAccountSettingsRequest")).toList());
  }

  @Test
  void everyDemandIsAboutAMemberThatTheSdkHas() {
    for (Operation operation : SdkBinding.operations(LambdaClient.class)) {
      Map<String, String> demands =
          DATA.structures().getOrDefault(operation.name() + "Request", Map.of());
      assertThat(SdkBinding.structure(operation.newRequest().get()).byName().keySet())
          .as(operation.name())
          .containsAll(demands.keySet());
    }
  }

  @Test
  void aHostileTextEndsAPatternInTime() {
    assertThat(new Regex("(a+)+b").matches("a".repeat(40))).isFalse();
    assertThat(new Regex("(a|b)*").matches("ab".repeat(200_000))).isFalse();
    assertThat(new Regex("[ab]*").matches("ab".repeat(200_000))).isTrue();
  }

  @Test
  void hugeValuesAreCutInTheMessage() {
    assertThatThrownBy(() ->
            VALIDATOR.check(
                "CreateFunction", function().description("x".repeat(1_000_000)).build()))
        .satisfies(e -> assertThat(String.valueOf(e.getMessage()).length()).isLessThan(20_000));
  }
}
