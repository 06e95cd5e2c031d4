package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.http.HttpConfig;
import dev.lambic.http.HttpServer;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.AccessKey;
import dev.lambic.wire.AuthMode;
import dev.lambic.wire.AwsEndpoint;
import dev.lambic.wire.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.InputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogGroup;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogStream;
import software.amazon.awssdk.services.cloudwatchlogs.model.OrderBy;
import software.amazon.awssdk.services.cloudwatchlogs.model.OutputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutLogEventsResponse;

/** The SDK's own client over a socket; answers as recorded from AWS where there is a record. */
final class LogsServiceTest {
  private static final String ARN = "arn:aws:logs:eu-west-1:123456789012:log-group:";
  private static final long DAY = 86_400_000;

  @TempDir private Path directory;
  private final HandClock clock = new HandClock();
  private final long now = clock.millis();
  private final ConcurrentLinkedQueue<Throwable> faults = new ConcurrentLinkedQueue<>();
  private LogStore store;
  private HttpServer server;
  private CloudWatchLogsClient logs;

  @BeforeEach
  void start() throws IOException {
    LogConfig standard = LogConfig.standard();
    LogConfig config =
        new LogConfig(
            standard.totalBytes(),
            standard.streams(),
            60,
            standard.queuedBytes(),
            standard.queuedStreamBytes(),
            standard.gather());
    store =
        LogStore.open(
            directory.resolve("logs.db"), config, clock, (where, fault) -> faults.add(fault));
    server = HttpServer.start(1, (where, fault) -> faults.add(fault));
    AwsEndpoint endpoint =
        AwsEndpoint.builder(Ticker.system(), Ids.secure(), (where, fault) -> faults.add(fault))
            .auth(
                AuthMode.ENFORCE,
                id -> id.equals("AKIATEST") ? AccessKey.ofAccount("secret", "123456789012") : null)
            .service(Service.sdk("logs", CloudWatchLogsClient.class, () -> new LogsService(store)))
            .build();
    InetSocketAddress address =
        server
            .listen(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                HttpConfig.standard(),
                endpoint)
            .address();
    logs =
        CloudWatchLogsClient.builder()
            .endpointOverride(URI.create("http://127.0.0.1:" + address.getPort()))
            .region(Region.EU_WEST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIATEST", "secret")))
            .overrideConfiguration(o -> o.retryStrategy(AwsRetryStrategy.doNotRetry()))
            .build();
  }

  @AfterEach
  void stop() {
    logs.close();
    server.close();
    store.close();
    assertThat(faults).isEmpty();
  }

  private static void refused(String code, String message, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            AwsServiceException.class,
            e -> {
              assertThat(e.awsErrorDetails().errorCode()).isEqualTo(code);
              assertThat(e.awsErrorDetails().errorMessage()).isEqualTo(message);
              assertThat(e.statusCode()).isEqualTo(400);
            });
  }

  private void group(String name) {
    logs.createLogGroup(r -> r.logGroupName(name));
  }

  private void stream(String group, String name) {
    logs.createLogStream(r -> r.logGroupName(group).logStreamName(name));
  }

  private static InputLogEvent event(long time, String text) {
    return InputLogEvent.builder().timestamp(time).message(text).build();
  }

  private PutLogEventsResponse put(String group, String stream, InputLogEvent... events) {
    return logs.putLogEvents(r -> r.logGroupName(group).logStreamName(stream).logEvents(events));
  }

  private static List<String> texts(GetLogEventsResponse page) {
    return page.events().stream().map(OutputLogEvent::message).toList();
  }

  private List<String> filtered(Consumer<FilterLogEventsRequest.Builder> query) {
    return logs.filterLogEvents(query).events().stream().map(FilteredLogEvent::message).toList();
  }

