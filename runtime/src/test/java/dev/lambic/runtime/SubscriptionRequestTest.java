package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What can be asked of the Telemetry API and of the Logs API. */
final class SubscriptionRequestTest {
  private static final String HTTP = "{'protocol':'HTTP','URI':'http://sandbox.localdomain:8080'}";

  private static SubscriptionRequest parse(boolean logsApi, String json) throws Refusal {
    byte[] body = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    return SubscriptionRequest.parse(body, logsApi);
  }

  private static SubscriptionRequest telemetry(String destination, String more) throws Refusal {
    return parse(
        false,
        "{'schemaVersion':'2022-12-13','types':['platform'],'destination':"
            + destination
            + more
            + "}");
  }

  private static void assertWrong(boolean logsApi, String json, String problem) {
    assertThatThrownBy(() -> parse(logsApi, json))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal -> {
              assertThat(refusal.status()).isEqualTo(400);
              assertThat(refusal.type())
                  .isEqualTo(logsApi ? "Logs.ValidationError" : "ValidationError");
              assertThat(refusal).hasMessage(problem);
            });
  }

  @Test
  void hasTheDefaultsOfAws() throws Refusal {
    assertThat(telemetry(HTTP, ""))
        .isEqualTo(
            new SubscriptionRequest(
                Schema.TELEMETRY_2022_12,
                Set.of("platform"),
                10_000,
                262_144,
                Duration.ofSeconds(1),
                new SubscriptionRequest.Http(8080, "POST", "/")));
  }

  @Test
  void takesItsBuffering() throws Refusal {
    SubscriptionRequest request =
        telemetry(
            "{'protocol':'TCP','port':1234}",
            ",'buffering':{'maxItems':1000,'maxBytes':1048576,'timeoutMs':25}");
    assertThat(request.maxItems()).isEqualTo(1000);
    assertThat(request.maxBytes()).isEqualTo(1_048_576);
    assertThat(request.patience()).isEqualTo(Duration.ofMillis(25));
    assertThat(request.destination()).isEqualTo(new SubscriptionRequest.Tcp(1234));
  }

  @Test
  void takesAPathAndTheOtherName() throws Refusal {
    assertThat(
            telemetry("{'protocol':'HTTP','URI':'http://sandbox:1/a%20b?c=d'}", "").destination())
        .isEqualTo(new SubscriptionRequest.Http(1, "POST", "/a%20b?c=d"));
  }

  @Test
  void readsTheLogsApi() throws Refusal {
    SubscriptionRequest request =
        parse(
            true,
            "{'types':['function','extension'],'destination':{'protocol':'HTTP','method':'PUT',"
                + "'URI':'http://sandbox.localdomain:8080/logs'}}");
    assertThat(request.schema()).isEqualTo(Schema.LOGS_2020);
    assertThat(request.types()).containsExactly("function", "extension");
    assertThat(request.destination()).isEqualTo(new SubscriptionRequest.Http(8080, "PUT", "/logs"));
    assertThat(
            parse(
                    true,
                    "{'schemaVersion':'2021-03-18','types':['function'],'destination':"
                        + HTTP
                        + "}")
                .schema())
        .isEqualTo(Schema.LOGS_2021);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[1]|Failed to parse JSON",
        "{}|schemaVersion is not provided; destination is not provided; types should not be empty",
        "{'schemaVersion':'2021-03-18','types':['platform'],'destination':{'protocol':'TCP','port':1}}"
            + "|schemaVersion is not supported",
        "{'schemaVersion':'2025-01-29','types':['all'],'destination':{'protocol':'TCP','port':1}}"
            + "|types should be one of platform, function, extension",
        "{'schemaVersion':'2025-01-29','types':['platform'],'destination':{'protocol':'UDP','port':1}}"
            + "|destination protocol should be HTTP or TCP",
        "{'schemaVersion':'2025-01-29','types':['platform'],'destination':{'protocol':'TCP','port':9001}}"
            + "|port should be between 1 and 65535, and not 9001",
      })
  void namesWhatIsWrong(String json, String problem) {
    assertWrong(false, json, problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "https://sandbox.localdomain:8080|URI scheme should be http",
        "http://localhost:8080|URI host should be sandbox.localdomain",
        "http://sandbox.localdomain:70000|URI port should be between 1 and 65535, and not 9001",
        "http://sandbox.localdomain:9001|URI port should be between 1 and 65535, and not 9001",
        "http://sandbox.localdomain|URI port is not provided",
        "http://sandbox.localdomain:80 80|URI is not valid",
        "sandbox|URI scheme should be http",
      })
  void sendsToTheEnvironmentOnly(String uri, String problem) {
    assertWrong(
        true,
        "{'types':['platform'],'destination':{'protocol':'HTTP','URI':'" + uri + "'}}",
        problem);
  }

  @ParameterizedTest
  @CsvSource({
    "maxItems,999,1000,10000",
    "maxItems,10001,1000,10000",
    "maxBytes,262143,262144,1048576",
    "maxBytes,99999999999999999999,262144,1048576",
    "timeoutMs,24,25,30000",
    "timeoutMs,30001,25,30000",
    "timeoutMs,25.5,25,30000"
  })
  void boundsTheBuffering(String name, String value, int min, int max) {
    assertThatThrownBy(() -> telemetry(HTTP, ",'buffering':{'" + name + "':" + value + "}"))
        .hasMessage(name + " should be between " + min + " and " + max);
  }
}
