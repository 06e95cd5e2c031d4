package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.LogFormat;
import software.amazon.awssdk.services.lambda.model.LogType;
import software.amazon.awssdk.services.lambda.model.TenantIsolationMode;

/** Functions that tell tenants apart, and never let one see what another left. */
class TenancyTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  @BeforeAll
  static void deploy() {
    TestFunction.python(
        LAMBIC.lambda(),
        "tenants",
        "tenants.py",
        settings ->
            settings
                .tenancyConfig(t -> t.tenantIsolationMode(TenantIsolationMode.PER_TENANT))
                .loggingConfig(log -> log.logFormat(LogFormat.JSON)));
    TestFunction.python(LAMBIC.lambda(), "plain", "probe.py");
  }

  private static Invoked invoke(String name, @Nullable String tenant) {
    return Invoked.of(
        LAMBIC
            .lambda()
            .invoke(request ->
                request
                    .functionName(name)
                    .tenantId(tenant)
                    .logType(LogType.TAIL)
                    .payload(SdkBytes.fromUtf8String("{\"do\":\"identity\"}"))));
  }

  private static String refusal(String name, @Nullable String tenant) {
    LambdaException error = catchThrowableOfType(LambdaException.class, () -> invoke(name, tenant));
    return error.statusCode()
        + " "
        + error.awsErrorDetails().errorCode()
        + ": "
        + error.awsErrorDetails().errorMessage();
  }

  private static void assertSeesOnlyHimself(JsonNode answer, String tenant, int calls) {
    List<String> own = Collections.nCopies(calls, tenant);
    assertThat(answer.path("tenant").asText()).isEqualTo(tenant);
    assertThat(answer.path("memory").toString()).isEqualTo(Invoked.quoteAll(own));
    if (answer.has("file")) {
      assertThat(answer.path("file").toString()).isEqualTo(Invoked.quoteAll(own));
    }
  }

  @Test
  void noTenantSeesWhatAnotherLeft() {
    for (int calls = 1; calls <= 3; calls++) {
      for (String tenant : List.of("blue", "green", "a/b=c@d")) {
        assertSeesOnlyHimself(invoke("tenants", tenant).success(), tenant, calls);
      }
    }
  }

  @Test
  void nodeToldByItsOwnName() {
    TestFunction.node(
        LAMBIC.lambda(),
        "node-tenants",
        "tenants.mjs",
        settings ->
            settings.tenancyConfig(t -> t.tenantIsolationMode(TenantIsolationMode.PER_TENANT)));
    assertSeesOnlyHimself(invoke("node-tenants", "blue").success(), "blue", 1);
    assertSeesOnlyHimself(invoke("node-tenants", "green").success(), "green", 1);
  }

  @Test
  void theLogInJsonSaysWhoseCallItIs() {
    String log = invoke("tenants", "logged").log();
    List<String> lines = log.lines().toList();
    assertThat(lines.stream().map(Invoked::parse).filter(line -> isOf(line, "logged")))
        .as(log)
        .hasSize(3);
  }

  private static boolean isOf(JsonNode line, String tenant) {
    return line.path("tenantId").asText().equals(tenant)
        || line.path("record").path("tenantId").asText().equals(tenant);
  }

  @Test
  void aCallHasATenantJustWhereThereAreSome() {
    assertThat(refusal("tenants", null))
        .isEqualTo(
            "400 InvalidParameterValueException: The invoked function is enabled with tenancy"
                + " configuration. Add a valid tenant ID in your request and try again.");
    assertThat(refusal("plain", "blue"))
        .startsWith(
            "400 InvalidParameterValueException: The invoked function is not enabled with tenancy"
                + " configuration.");
    assertThat(refusal("tenants", "no tenant!"))
        .startsWith("400 ValidationException: 1 validation error detected: Value 'no tenant!'")
        .contains("'tenantId'");
  }

  @Test
  void theConfigurationSaysSo() {
    assertThat(
            LAMBIC
                .lambda()
                .getFunctionConfiguration(request -> request.functionName("tenants"))
                .tenancyConfig()
                .tenantIsolationMode())
        .isEqualTo(TenantIsolationMode.PER_TENANT);
    assertThat(
            LAMBIC
                .lambda()
                .getFunctionConfiguration(request -> request.functionName("plain"))
                .tenancyConfig())
        .isNull();
  }
}
