package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An operation that AWS has and Lambic has not says so, whatever it is asked. */
class UnbuiltOperationsTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  @ParameterizedTest
  @CsvSource({
    "CheckpointDurableExecution,POST,/2025-12-01/durable-executions/arn/checkpoint",
    "GetDurableExecution,GET,/2025-12-01/durable-executions/arn",
    "GetDurableExecutionHistory,GET,/2025-12-01/durable-executions/arn/history",
    "GetDurableExecutionState,GET,/2025-12-01/durable-executions/arn/state",
    "ListDurableExecutionsByFunction,GET,/2025-12-01/functions/fn/durable-executions",
    "SendDurableExecutionCallbackFailure,POST,/2025-12-01/durable-execution-callbacks/id/fail",
    "SendDurableExecutionCallbackHeartbeat,POST,"
        + "/2025-12-01/durable-execution-callbacks/id/heartbeat",
    "SendDurableExecutionCallbackSuccess,POST,/2025-12-01/durable-execution-callbacks/id/succeed",
    "StopDurableExecution,POST,/2025-12-01/durable-executions/arn/stop",
    "CreateCapacityProvider,POST,/2025-11-30/capacity-providers",
    "DeleteCapacityProvider,DELETE,/2025-11-30/capacity-providers/p",
    "GetCapacityProvider,GET,/2025-11-30/capacity-providers/p",
    "ListCapacityProviders,GET,/2025-11-30/capacity-providers",
    "ListFunctionVersionsByCapacityProvider,GET,"
        + "/2025-11-30/capacity-providers/p/function-versions",
    "UpdateCapacityProvider,PUT,/2025-11-30/capacity-providers/p",
    "GetFunctionScalingConfig,GET,/2025-11-30/functions/fn/function-scaling-config?Qualifier=1",
    "PutFunctionScalingConfig,PUT,/2025-11-30/functions/fn/function-scaling-config?Qualifier=1"
  })
  void operationsThatAreNotBuiltSaySo(String operation, String method, String path)
      throws Exception {
    HttpResponse<String> answer = send(method, path);
    assertThat(answer.statusCode()).isEqualTo(501);
    assertThat(answer.headers().firstValue("X-Amzn-ErrorType").orElse(""))
        .startsWith("NotImplementedException");
    assertThat(answer.body()).contains("Lambic does not implement lambda:" + operation + " yet.");
  }

  @Test
  void anAddressThatNoOperationHasSaysSo() throws Exception {
    HttpResponse<String> answer = send("GET", "/2015-03-31/nothing");
    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body()).contains("No operation is addressed by GET /2015-03-31/nothing");
  }

  private static HttpResponse<String> send(String method, String path)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(LAMBIC.server().address().resolve(path))
              .method(method, BodyPublishers.ofString("{}"))
              .timeout(Duration.ofSeconds(40))
              .build(),
          BodyHandlers.ofString());
    }
  }
}
