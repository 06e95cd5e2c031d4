package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.InvalidParameterValueException;

/** Layers as functions see them, in every kind of runtime, and while they change. */
class LayersTest {
  /** Tells what it sees of its layers. */
  private static final String PYTHON =
      """
      import os, subprocess, sys
      import said

      def handler(event, context):
          tool = subprocess.run(["tool"], capture_output=True, text=True).stdout.strip()
          try:
              import packaged
              package = packaged.TEXT
          except ImportError:
              package = None
          try:
              open("/opt/x", "w")
              writable = True
          except OSError:
              writable = False
          return {"said": said.TEXT, "tool": tool, "package": package, "writable": writable,
                  "opt": sorted(os.listdir("/opt")), "wrapped": os.environ.get("WRAPPED")}
      """;

  private static final String NODE =
      """
      const said = require("said");
      exports.handler = async () => ({ said: said.text });
      """;

  private static Zip saying(String text) {
    return Zip.empty()
        .file("python/said.py", "TEXT = '" + text + "'\n")
        .file("nodejs/node_modules/said/index.js", "exports.text = '" + text + "';\n")
        .program("bin/tool", bytes("#!/bin/sh\necho tool of " + text + "\n"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String publish(LambdaClient lambda, String name, Zip content) {
    return lambda
        .publishLayerVersion(
            r -> r.layerName(name).content(c -> c.zipFile(SdkBytes.fromByteArray(content.bytes()))))
        .layerVersionArn();
  }

  private static TestFunction python(
      LambdaClient lambda, String name, Zip code, Map<String, String> own, String... layers) {
    return TestFunction.create(
        lambda,
        name,
        TestFunction.PYTHON,
        "app.handler",
        code.file("app.py", PYTHON).bytes(),
        r -> r.layers(layers).environment(e -> e.variables(own)));
  }

  private static void update(LambdaClient lambda, TestFunction function, String... layers) {
    lambda.updateFunctionConfiguration(r -> r.functionName(function.name()).layers(layers));
    function.awaitReady();
  }

  @Test
  void functionsSeeTheirLayers() {
    try (RunningLambic lambic = RunningLambic.start();
        LambdaClient lambda = Clients.lambda(lambic.address())) {
      String first = publish(lambda, "first", saying("first"));
      String second = publish(lambda, "second", saying("second").file("extra.txt", "x"));
      inPython(lambda, first, second);
      inNode(lambda, first, second);
      inACustomRuntime(lambda);
      behindAWrapper(lambda, first);
      atMostFive(lambda);
      afterDeletionAndRestart(lambic, lambda, first);
    }
  }

  private static void inPython(LambdaClient lambda, String first, String second) {
    TestFunction function = python(lambda, "py", Zip.empty(), Map.of(), first, second);
    var seen = function.invoke("{}").success();
    assertThat(seen.path("said").asText()).isEqualTo("second");
    assertThat(seen.path("tool").asText()).isEqualTo("tool of second");
    assertThat(seen.path("writable").asBoolean()).isFalse();
    assertThat(seen.path("opt").toString())
        .isEqualTo("[\"bin\",\"extra.txt\",\"nodejs\",\"python\"]");
    assertThat(seen.path("package").isNull()).isTrue();
    // Every change of the list shows at the next call.
    for (int round = 0; round < 3; round++) {
      update(lambda, function, second, first);
      assertThat(function.invoke("{}").success().path("said").asText()).isEqualTo("first");
      update(lambda, function, first, second);
      assertThat(function.invoke("{}").success().path("said").asText()).isEqualTo("second");
    }
    String newer = publish(lambda, "first", saying("newer"));
    update(lambda, function, second, newer);
    seen = function.invoke("{}").success();
    assertThat(seen.path("said").asText()).isEqualTo("newer");
    assertThat(seen.path("tool").asText()).isEqualTo("tool of newer");
    update(lambda, function, first);
    assertThat(function.invoke("{}").success().path("opt").toString())
        .isEqualTo("[\"bin\",\"nodejs\",\"python\"]");
    update(lambda, function);
    assertThat(function.invoke("{}").errorMessage()).contains("No module named 'said'");
    // The directory of the version that runs, whichever this host has.
    Zip packaged = saying("x");
    for (int minor = 10; minor < 20; minor++) {
      packaged.file(
          "python/lib/python3." + minor + "/site-packages/packaged.py", "TEXT = 'packaged'\n");
    }
    update(lambda, function, publish(lambda, "packaged", packaged));
    assertThat(function.invoke("{}").success().path("package").asText()).isEqualTo("packaged");
    TestFunction own =
        python(
            lambda,
            "own",
            Zip.empty().file("said.py", "TEXT = 'the function itself'\n"),
            Map.of(),
            first);
    assertThat(own.invoke("{}").success().path("said").asText()).isEqualTo("the function itself");
  }

  private static void inNode(LambdaClient lambda, String first, String second) {
    TestFunction function =
        TestFunction.create(
            lambda,
            "node",
            TestFunction.NODE,
            "app.handler",
            Zip.of("app.js", NODE),
            r -> r.layers(first, second));
    assertThat(function.invoke("{}").success().path("said").asText()).isEqualTo("second");
    update(lambda, function, first);
    assertThat(function.invoke("{}").success().path("said").asText()).isEqualTo("first");
  }

  private static void inACustomRuntime(LambdaClient lambda) {
    byte[] bootstrap = bytes(Zip.read(Places.function("bootstrap.sh")));
    String layer = publish(lambda, "runtime", Zip.empty().program("bootstrap", bootstrap));
    TestFunction function =
        TestFunction.create(
            lambda,
            "custom",
            TestFunction.CUSTOM,
            "whatever",
            Zip.of("data.txt", "no program"),
            r -> r.layers(layer));
    assertThat(function.invoke("7").success().path("event").asInt()).isEqualTo(7);
  }

  private static void behindAWrapper(LambdaClient lambda, String said) {
    String wrapper =
        publish(
            lambda,
            "wrapper",
            Zip.empty().program("wrap", bytes("#!/bin/bash\nexport WRAPPED=yes\nexec \"$@\"\n")));
    TestFunction function =
        python(
            lambda,
            "wrapped",
            Zip.empty(),
            Map.of("AWS_LAMBDA_EXEC_WRAPPER", "/opt/wrap"),
            said,
            wrapper);
    assertThat(function.invoke("{}").success().path("wrapped").asText()).isEqualTo("yes");
  }

  private static void atMostFive(LambdaClient lambda) {
    List<String> layers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Zip layer = saying("number " + i).file("n" + i, "x");
      layers.add(publish(lambda, "n" + i, layer));
    }
    assertThatThrownBy(
            () -> python(lambda, "six", Zip.empty(), Map.of(), layers.toArray(String[]::new)))
        .isInstanceOf(InvalidParameterValueException.class)
        .hasMessageContaining("Cannot reference more than 5 layers.");
    TestFunction function =
        python(lambda, "five", Zip.empty(), Map.of(), layers.subList(0, 5).toArray(String[]::new));
    var seen = function.invoke("{}").success();
    assertThat(seen.path("said").asText()).isEqualTo("number 4");
    assertThat(seen.path("opt").toString())
        .isEqualTo("[\"bin\",\"n0\",\"n1\",\"n2\",\"n3\",\"n4\",\"nodejs\",\"python\"]");
  }

  private static void afterDeletionAndRestart(
      RunningLambic lambic, LambdaClient lambda, String other) {
    String doomed = publish(lambda, "doomed", saying("doomed"));
    TestFunction function = python(lambda, "faithful", Zip.empty(), Map.of(), other, doomed);
    lambda.deleteLayerVersion(r -> r.layerName("doomed").versionNumber(1L));
    assertThat(function.invoke("{}").success().path("said").asText()).isEqualTo("doomed");
    lambic.killHard();
    lambic.launch();
    try (LambdaClient again = Clients.lambda(lambic.address())) {
      Await.until(
          Duration.ofSeconds(30),
          "the function is there",
          () -> again.listLayers().layers().size() > 1);
      var answer =
          Invoked.of(
              again.invoke(r -> r.functionName("faithful").payload(SdkBytes.fromUtf8String("{}"))));
      assertThat(answer.success().path("said").asText()).isEqualTo("doomed");
      assertThatThrownBy(() -> again.getLayerVersion(r -> r.layerName("doomed").versionNumber(1L)))
          .hasMessageContaining("The resource you requested does not exist.");
      assertThatThrownBy(
              () -> again.updateFunctionConfiguration(r -> r.functionName("py").layers(doomed)))
          .hasMessageContaining("Layer version " + doomed + " does not exist.");
    }
  }
}