  @Test
  void aGroupFromItsCreationToItsEnd() {
    group("/aws/lambda/f");
    List<LogGroup> found = logs.describeLogGroups().logGroups();
    assertThat(found)
        .containsExactly(
            LogGroup.builder()
                .arn(ARN + "/aws/lambda/f:*")
                .creationTime(now)
                .deletionProtectionEnabled(false)
                .logGroupArn(ARN + "/aws/lambda/f")
                .logGroupClass("STANDARD")
                .logGroupName("/aws/lambda/f")
                .metricFilterCount(0)
                .storedBytes(0L)
                .build());
    refused(
        "ResourceAlreadyExistsException",
        "The specified log group already exists",
        () -> group("/aws/lambda/f"));
    logs.deleteLogGroup(r -> r.logGroupName("/aws/lambda/f"));
    assertThat(logs.describeLogGroups().logGroups()).isEmpty();
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> logs.deleteLogGroup(r -> r.logGroupName("/aws/lambda/f")));
  }

  @Test
  void namesOfGroupsAreChecked() {
    refused(
        "InvalidParameterException",
        "Invalid LogGroup or LogStream, both must have length less than or equal to 512.",
        () -> group("x".repeat(513)));
    refused(
        "InvalidParameterException",
        "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint:"
            + " Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        () -> group("a b"));
    refused(
        "InvalidParameterException",
        "Log groups starting with AWS/ are reserved for AWS.",
        () -> group("aws/mine"));
    refused(
        "InvalidParameterException",
        "Lambic does not support kmsKeyId yet.",
        () -> logs.createLogGroup(r -> r.logGroupName("k").kmsKeyId("arn:aws:kms:x:1:key/1")));
    refused(
        "InvalidParameterException",
        "Lambic does not support logGroupClass INFREQUENT_ACCESS yet.",
        () -> logs.createLogGroup(r -> r.logGroupName("k").logGroupClass("INFREQUENT_ACCESS")));
    assertThat(logs.describeLogGroups().logGroups()).isEmpty();
  }

  @Test
  void groupsAreFoundByNamePrefixAndPattern() {
    IntStream.range(0, 60).forEach(i -> group(String.format("/app/%02d", i)));
    refused("LimitExceededException", "Resource limit exceeded.", () -> group("one-more"));
    List<String> all = new ArrayList<>();
    logs.describeLogGroupsPaginator(r -> r.limit(7))
        .logGroups()
        .forEach(g -> all.add(g.logGroupName()));
    assertThat(all).hasSize(60).isSorted();
    assertThat(logs.describeLogGroups().logGroups()).hasSize(50);
    assertThat(logs.describeLogGroups(r -> r.logGroupNamePrefix("/app/1")).logGroups())
        .extracting(LogGroup::logGroupName)
        .hasSize(10)
        .allMatch(name -> name.startsWith("/app/1"));
    assertThat(logs.describeLogGroups(r -> r.logGroupNamePattern("p/05")).logGroups())
        .containsExactly(
            LogGroup.builder()
                .arn(ARN + "/app/05:*")
                .creationTime(now)
                .logGroupArn(ARN + "/app/05")
                .logGroupClass("STANDARD")
                .logGroupName("/app/05")
                .metricFilterCount(0)
                .build());
    assertThat(
            logs.describeLogGroups(r -> r.logGroupIdentifiers("/app/07", ARN + "/app/08", "none"))
                .logGroups())
        .extracting(LogGroup::logGroupName)
        .containsExactly("/app/07", "/app/08");
    refused(
        "InvalidParameterException",
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        () -> logs.describeLogGroups(r -> r.logGroupNamePrefix("a").logGroupNamePattern("b")));
    refused(
        "InvalidParameterException",
        "The specified nextToken is invalid.",
        () -> logs.describeLogGroups(r -> r.nextToken("?")));
  }

  @Test
  void aStreamFromItsCreationToItsEnd() {
    group("g");
    stream("g", "2026/11/23/[$LATEST]0a");
    LogStream expected =
        LogStream.builder()
            .arn(ARN + "g:log-stream:2026/11/23/[$LATEST]0a")
            .creationTime(now)
            .logStreamName("2026/11/23/[$LATEST]0a")
            .build();
    for (String identifier : List.of("g", ARN + "g")) {
      List<LogStream> found =
          logs.describeLogStreams(r -> r.logGroupIdentifier(identifier)).logStreams();
      assertThat(found.getFirst().toString()).contains("StoredBytes=0");
      assertThat(found).hasSize(1);
      assertThat(found.getFirst().arn()).isEqualTo(expected.arn());
      assertThat(found.getFirst().creationTime()).isEqualTo(expected.creationTime());
      assertThat(found.getFirst().lastEventTimestamp()).isNull();
      assertThat(found.getFirst().uploadSequenceToken()).isNull();
    }
    refused(
        "ResourceAlreadyExistsException",
        "The specified log stream already exists",
        () -> stream("g", "2026/11/23/[$LATEST]0a"));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> stream("none", "s"));
    refused(
        "ValidationException",
        "LogGroup name and LogGroup ARN are mutually exclusive parameters.",
        () -> logs.describeLogStreams(r -> r.logGroupName("g").logGroupIdentifier(ARN + "g")));
    put("g", "2026/11/23/[$LATEST]0a", event(now - 5, "a"), event(now - 1, "b"));
    LogStream used = logs.describeLogStreams(r -> r.logGroupName("g")).logStreams().getFirst();
    assertThat(used.firstEventTimestamp()).isEqualTo(now - 5);
    assertThat(used.lastEventTimestamp()).isEqualTo(now - 1);
    assertThat(used.lastIngestionTime()).isEqualTo(now);
    assertThat(logs.describeLogGroups().logGroups().getFirst().storedBytes()).isPositive();
    logs.deleteLogStream(r -> r.logGroupName("g").logStreamName("2026/11/23/[$LATEST]0a"));
    assertThat(logs.describeLogGroups().logGroups().getFirst().storedBytes()).isZero();
    refused(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
        () -> logs.deleteLogStream(r -> r.logGroupName("g").logStreamName("s")));
  }

  @Test
  void streamsAreListedByNameOrByTheirLastEvent() {
    group("g");
    for (int i = 0; i < 9; i++) {
      stream("g", "s" + i);
      put("g", "s" + i, event(now - (i * 7) % 9, "x"));
    }
    stream("g", "unused");
    List<String> byTime = new ArrayList<>();
    logs.describeLogStreamsPaginator(
            r -> r.logGroupName("g").orderBy(OrderBy.LAST_EVENT_TIME).descending(true).limit(2))
        .logStreams()
        .forEach(s -> byTime.add(s.logStreamName()));
    assertThat(byTime)
        .containsExactly("s0", "s4", "s8", "s3", "s7", "s2", "s6", "s1", "s5", "unused");
    List<String> rising = new ArrayList<>();
    logs.describeLogStreamsPaginator(
            r -> r.logGroupName("g").orderBy(OrderBy.LAST_EVENT_TIME).limit(3))
        .logStreams()
        .forEach(s -> rising.add(s.logStreamName()));
    assertThat(rising).isEqualTo(byTime.reversed());
    List<String> byName = new ArrayList<>();
    logs.describeLogStreamsPaginator(
            r -> r.logGroupName("g").logStreamNamePrefix("s").descending(true).limit(4))
        .logStreams()
        .forEach(s -> byName.add(s.logStreamName()));
    assertThat(byName).containsExactly("s8", "s7", "s6", "s5", "s4", "s3", "s2", "s1", "s0");
    assertThat(
            logs.describeLogStreams(r -> r.logGroupName("g").logStreamNamePrefix("un"))
                .logStreams())
        .hasSize(1);
    refused(
        "InvalidParameterException",
        "Cannot order by LastEventTime with a logStreamNamePrefix.",
        () ->
            logs.describeLogStreams(r ->
                r.logGroupName("g").logStreamNamePrefix("s").orderBy(OrderBy.LAST_EVENT_TIME)));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> logs.describeLogStreams(r -> r.logGroupName("none")));
  }

  @Test
  void eventsThatAreNotTakenAreTold() {
    group("g");
    stream("g", "s");
    refused(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
        () -> put("g", "none", event(now, "x")));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> put("none", "s", event(now, "x")));
    refused(
        "InvalidParameterException",
        "Log events in a single PutLogEvents request must be in chronological order.",
        () -> put("g", "s", event(now, "x"), event(now - 1, "y")));
    refused(
        "InvalidParameterException",
        "Upload too large: 1048577 bytes exceeds limit of 1048576",
        () -> put("g", "s", event(now, "ü".repeat(524_275) + "x")));
    refused(
        "InvalidParameterException",
        "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        () -> put("g", "s", event(now - DAY - 1, "x"), event(now, "y")));
    refused(
        "InvalidParameterException",
        "1 validation error detected: Value '' at 'logEvents.1.member.message' failed to satisfy"
            + " constraint: Member must have length greater than or equal to 1",
        () -> put("g", "s", event(now, "")));
    assertThat(filtered(r -> r.logGroupName("g"))).isEmpty();

    PutLogEventsResponse mixed =
        put(
            "g",
            "s",
            event(now - 14 * DAY - 2, "too old"),
            event(now - 14 * DAY - 1, "too old"),
            event(now, "just right"),
            event(now + 7_200_000, "just right too"),
            event(now + 7_200_001, "too new"));
    assertThat(mixed.rejectedLogEventsInfo().tooOldLogEventEndIndex()).isEqualTo(2);
    assertThat(mixed.rejectedLogEventsInfo().tooNewLogEventStartIndex()).isEqualTo(4);
    assertThat(mixed.rejectedLogEventsInfo().expiredLogEventEndIndex()).isNull();
    assertThat(mixed.nextSequenceToken()).hasSize(56);
    assertThat(
            put("g", "s", event(now - 15 * DAY, "x"))
                .rejectedLogEventsInfo()
                .tooOldLogEventEndIndex())
        .isEqualTo(1);
    assertThat(put("g", "s", event(now, "good")).rejectedLogEventsInfo()).isNull();
    assertThat(filtered(r -> r.logGroupName("g")))
        .containsExactly("just right", "good", "just right too");
  }

  @Test
  void aStreamIsReadInBothDirections() {
    group("g");
    stream("g", "s");
    InputLogEvent[] events =
        IntStream.range(0, 10).mapToObj(i -> event(now + i, "e" + i)).toArray(InputLogEvent[]::new);
    put("g", "s", events);
    GetLogEventsResponse last =
        logs.getLogEvents(r -> r.logGroupName("g").logStreamName("s").limit(4));
    assertThat(texts(last)).containsExactly("e6", "e7", "e8", "e9");
    assertThat(last.events().getFirst().timestamp()).isEqualTo(now + 6);
    assertThat(last.events().getFirst().ingestionTime()).isEqualTo(now);
    assertThat(last.nextForwardToken()).matches("f/[0-9]{56}/s");
    assertThat(last.nextBackwardToken()).matches("b/[0-9]{56}/s");
    GetLogEventsResponse before = page(last.nextBackwardToken());
    assertThat(texts(before)).containsExactly("e2", "e3", "e4", "e5");
    GetLogEventsResponse first = page(before.nextBackwardToken());
    assertThat(texts(first)).containsExactly("e0", "e1");
    GetLogEventsResponse begin = page(first.nextBackwardToken());
    assertThat(begin.events()).isEmpty();
    assertThat(begin.nextBackwardToken()).isEqualTo(first.nextBackwardToken());
    assertThat(texts(page(begin.nextForwardToken()))).containsExactly("e0", "e1", "e2", "e3");
    assertThat(texts(page(before.nextForwardToken()))).containsExactly("e6", "e7", "e8", "e9");

    GetLogEventsResponse end = page(last.nextForwardToken());
    assertThat(end.events()).isEmpty();
    assertThat(end.nextForwardToken()).isEqualTo(last.nextForwardToken());
    assertThat(texts(page(end.nextBackwardToken()))).containsExactly("e6", "e7", "e8", "e9");
    put("g", "s", event(now + 20, "later"));
    assertThat(texts(page(end.nextForwardToken()))).containsExactly("later");

    assertThat(
            texts(
                logs.getLogEvents(r ->
                    r.logGroupIdentifier(ARN + "g")
                        .logStreamName("s")
                        .startFromHead(true)
                        .limit(2))))
        .containsExactly("e0", "e1");
    assertThat(
            texts(
                logs.getLogEvents(r ->
                    r.logGroupName("g").logStreamName("s").startTime(now + 3).endTime(now + 5))))
        .as("the end is exclusive")
        .containsExactly("e3", "e4");
    List<String> all = new ArrayList<>();
    logs.getLogEventsPaginator(
            r -> r.logGroupName("g").logStreamName("s").startFromHead(true).limit(3))
        .events()
        .forEach(e -> all.add(e.message()));
    assertThat(all).hasSize(11).startsWith("e0", "e1").endsWith("e9", "later");
  }

  private GetLogEventsResponse page(String token) {
    return logs.getLogEvents(
        r -> r.logGroupName("g").logStreamName("s").limit(4).startFromHead(true).nextToken(token));
  }

  @Test
  void anEmptyStreamCanBeFollowed() {
    group("g");
    stream("g", "s");
    GetLogEventsResponse nothing = logs.getLogEvents(r -> r.logGroupName("g").logStreamName("s"));
    assertThat(nothing.events()).isEmpty();
    put("g", "s", event(now, "first"));
    assertThat(texts(page(nothing.nextForwardToken()))).containsExactly("first");
  }

  @Test
  void whatCannotBeReadIsTold() {
    group("g");
    stream("g", "s");
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> logs.getLogEvents(r -> r.logGroupName("none").logStreamName("s")));
    refused(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
        () -> logs.getLogEvents(r -> r.logGroupName("g").logStreamName("none")));
    refused(
        "InvalidParameterException",
        "The specified nextToken is invalid.",
        () -> logs.getLogEvents(r -> r.logGroupName("g").logStreamName("s").nextToken("invalid")));
    refused(
        "InvalidParameterException",
        "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member"
            + " must have value less than or equal to 10000",
        () -> logs.getLogEvents(r -> r.logGroupName("g").logStreamName("s").limit(10_001)));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> logs.filterLogEvents(r -> r.logGroupName("none")));
    refused(
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
        () -> logs.filterLogEvents(r -> r.logGroupName("g").logStreamNames("s", "none")));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () ->
            logs.filterLogEvents(
                r -> r.logGroupIdentifier("arn:aws:logs:eu-west-1:999999999999:log-group:g")));
    refused(
        "InvalidParameterException",
        "Lambic does not support JSON filter patterns yet.",
        () -> logs.filterLogEvents(r -> r.logGroupName("g").filterPattern("{ $.a = 1 }")));
  }

  @Test
  void aGroupIsSearchedAcrossItsStreams() {
    group("g");
    for (int i = 0; i < 3; i++) {
      stream("g", "s" + i);
      for (int j = 0; j < 10; j++) {
        put("g", "s" + i, event(now + j * 10L + i, (j % 2 == 0 ? "INFO " : "ERROR ") + i + j));
      }
    }
    FilterLogEventsResponse all = logs.filterLogEvents(r -> r.logGroupName("g"));
    assertThat(all.events()).hasSize(30);
    assertThat(all.events()).extracting(FilteredLogEvent::timestamp).isSorted();
    assertThat(all.events())
        .extracting(FilteredLogEvent::eventId)
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(all.events().get(1).logStreamName()).isEqualTo("s1");
    assertThat(all.nextToken()).isNull();
    assertThat(all.hasSearchedLogStreams()).isTrue();
    assertThat(all.searchedLogStreams()).isEmpty();

    assertThat(filtered(r -> r.logGroupName("g").filterPattern("ERROR").logStreamNames("s1")))
        .containsExactly("ERROR 11", "ERROR 13", "ERROR 15", "ERROR 17", "ERROR 19");
    assertThat(filtered(r -> r.logGroupName("g").logStreamNamePrefix("s2").filterPattern("-INFO")))
        .hasSize(5);
    assertThat(filtered(r -> r.logGroupName("g").startTime(now + 20).endTime(now + 22)))
        .as("the end is inclusive")
        .containsExactly("INFO 02", "INFO 12", "INFO 22");
    List<String> pages = new ArrayList<>();
    logs.filterLogEventsPaginator(r -> r.logGroupName("g").filterPattern("ERROR").limit(4))
        .events()
        .forEach(e -> pages.add(e.message()));
    assertThat(pages).hasSize(15).startsWith("ERROR 01", "ERROR 11", "ERROR 21", "ERROR 03");
    List<String> newestFirst = new ArrayList<>();
    logs.filterLogEventsPaginator(r ->
            r.logGroupName("g").filterPattern("ERROR").startFromHead(false).startTime(now).limit(4))
        .events()
        .forEach(e -> newestFirst.add(e.message()));
    assertThat(newestFirst).isEqualTo(pages.reversed());
    refused(
        "InvalidParameterException",
        "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.",
        () ->
            logs.filterLogEvents(
                r -> r.logGroupName("g").logStreamNames("s1").logStreamNamePrefix("s")));
  }

  @Test
  void functionsAndClientsShareTheLogs() {
    LogGroupKey key = new LogGroupKey("123456789012", "eu-west-1", "/aws/lambda/f");
    LogSink sink = store.sink(key, "2026/03/04/[$LATEST]0a");
    sink.append(now, "two\nlines\n");
    store.change(0, tables -> 0);
    assertThat(filtered(r -> r.logGroupName("/aws/lambda/f"))).containsExactly("two\nlines\n");
    put("/aws/lambda/f", "2026/03/04/[$LATEST]0a", event(now, "by a client"));
    assertThat(filtered(r -> r.logGroupName("/aws/lambda/f")))
        .containsExactly("two\nlines\n", "by a client");
    store.sink(new LogGroupKey("999999999999", "eu-west-1", "/aws/lambda/f"), "s").append(now, "x");
    store.change(0, tables -> 0);
    assertThat(logs.describeLogGroups().logGroups()).hasSize(1);
  }

  @Test
  void eventsBeyondTheRetentionAreNotSeen() {
    group("g");
    stream("g", "s");
    put("g", "s", event(now, "old"));
    refused(
        "InvalidParameterException",
        "1 validation error detected: Value '2' at 'retentionInDays' failed to satisfy constraint:"
            + " Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365,"
            + " 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]",
        () -> logs.putRetentionPolicy(r -> r.logGroupName("g").retentionInDays(2)));
    refused(
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        () -> logs.putRetentionPolicy(r -> r.logGroupName("none").retentionInDays(1)));
    logs.putRetentionPolicy(r -> r.logGroupName("g").retentionInDays(1));
    assertThat(logs.describeLogGroups().logGroups().getFirst().retentionInDays()).isEqualTo(1);
    assertThat(filtered(r -> r.logGroupName("g"))).containsExactly("old");
    clock.advance(java.time.Duration.ofMillis(DAY + 1));
    assertThat(filtered(r -> r.logGroupName("g"))).isEmpty();
    assertThat(
            put("g", "s", event(now, "x"), event(now + DAY, "y"))
                .rejectedLogEventsInfo()
                .expiredLogEventEndIndex())
        .isEqualTo(1);
    logs.deleteRetentionPolicy(r -> r.logGroupName("g"));
    assertThat(logs.describeLogGroups().logGroups().getFirst().retentionInDays()).isNull();
  }

  @Test
  void groupsHaveTags() {
    logs.createLogGroup(r -> r.logGroupName("g").tags(Map.of("env", "testing1")));
    logs.tagResource(r -> r.resourceArn(ARN + "g").tags(Map.of("test1", "val1", "env", "e")));
    assertThat(logs.listTagsForResource(r -> r.resourceArn(ARN + "g")).tags())
        .isEqualTo(Map.of("env", "e", "test1", "val1"));
    logs.untagResource(r -> r.resourceArn(ARN + "g").tagKeys("env", "none"));
    assertThat(logs.listTagsForResource(r -> r.resourceArn(ARN + "g")).tags())
        .isEqualTo(Map.of("test1", "val1"));
    assertThatThrownBy(() -> logs.listTagsForResource(r -> r.resourceArn(ARN + "none")))
        .isInstanceOf(AwsServiceException.class)
        .hasMessageContaining("The specified resource does not exist.");
  }

  @Test
  void whatIsNotBuiltSaysSo() {
    assertThatThrownBy(() -> logs.describeQueries())
        .isInstanceOfSatisfying(
            AwsServiceException.class, e -> assertThat(e.statusCode()).isEqualTo(501));
  }
}
