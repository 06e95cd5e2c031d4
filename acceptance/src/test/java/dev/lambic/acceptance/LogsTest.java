package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogStream;
import software.amazon.awssdk.services.cloudwatchlogs.model.OutputLogEvent;

/** What functions log, read with AWS's own clients and with {@code ./lambic logs}. */
class LogsTest {
  private static final String WRITER =
      """
      import boto3, time

      def handler(event, context):
          logs = boto3.client("logs")
          logs.create_log_group(logGroupName="/mine")
          logs.create_log_stream(logGroupName="/mine", logStreamName=context.aws_request_id)
          logs.put_log_events(
              logGroupName="/mine",
              logStreamName=context.aws_request_id,
              logEvents=[{"timestamp": int(time.time() * 1000), "message": "from inside"}],
          )
          return logs.filter_log_events(logGroupName="/mine")["events"][0]["message"]
      """;

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();

  private static TestFunction probe(String name) {
    return TestFunction.python(LAMBIC.lambda(), name, "probe.py");
  }

  private static FunctionLog log(String function) {
    return FunctionLog.of(LAMBIC.server().address(), function);
  }

  @Test
  void aFunctionsLogHasTheNamesAndTheFormOfAws() {
    TestFunction function = probe("readable");
    try (FunctionLog log = log("readable")) {
      Invoked first = function.invoke("{\"do\":\"log\"}");
      Invoked second = function.invoke("{\"do\":\"raise\",\"text\":\"one\\ntwo\"}");
      log.await(text -> text.startsWith("REPORT RequestId: " + second.requestId()));
      List<LogStream> streams =
          log.client().describeLogStreams(query -> query.logGroupName(log.group())).logStreams();
      assertThat(streams).hasSize(1);
      String name = streams.getFirst().logStreamName();
      assertThat(name).matches("\\d{4}/\\d{2}/\\d{2}/\\[\\$LATEST\\][0-9a-f]{32}");
      GetLogEventsResponse page =
          log.client()
              .getLogEvents(
                  query -> query.logGroupName(log.group()).logStreamName(name).startFromHead(true));
      List<String> texts = page.events().stream().map(OutputLogEvent::message).toList();
      assertThat(texts).contains("printed\n", "to stderr\n");
      assertThat(texts).allMatch(text -> text.endsWith("\n"));
      assertThat(texts)
          .containsSubsequence(
              "START RequestId: " + first.requestId() + " Version: $LATEST\n",
              "printed\n",
              "END RequestId: " + first.requestId() + "\n",
              "START RequestId: " + second.requestId() + " Version: $LATEST\n",
              "END RequestId: " + second.requestId() + "\n");
      assertThat(texts)
          .as("an exception is one event of several lines")
          .anyMatch(text -> text.startsWith("[ERROR] ValueError: one\ntwo\nTraceback (most"))
          .noneMatch(text -> text.contains("\r"));
      assertThat(page.events()).extracting(OutputLogEvent::timestamp).isSorted();
    }
  }

  /** The loop of {@code aws logs tail --follow}, with which an event must come exactly once. */
  @Test
  void aLogCanBeFollowedWhileItGrows() {
    TestFunction function = probe("followed");
    int calls = 40;
    CompletableFuture<Void> running =
        CompletableFuture.runAsync(() -> {
          for (int call = 0; call < calls; call++) {
            function.invoke("{\"do\":\"lines\",\"count\":50}");
          }
        });
    try (FunctionLog log = log("followed")) {
      log.await(text -> text.startsWith("END"));
      List<FilteredLogEvent> seen = new ArrayList<>();
      Set<String> ids = new HashSet<>();
      Await.until(
          java.time.Duration.ofSeconds(60),
          () -> seen.size() + " events",
          () -> {
            running.getNow(null);
            long start = seen.isEmpty() ? 0 : seen.getLast().timestamp();
            String token = null;
            do {
              String next = token;
              FilterLogEventsResponse page =
                  log.client()
                      .filterLogEvents(query ->
                          query
                              .logGroupName(log.group())
                              .startTime(start)
                              .nextToken(next)
                              .limit(100));
              for (FilteredLogEvent event : page.events()) {
                if (ids.add(event.eventId())) {
                  seen.add(event);
                }
              }
              token = page.nextToken();
            } while (token != null);
            return count(seen, "REPORT") == calls;
          });
      assertThat(count(seen, "line ")).isEqualTo(calls * 50L);
      assertThat(count(seen, "START")).isEqualTo(calls);
      assertThat(seen).extracting(FilteredLogEvent::eventId).isSorted();
    }
  }

