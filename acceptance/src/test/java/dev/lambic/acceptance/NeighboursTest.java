package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Functions use AWS's services by boto3 without configuration, and the order demo does too. */
class NeighboursTest {
  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction deploy(String name, String table) {
    return TestFunction.python(
        LAMBIC.lambda(),
        name,
        "neighbours.py",
        settings ->
            settings
                .timeout(60)
                .memorySize(512)
                .environment(own -> own.variables(Map.of("TABLE", table))));
  }

  private static void succeeds(Script.Ended ended) {
    assertThat(ended.code()).as(ended.output()).isZero();
  }

  @Test
  void pythonFunctionsFindBoto3() {
    JsonNode versions = deploy("versions", "none").act("versions").success();
    assertThat(versions.path("file").asText()).startsWith("/var/runtime/boto3/");
  }

  @Test
  void functionsReachLambda() {
    TestFunction function = deploy("calls", "none");
    TestFunction called = TestFunction.python(LAMBIC.lambda(), "called", "probe.py");
    assertThat(function.act("list").success().toString()).contains("\"calls\"", "\"called\"");
    assertThat(called.act("echo").error()).isNull();
    Invoked answer = function.invoke("{\"do\":\"call\",\"function\":\"called\"}");
    assertThat(answer.success().asText()).isEqualTo("{\"do\": \"echo\"}");
  }

  @Test
  void functionsReachDynamoDb(@TempDir Path directory) {
    succeeds(
        Script.python(LAMBIC.server().address(), Places.script("make_table.py"), "things", "id")
            .run(directory));
    TestFunction function = deploy("items", "things");
    for (String id : List.of("a", "b")) {
      JsonNode answer = function.invoke("{\"do\":\"items\",\"id\":\"" + id + "\"}").success();
      assertThat(answer.path("count").asText()).isEqualTo("4.5");
      assertThat(answer.path("tags").toString()).isEqualTo("[\"a\",\"b\"]");
      assertThat(answer.path("missing").asBoolean()).isFalse();
    }
    assertThat(function.act("wrong_table").success().asText())
        .isEqualTo("ResourceNotFoundException");
  }

  @Test
  void streamsOfTablesCanBeMapped(@TempDir Path directory) {
    deploy("mapped", "none");
    succeeds(
        Script.python(LAMBIC.server().address(), Places.script("map_stream.py"), "mapped")
            .run(directory));
  }

  @Test
  void theHandlerThatTutorialsBeginWithRuns(@TempDir Path directory) {
    Script table =
        Script.python(
            LAMBIC.server().address(),
            Places.script("make_table.py"),
            "Orders",
            "order_id",
            "{\"order_id\": {\"S\": \"o-1\"}, \"state\": {\"S\": \"packed\"}}");
    succeeds(table.run(directory));
    TestFunction function =
        TestFunction.create(
            LAMBIC.lambda(),
            "api-gateway",
            TestFunction.PYTHON,
            "api_gateway.lambda_handler",
            Zip.ofFunction("api_gateway.py"),
            settings -> settings.timeout(60).memorySize(512));
    Invoked found = function.invokeWithLog("{\"body\":\"{\\\"order_id\\\":\\\"o-1\\\"}\"}");
    assertThat(found.success().path("statusCode").asInt()).isEqualTo(200);
    assertThat(Invoked.parse(found.json().path("body").asText()).path("state").asText())
        .isEqualTo("packed");
    assertThat(found.json().path("headers").path("Access-Control-Allow-Origin").asText())
        .isEqualTo("*");
    assertThat(found.log()).contains("id " + found.requestId());
    Invoked missing = function.invoke("{\"body\":\"{\\\"order_id\\\":\\\"o-2\\\"}\"}");
    assertThat(missing.success().path("body").asText()).isEqualTo("{}");
    Invoked broken = function.invoke("{\"body\":\"{\"}");
    assertThat(broken.success().path("statusCode").asInt()).isEqualTo(500);
  }

  @Test
  void theOrderDemoWorks(@TempDir Path directory) {
    Script demo =
        Script.python(
            LAMBIC.server().address(),
            Places.root().resolve("examples/orders/demo.py"),
            "--endpoint",
            LAMBIC.server().address().toString(),
            "--warm",
            "20");
    Script.Ended first = demo.run(directory);
    succeeds(first);
    assertThat(first.output()).contains("cold ", "warm, median");
    succeeds(demo.run(directory));
  }

  @Test
  void dynamoDbKeepsItsTablesOverRestarts(@TempDir Path directory) {
    try (RunningLambic lambic = RunningLambic.start()) {
      String[] made = {"kept", "id", "{\"id\": {\"S\": \"x\"}}"};
      succeeds(
          Script.python(lambic.address(), Places.script("make_table.py"), made).run(directory));
      lambic.askToEnd();
      assertThat(lambic.awaitEnd()).isZero();
      assertThat(Residue.processesNaming(lambic.data())).isEmpty();
      lambic.launch();
      String[] asked = {"kept", "id", "{\"id\": {\"S\": \"x\"}}", "--read"};
      succeeds(
          Script.python(lambic.address(), Places.script("make_table.py"), asked).run(directory));
    }
  }
}
