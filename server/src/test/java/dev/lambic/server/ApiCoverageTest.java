package dev.lambic.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.functions.FunctionService;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkRequest;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Makes {@code docs/api-coverage.md} from the code and from a table of what each operation was held
 * to, and fails when the page says something else. With the system property {@code
 * lambic.docs=write} it writes the page.
 */
class ApiCoverageTest {
  private static final Path PAGE = Path.of("..", "docs", "api-coverage.md");
  private static final String HEAD =
      """
      # Operations of Lambda's API

      Made from the code by `ApiCoverageTest`; do not edit. What an operation was held to is in
      `server/src/test/resources/dev/lambic/server/api-verified.properties`. "Recorded" means answers and errors
      that were recorded from AWS; "Reference" means the API Reference and the developer guide alone.
      An operation that is not built is answered by status 501 with `NotImplementedException`.

      """;

  @Test
  void thePageIsWhatTheCodeSays() throws IOException {
    String page = page(operations(), verified());
    if ("write".equals(System.getProperty("lambic.docs"))) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.exists(PAGE) ? Files.readString(PAGE) : "")
        .as(
            "docs/api-coverage.md is stale; to write it anew:"
                + " ./mvnw -q test -pl server -Dtest=ApiCoverageTest -Dlambic.docs=write")
        .isEqualTo(page);
  }

  @Test
  void everyOperationHasALineInTheTable() throws IOException {
    assertThat(verified().stringPropertyNames())
        .as("operations in api-verified.properties")
        .isEqualTo(operations().keySet());
  }

  /** Whether each operation of the service model is built. */
  private static SortedMap<String, Boolean> operations() {
    SortedMap<String, Boolean> operations = new TreeMap<>();
    for (Method method : LambdaClient.class.getMethods()) {
      if (method.getParameterCount() == 1
          && SdkRequest.class.isAssignableFrom(method.getParameterTypes()[0])
          && !method.getName().endsWith("Paginator")) {
        String name = method.getParameterTypes()[0].getSimpleName();
        operations.put(name.substring(0, name.length() - "Request".length()), isBuilt(method));
      }
    }
    LambdaApi.RAW.forEach(raw -> operations.put(raw, true));
    return operations;
  }

  private static boolean isBuilt(Method method) {
    try {
      return !FunctionService.class
          .getMethod(method.getName(), method.getParameterTypes())
          .getDeclaringClass()
          .isInterface();
    } catch (NoSuchMethodException e) {
      throw new IllegalStateException("FunctionService is a LambdaClient", e);
    }
  }

  private static Properties verified() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            ApiCoverageTest.class.getResourceAsStream("api-verified.properties"))) {
      Properties table = new Properties();
      table.load(in);
      return table;
    }
  }

  private static String page(SortedMap<String, Boolean> operations, Properties verified) {
    long built = operations.values().stream().filter(is -> is).count();
    StringBuilder page = new StringBuilder(HEAD);
    page.append("**").append(built).append(" of ").append(operations.size());
    page.append(" operations are built.**\n\n| operation | built | held to |\n|---|---|---|\n");
    operations.forEach((operation, is) ->
        page.append("| ")
            .append(operation)
            .append(is ? " | yes | " : " | no | ")
            .append(is ? verified.getProperty(operation, "") : "")
            .append(" |\n"));
    return page.toString();
  }
}
