package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.CountingResources;
import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.invocation.testing.FakeStarter;
import dev.lambic.invocation.testing.ManualTicker;
import dev.lambic.invocation.testing.RecordingLogs;
import dev.lambic.kernel.Ids;
import dev.lambic.runtime.LogSettings;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A dispatcher among fakes, driven by one test thread; asserts at its end that nothing is left. */
final class Stage implements AutoCloseable {
  static final Duration INIT_TIMEOUT = Duration.ofSeconds(10);
  static final int TIMEOUT_SECONDS = 3;
  static final InvocationConfig CONFIG =
      new InvocationConfig(10, 10, 2, Duration.ofMinutes(10), INIT_TIMEOUT);

  static final String INIT_START =
      "INIT_START Runtime Version: python:3.12.v1\tRuntime Version ARN:"
          + " arn:aws:lambda:us-east-1::runtime:1";

  final ManualTicker ticker = new ManualTicker();
  final ManualLater later = new ManualLater(ticker);
  final FakeStarter starter = new FakeStarter();
  final CountingResources resources = new CountingResources();
  final RecordingLogs logs = new RecordingLogs();
  final List<Throwable> faults = new ArrayList<>();
  final Dispatcher dispatcher;
  private int invocations;

  Stage() {
    this(CONFIG);
  }

  Stage(InvocationConfig config) {
    dispatcher =
        new Dispatcher(
            config,
            new EnvironmentMaker(starter, resources, logs, ticker, Ids.seeded(1)),
            ticker,
            (where, fault) -> faults.add(fault),
            later,
            later);
  }

  FunctionImage image(String name) {
    return image(name, name + ":1");
  }

  FunctionImage image(String name, LogSettings settings) {
    return image(name, name + ":1", settings);
  }

  static String arn(String function) {
    return "arn:aws:lambda:us-east-1:000000000000:function:" + function;
  }

  void reserve(String function, @Nullable Integer count) {
    dispatcher.reserve("000000000000", "us-east-1", arn(function), count);
    later.settle();
  }

  void provision(String function, int count) {
    dispatcher.provision(image(function), count);
    later.settle();
  }

  Provisioned provisioned(String function) {
    return dispatcher.provisioned(image(function).key()).orElseThrow();
  }

  FunctionImage image(String name, String key) {
    return image(name, key, LogSettings.TEXT);
  }

  private FunctionImage image(String name, String key, LogSettings settings) {
    return new FunctionImage(
        key,
        arn(name),
        name,
        "$LATEST",
        "us-east-1",
        "000000000000",
        "arn:aws:iam::000000000000:role/r",
        "python3.12",
        "arn:aws:lambda:us-east-1::runtime:1",
        "app.handler",
        128,
        TIMEOUT_SECONDS,
        512,
        Map.of("KEY", "value"),
        "/aws/lambda/" + name,
        settings,
        resources,
        false,
        List.of());
  }

  Invocation invocation(FunctionImage image, boolean wantLog) {
    return invocation(image, wantLog, false);
  }

  private Invocation invocation(FunctionImage image, boolean wantLog, boolean streamed) {
    byte[] payload = "{}".getBytes(StandardCharsets.UTF_8);
    String id = "id-" + ++invocations;
    return new Invocation(id, image, image.arn(), payload, wantLog, "trace", null, streamed);
  }

  /** A call that is one of a tenant's. */
  Invocation invocation(FunctionImage image, String tenant) {
    byte[] payload = "{}".getBytes(StandardCharsets.UTF_8);
    String id = "id-" + ++invocations;
    return new Invocation(id, image, image.arn(), payload, false, "trace", null, false, tenant);
  }

  RecordingAnswer invokeAs(String tenant, String function) {
    RecordingAnswer answer = new RecordingAnswer();
    dispatcher.invoke(invocation(image(function), tenant), answer);
    later.settle();
    return answer;
  }

  RecordingAnswer invoke(FunctionImage image, boolean wantLog) {
    RecordingAnswer answer = new RecordingAnswer();
    dispatcher.invoke(invocation(image, wantLog), answer);
    later.settle();
    return answer;
  }

  RecordingAnswer invoke(String function) {
    return invoke(image(function), false);
  }

  RecordingAnswer invokeWithLog(String function) {
    return invoke(image(function), true);
  }

  /** Calls a function whose result is wanted in pieces. */
  RecordingAnswer stream(String function, boolean wantLog) {
    RecordingAnswer answer = new RecordingAnswer();
    dispatcher.invoke(invocation(image(function), wantLog, true), answer);
    later.settle();
    return answer;
  }

  /** The environment that was started as the n-th, from 0. */
  FakeEnvironment environment(int n) {
    List<FakeEnvironment> started = starter.started();
    assertThat(started).hasSizeGreaterThan(n);
    return started.get(n);
  }

  /** An environment that has run an invocation and is idle. */
  FakeEnvironment warm(String function) {
    int n = starter.started().size();
    RecordingAnswer answer = invoke(function);
    FakeEnvironment environment = environment(n);
    environment.next();
    later.settle();
    environment.answer("\"first\"");
    later.settle();
    assertThat(answer.result()).isEqualTo("\"first\"");
    return environment;
  }

  /** The runtime of the environment asks for an event, or for the next. */
  void next(FakeEnvironment environment) {
    environment.next();
    later.settle();
  }

  void answer(FakeEnvironment environment, String body) {
    environment.answer(body);
    later.settle();
  }

  /** The log of the environment that was started as the n-th, after the line with its runtime. */
  List<String> log(int n) {
    List<String> all = logs.events().get(n);
    int begin = all.indexOf(INIT_START);
    assertThat(begin).isIn(0, 1);
    List<String> rest = new ArrayList<>(all);
    rest.remove(begin);
    return rest;
  }

  @Override
  public void close() {
    dispatcher.close();
    later.settle();
    starter.started().forEach(FakeEnvironment::vanish);
    later.settle();
    assertThat(faults).isEmpty();
    assertThat(starter.misuses()).isZero();
    assertThat(starter.started()).allMatch(FakeEnvironment::isKilled);
    assertThat(resources.held()).isZero();
    assertThat(resources.givenBackTwice()).isZero();
    assertThat(dispatcher.running()).isZero();
    assertThat(dispatcher.existing()).isZero();
    assertThat(dispatcher.remembersNothing()).isTrue();
  }
}
