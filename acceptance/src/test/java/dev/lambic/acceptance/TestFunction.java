package dev.lambic.acceptance;

import java.time.Duration;
import java.util.function.Consumer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.InvokeResponse;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.LogType;
import software.amazon.awssdk.services.lambda.model.State;

/** A deployed function. */
final class TestFunction {
  static final String PYTHON = "python3.13";
  static final String NODE = "nodejs22.x";
  static final String RUBY = "ruby3.4";
  static final String CUSTOM = "provided.al2023";
  static final String ROLE = "arn:aws:iam::" + Clients.ACCOUNT + ":role/service/tests";

  private static final Duration READY = Duration.ofSeconds(30);
  private static final Duration PUBLISHED = Duration.ofSeconds(90);

  private final LambdaClient client;
  private final String name;

  private TestFunction(LambdaClient client, String name) {
    this.client = client;
    this.name = name;
  }

  /** Creates a function from a package and waits until it can be called. */
  static TestFunction create(
      LambdaClient client,
      String name,
      String runtime,
      String handler,
      byte[] zip,
      Consumer<CreateFunctionRequest.Builder> more) {
    CreateFunctionRequest.Builder request = request(name, runtime, handler, zip);
    more.accept(request);
    client.createFunction(request.build());
    TestFunction function = new TestFunction(client, name);
    function.awaitReady();
    return function;
  }

  /** A request with all that it must have. */
  static CreateFunctionRequest.Builder request(
      String name, String runtime, String handler, byte[] zip) {
    return CreateFunctionRequest.builder()
        .functionName(name)
        .runtime(runtime)
        .handler(handler)
        .role(ROLE)
        .timeout(20)
        .code(code -> code.zipFile(SdkBytes.fromByteArrayUnsafe(zip)));
  }

  /** A Python function of one source file of the tests. */
  static TestFunction python(LambdaClient client, String name, String file) {
    return python(client, name, file, settings -> {});
  }

  static TestFunction python(
      LambdaClient client, String name, String file, Consumer<CreateFunctionRequest.Builder> more) {
    String module = file.substring(0, file.lastIndexOf('.'));
    return create(client, name, PYTHON, module + ".handler", Zip.ofFunction(file), more);
  }

  /** A Python function of a source text. */
  static TestFunction pythonText(LambdaClient client, String name, String source) {
    return create(client, name, PYTHON, "app.handler", Zip.of("app.py", source), settings -> {});
  }

  /** A Node.js function of one source file of the tests. */
  static TestFunction node(
      LambdaClient client, String name, String file, Consumer<CreateFunctionRequest.Builder> more) {
    String module = file.substring(0, file.lastIndexOf('.'));
    return create(client, name, NODE, module + ".handler", Zip.ofFunction(file), more);
  }

  /** Publishes what it is now, waits until that can be called or never will, and names it. */
  TestFunction publish() {
    String version = client.publishVersion(request -> request.functionName(name)).version();
    TestFunction published = new TestFunction(client, name + ":" + version);
    Await.until(
        PUBLISHED,
        () -> "still " + published.configuration(),
        () -> published.configuration().state() != State.PENDING);
    return published;
  }

  String name() {
    return name;
  }

  /** Waits until the last change of it has been applied. */
  void awaitReady() {
    Await.until(
        READY,
        () -> "ready is " + configuration(),
        () -> {
          FunctionConfiguration now = configuration();
          return now.state() == State.ACTIVE
              && now.lastUpdateStatus() == LastUpdateStatus.SUCCESSFUL;
        });
  }

  FunctionConfiguration configuration() {
    return client.getFunction(request -> request.functionName(name)).configuration();
  }

  Invoked invoke(String event) {
    return call(event, LogType.NONE);
  }

  /** Calls it and asks for the log's tail too. */
  Invoked invokeWithLog(String event) {
    return call(event, LogType.TAIL);
  }

  private Invoked call(String event, LogType log) {
    InvokeResponse response =
        client.invoke(request ->
            request.functionName(name).logType(log).payload(SdkBytes.fromUtf8String(event)));
    return Invoked.of(response);
  }

  /** Calls a function of the tests that does one of several things. */
  Invoked act(String what) {
    return invoke("{\"do\":" + Invoked.quote(what) + "}");
  }

  void delete() {
    client.deleteFunction(request -> request.functionName(name));
  }
}