  private static long count(List<FilteredLogEvent> events, String prefix) {
    return events.stream().filter(event -> event.message().startsWith(prefix)).count();
  }

  @Test
  void functionsCanWriteLogsOfTheirOwn() {
    TestFunction function = TestFunction.pythonText(LAMBIC.lambda(), "writer", WRITER);
    assertThat(function.invoke("{}").success().asText()).isEqualTo("from inside");
  }

  @Test
  void theAwsCliReadsIt(@TempDir Path directory) throws IOException {
    TestFunction function = probe("by-cli");
    function.invoke("{\"do\":\"log\"}");
    try (FunctionLog log = log("by-cli")) {
      log.await(text -> text.startsWith("REPORT"));
    }
    Path script =
        Files.writeString(
            directory.resolve("logs.sh"),
            """
            set -e
            aws logs filter-log-events --log-group-name /aws/lambda/by-cli \\
              --filter-pattern '"to stderr"' --query 'events[].message' --output text
            aws logs describe-log-streams --log-group-name /aws/lambda/by-cli \\
              --order-by LastEventTime --descending --query 'length(logStreams)'
            """);
    Script.Ended ended = Script.withAwsCli(LAMBIC.server().address(), script).run(directory);
    assertThat(ended.output().lines()).containsExactly("to stderr", "", "1");
    assertThat(ended.code()).isZero();
  }

  private static List<String> command(RunningLambic server, String function) {
    return List.of(
        Places.python().toString(),
        Places.root().resolve("server/tools/logs.py").toString(),
        "--endpoint",
        server.address().toString(),
        "--credentials",
        server.data().resolve("credentials").toString(),
        function);
  }

  @Test
  void lambicPrintsItAndFollowsIt() throws Exception {
    TestFunction function = probe("shown");
    Invoked first = function.invoke("{\"do\":\"log\"}");
    List<String> command = new ArrayList<>(command(LAMBIC.server(), "shown"));
    command.add("--follow");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("PYTHONPATH", Places.boto3().toString());
    Process following = builder.start();
    try (BufferedReader lines = following.inputReader(StandardCharsets.UTF_8)) {
      CompletableFuture<Void> read =
          CompletableFuture.runAsync(() -> {
            assertThat(until(lines, "REPORT RequestId: " + first.requestId()))
                .anyMatch(line ->
                    line.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d.\\d{3}Z printed"));
            Invoked second = function.invoke("{\"do\":\"log\"}");
            assertThat(until(lines, "REPORT RequestId: " + second.requestId()))
                .as("what was shown is not shown again")
                .noneMatch(line -> line.contains(first.requestId()))
                .anyMatch(line -> line.contains("START RequestId: " + second.requestId()));
          });
      read.get(60, TimeUnit.SECONDS);
    } finally {
      following.destroyForcibly();
    }
  }

  /** The lines up to the first that contains a text. */
  private static List<String> until(BufferedReader from, String text) {
    List<String> lines = new ArrayList<>();
    try {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        lines.add(line);
        if (line.contains(text)) {
          return lines;
        }
      }
    } catch (IOException e) {
      throw new AssertionError(lines.toString(), e);
    }
    throw new AssertionError("it ended: " + lines);
  }

  @Test
  void whatCouldBeReadSurvivesAKillOfTheServer() {
    try (RunningLambic server = RunningLambic.start();
        var client = Clients.lambda(server.address())) {
      TestFunction function = TestFunction.python(client, "durable", "probe.py");
      Invoked answer = function.invoke("{\"do\":\"log\"}");
      List<String> before;
      try (FunctionLog log = FunctionLog.of(server.address(), "durable")) {
        log.await(text -> text.startsWith("REPORT RequestId: " + answer.requestId()));
        before = log.texts();
      }
      server.killHard();
      server.launch();
      try (FunctionLog log = FunctionLog.of(server.address(), "durable")) {
        assertThat(log.texts()).isEqualTo(before).contains("printed\n");
      }
    }
  }
}
