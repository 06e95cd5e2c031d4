package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.CreateLogGroupRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.CreateLogGroupResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.CreateLogStreamRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.CreateLogStreamResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteLogGroupRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteLogGroupResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteLogStreamRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteLogStreamResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteRetentionPolicyRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.DeleteRetentionPolicyResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.DescribeLogGroupsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.DescribeLogGroupsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.DescribeLogStreamsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.DescribeLogStreamsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilterLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.GetLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.ListTagsForResourceRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.ListTagsForResourceResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogGroup;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogGroupClass;
import software.amazon.awssdk.services.cloudwatchlogs.model.LogStream;
import software.amazon.awssdk.services.cloudwatchlogs.model.OrderBy;
import software.amazon.awssdk.services.cloudwatchlogs.model.OutputLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutLogEventsRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutLogEventsResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutRetentionPolicyRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.PutRetentionPolicyResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.TagResourceRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.TagResourceResponse;
import software.amazon.awssdk.services.cloudwatchlogs.model.TooManyTagsException;
import software.amazon.awssdk.services.cloudwatchlogs.model.UntagResourceRequest;
import software.amazon.awssdk.services.cloudwatchlogs.model.UntagResourceResponse;

/**
 * CloudWatch Logs: groups, streams, writing, reading and filtering of events.
 *
 * <p>Follows the Amazon CloudWatch Logs API Reference. Groups belong to an account and a region, as
 * on AWS. Called on a thread for each request, with the caller bound to it; safe for use by many
 * threads.
 */
public final class LogsService implements CloudWatchLogsClient {
  private static final int MAX_DESCRIBED = 50;
  private static final int MAX_EVENTS = 10_000;
  private static final int MAX_TAGS = 50;

  private static final Set<Integer> RETENTIONS =
      Set.of(
          1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
          2922, 3288, 3653);

  private final LogStore store;

  /** The service of a store, which stays the caller's to close. */
  public LogsService(LogStore store) {
    this.store = store;
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {
    // The store belongs to who opened it.
  }

  @Override
  public CreateLogGroupResponse createLogGroup(CreateLogGroupRequest request) {
    String name = request.logGroupName();
    LogNames.checkLength(name);
    if (name.regionMatches(true, 0, "aws/", 0, 4)) {
      throw LogErrors.invalid("Log groups starting with AWS/ are reserved for AWS.");
    }
    if (request.kmsKeyId() != null) {
      throw LogErrors.unsupported("kmsKeyId");
    }
    if (request.logGroupClass() != null && request.logGroupClass() != LogGroupClass.STANDARD) {
      throw LogErrors.unsupported("logGroupClass " + request.logGroupClassAsString());
    }
    if (Boolean.TRUE.equals(request.deletionProtectionEnabled())) {
      throw LogErrors.unsupported("deletionProtectionEnabled");
    }
    LogGroupKey key = LogNames.key(Caller.current(), name);
    store.change(
        bytes(request.tags()),
        tables -> {
          if (tables.groups().find(key) != 0) {
            throw LogErrors.groupExists();
          }
          if (tables.groups().count() >= store.config().groups()) {
            throw LogErrors.limitExceeded();
          }
          long group = tables.groups().create(key, store.now());
          tables.groups().tag(group, request.tags());
          return group;
        });
    return CreateLogGroupResponse.builder().build();
  }

  @Override
  public DeleteLogGroupResponse deleteLogGroup(DeleteLogGroupRequest request) {
    LogGroupKey key = LogNames.key(Caller.current(), request.logGroupName());
    store.change(
        0,
        tables -> {
          long group = tables.groups().require(key).id();
          tables.groups().delete(group);
          return group;
        });
    return DeleteLogGroupResponse.builder().build();
  }

  @Override
  public DescribeLogGroupsResponse describeLogGroups(DescribeLogGroupsRequest request) {
    String prefix = Objects.requireNonNullElse(request.logGroupNamePrefix(), "");
    String pattern = Objects.requireNonNullElse(request.logGroupNamePattern(), "");
    if (!prefix.isEmpty() && !pattern.isEmpty()) {
      throw LogErrors.invalid(
          "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
    }
    if (Boolean.TRUE.equals(request.includeLinkedAccounts())) {
      throw LogErrors.unsupported("includeLinkedAccounts");
    }
    if (request.logGroupClass() != null && request.logGroupClass() != LogGroupClass.STANDARD) {
      return DescribeLogGroupsResponse.builder().logGroups(List.of()).build();
    }
    Caller caller = Caller.current();
    if (request.hasLogGroupIdentifiers()) {
      return identified(caller, request.logGroupIdentifiers());
    }
    String after = request.nextToken() == null ? "" : LogToken.name(request.nextToken()).name();
    int limit = Objects.requireNonNullElse(request.limit(), MAX_DESCRIBED);
    List<LogGroups.Group> found =
        store.read(tables ->
            tables.groups().list(LogNames.key(caller, prefix), after, pattern, limit + 1));
    List<LogGroups.Group> page = found.subList(0, Math.min(limit, found.size()));
    return DescribeLogGroupsResponse.builder()
        .logGroups(page.stream().map(group -> described(caller, group, pattern.isEmpty())).toList())
        .nextToken(found.size() > limit ? LogToken.ofName(0, page.getLast().name()) : null)
        .build();
  }

  private DescribeLogGroupsResponse identified(Caller caller, List<String> identifiers) {
    Set<LogGroupKey> keys = new TreeSet<>(Comparator.comparing(LogGroupKey::name));
    identifiers.forEach(identifier -> keys.add(LogNames.key(caller, null, identifier)));
    List<LogGroup> groups = new ArrayList<>();
    store.read(tables -> {
      for (LogGroupKey key : keys) {
        if (tables.groups().find(key) != 0) {
          groups.add(described(caller, tables.groups().require(key), true));
        }
      }
      return groups;
    });
    return DescribeLogGroupsResponse.builder().logGroups(groups).build();
  }

  /** As recorded, a search by pattern tells less. */
  private static LogGroup described(Caller caller, LogGroups.Group group, boolean whole) {
    String arn = LogNames.arnOfGroup(caller, group.name());
    LogGroup.Builder described =
        LogGroup.builder()
            .arn(arn + ":*")
            .creationTime(group.created())
            .logGroupArn(arn)
            .logGroupClass(LogGroupClass.STANDARD)
            .logGroupName(group.name())
            .metricFilterCount(0)
            .retentionInDays(group.retentionDays() == 0 ? null : group.retentionDays());
    return whole
        ? described.storedBytes(group.bytes()).deletionProtectionEnabled(false).build()
        : described.build();
  }

  @Override
  public CreateLogStreamResponse createLogStream(CreateLogStreamRequest request) {
    LogNames.checkLength(request.logGroupName());
    LogNames.checkLength(request.logStreamName());
    LogGroupKey key = LogNames.key(Caller.current(), request.logGroupName());
    store.change(
        0,
        tables -> {
          long group = tables.groups().require(key).id();
          if (tables.streams().find(group, request.logStreamName()) != 0) {
            throw LogErrors.streamExists();
          }
          return tables.streams().create(group, request.logStreamName(), store.now());
        });
    return CreateLogStreamResponse.builder().build();
  }

  @Override
  public DeleteLogStreamResponse deleteLogStream(DeleteLogStreamRequest request) {
    LogGroupKey key = LogNames.key(Caller.current(), request.logGroupName());
    store.change(
        0,
        tables -> {
          long group = tables.groups().require(key).id();
          long stream = tables.streams().require(group, request.logStreamName());
          tables.deleteStream(group, stream);
          return stream;
        });
    return DeleteLogStreamResponse.builder().build();
  }

  @Override
  public DescribeLogStreamsResponse describeLogStreams(DescribeLogStreamsRequest request) {
    Caller caller = Caller.current();
    LogGroupKey key = LogNames.key(caller, request.logGroupName(), request.logGroupIdentifier());
    boolean byTime = request.orderBy() == OrderBy.LAST_EVENT_TIME;
    if (byTime && request.logStreamNamePrefix() != null) {
      throw LogErrors.invalid("Cannot order by LastEventTime with a logStreamNamePrefix.");
    }
    int limit = Objects.requireNonNullElse(request.limit(), MAX_DESCRIBED);
    List<LogStreams.Stream> found =
        store.read(tables ->
            streams(tables, tables.groups().require(key).id(), request, byTime, limit + 1));
    List<LogStreams.Stream> page = found.subList(0, Math.min(limit, found.size()));
    String next = null;
    if (found.size() > limit) {
      next = LogToken.ofName(byTime ? page.getLast().last() : 0, page.getLast().name());
    }
    return DescribeLogStreamsResponse.builder()
        .logStreams(page.stream().map(stream -> described(caller, key.name(), stream)).toList())
        .nextToken(next)
        .build();
  }

  private static List<LogStreams.Stream> streams(
      LogTables tables, long group, DescribeLogStreamsRequest request, boolean byTime, int limit)
      throws SQLException {
    boolean descending = Boolean.TRUE.equals(request.descending());
    LogToken.Name after = request.nextToken() == null ? null : LogToken.name(request.nextToken());
    if (byTime) {
      long from = descending ? Long.MAX_VALUE : -1;
      return tables
          .streams()
          .byLast(
              group,
              after == null ? from : after.time(),
              after == null ? "" : after.name(),
              descending,
              limit);
    }
    return tables
        .streams()
        .byName(
            group,
            Objects.requireNonNullElse(request.logStreamNamePrefix(), ""),
            after == null ? "" : after.name(),
            descending,
            limit);
  }

  @SuppressWarnings("deprecation") // AWS still tells the size of a stream, which is always 0
  private static LogStream described(Caller caller, String group, LogStreams.Stream stream) {
    LogStream.Builder described =
        LogStream.builder()
            .arn(LogNames.arnOfStream(caller, group, stream.name()))
            .creationTime(stream.created())
            .logStreamName(stream.name())
            .storedBytes(0L);
    if (stream.hasEvents()) {
      described
          .firstEventTimestamp(stream.first())
          .lastEventTimestamp(stream.last())
          .lastIngestionTime(stream.ingested())
          .uploadSequenceToken(LogPosition.at(stream.ingested()).digits());
    }
    return described.build();
  }

  @Override
  public PutLogEventsResponse putLogEvents(PutLogEventsRequest request) {
    LogBatch.check(request.logEvents());
    LogGroupKey key = LogNames.key(Caller.current(), request.logGroupName());
    long now = store.now();
    LogBatch batch =
        store.change(
            LogBatch.bytes(request.logEvents()),
            tables -> {
              LogGroups.Group group = tables.groups().require(key);
              long stream = tables.streams().require(group.id(), request.logStreamName());
              LogBatch accepted = LogBatch.of(request.logEvents(), now, group.retentionDays());
              if (!accepted.lines().isEmpty()) {
                tables.append(group.id(), stream, accepted.lines(), now);
              }
              return accepted;
            });
    return PutLogEventsResponse.builder()
        .nextSequenceToken(LogPosition.at(now).digits())
        .rejectedLogEventsInfo(batch.rejected())
        .build();
  }

  @Override
  public GetLogEventsResponse getLogEvents(GetLogEventsRequest request) {
    LogGroupKey key =
        LogNames.key(Caller.current(), request.logGroupName(), request.logGroupIdentifier());
    LogToken token = LogToken.of(request.nextToken());
    boolean forward =
        token == null ? Boolean.TRUE.equals(request.startFromHead()) : token.forward();
    LogPosition start = LogPosition.at(Objects.requireNonNullElse(request.startTime(), 0L));
    LogPosition end =
        request.endTime() == null ? LogPosition.LAST : LogPosition.at(request.endTime());
    LogPosition from = token != null && forward ? LogPosition.max(start, token.position()) : start;
    LogPosition to = token != null && !forward ? LogPosition.min(end, token.position()) : end;
    LogPage page =
        store.read(tables -> {
          LogGroups.Group group = tables.groups().require(key);
          long stream = tables.streams().require(group.id(), request.logStreamName());
          return tables
              .blocks()
              .page(
                  new LogQuery(
                      group.id(),
                      Set.of(stream),
                      "",
                      LogPosition.max(from, LogPosition.at(group.earliest(store.now()))),
                      to,
                      forward,
                      Objects.requireNonNullElse(request.limit(), MAX_EVENTS),
                      text -> true));
        });
    List<LogEvent> events = forward ? page.events() : page.events().reversed();
    LogPosition empty = token == null ? from : token.position();
    LogPosition before = events.isEmpty() ? empty : events.getFirst().position();
    LogPosition after = events.isEmpty() ? empty : events.getLast().position().next();
    return GetLogEventsResponse.builder()
        .events(events.stream().map(LogsService::output).toList())
        .nextBackwardToken(
            new LogToken(false, !forward && page.more() ? page.rest() : before).text())
        .nextForwardToken(new LogToken(true, forward && page.more() ? page.rest() : after).text())
        .build();
  }

  private static OutputLogEvent output(LogEvent event) {
    return OutputLogEvent.builder()
        .timestamp(event.position().timestamp())
        .message(event.message())
        .ingestionTime(event.ingested())
        .build();
  }

  @Override
  public FilterLogEventsResponse filterLogEvents(FilterLogEventsRequest request) {
    LogGroupKey key =
        LogNames.key(Caller.current(), request.logGroupName(), request.logGroupIdentifier());
    if (request.hasLogStreamNames() && request.logStreamNamePrefix() != null) {
      throw LogErrors.invalid(
          "logStreamNames and logStreamNamePrefix are mutually exclusive parameters.");
    }
    FilterPattern filter =
        FilterPattern.of(Objects.requireNonNullElse(request.filterPattern(), ""));
    LogToken token = LogToken.of(request.nextToken());
    boolean forward =
        token == null ? !Boolean.FALSE.equals(request.startFromHead()) : token.forward();
    LogPosition start = LogPosition.at(Objects.requireNonNullElse(request.startTime(), 0L));
    LogPosition end = endOf(request.endTime());
    LogPosition from = token != null && forward ? LogPosition.max(start, token.position()) : start;
    LogPosition to = token != null && !forward ? LogPosition.min(end, token.position()) : end;
    LogPage page =
        store.read(tables -> {
          LogGroups.Group group = tables.groups().require(key);
          return tables
              .blocks()
              .page(
                  new LogQuery(
                      group.id(),
                      rows(tables, group.id(), request.logStreamNames()),
                      Objects.requireNonNullElse(request.logStreamNamePrefix(), ""),
                      LogPosition.max(from, LogPosition.at(group.earliest(store.now()))),
                      to,
                      forward,
                      Objects.requireNonNullElse(request.limit(), MAX_EVENTS),
                      filter));
        });
    return FilterLogEventsResponse.builder()
        .events(page.events().stream().map(LogsService::filtered).toList())
        .searchedLogStreams(List.of())
        .nextToken(page.more() ? new LogToken(forward, page.rest()).text() : null)
        .build();
  }

  /** Behind the events of this time, for FilterLogEvents includes them. */
  private static LogPosition endOf(@Nullable Long endTime) {
    return endTime == null || endTime == Long.MAX_VALUE
        ? LogPosition.LAST
        : LogPosition.at(endTime + 1);
  }

  private static Set<Long> rows(LogTables tables, long group, List<String> names)
      throws SQLException {
    Set<Long> rows = new HashSet<>();
    for (String name : names) {
      rows.add(tables.streams().require(group, name));
    }
    return rows;
  }

  private static FilteredLogEvent filtered(LogEvent event) {
    return FilteredLogEvent.builder()
        .logStreamName(event.stream())
        .timestamp(event.position().timestamp())
        .message(event.message())
        .ingestionTime(event.ingested())
        .eventId(event.position().digits())
        .build();
  }

  @Override
  public PutRetentionPolicyResponse putRetentionPolicy(PutRetentionPolicyRequest request) {
    int days = request.retentionInDays();
    if (!RETENTIONS.contains(days)) {
      throw LogErrors.invalid(
          "1 validation error detected: Value '"
              + days
              + "' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value"
              + " set: "
              + new TreeSet<>(RETENTIONS));
    }
    retain(request.logGroupName(), days);
    return PutRetentionPolicyResponse.builder().build();
  }

  @Override
  public DeleteRetentionPolicyResponse deleteRetentionPolicy(DeleteRetentionPolicyRequest request) {
    retain(request.logGroupName(), 0);
    return DeleteRetentionPolicyResponse.builder().build();
  }

  private void retain(String name, int days) {
    LogGroupKey key = LogNames.key(Caller.current(), name);
    store.change(
        0,
        tables -> {
          long group = tables.groups().require(key).id();
          tables.groups().retain(group, days);
          return group;
        });
  }

  @Override
  public TagResourceResponse tagResource(TagResourceRequest request) {
    LogGroupKey key = resource(request.resourceArn());
    store.change(
        bytes(request.tags()),
        tables -> {
          long group = requireResource(tables, key);
          Map<String, String> tags = new HashMap<>(tables.groups().tags(group));
          tags.putAll(request.tags());
          if (tags.size() > MAX_TAGS) {
            throw TooManyTagsException.builder()
                .message("A resource can have no more than " + MAX_TAGS + " tags.")
                .resourceName(request.resourceArn())
                .build();
          }
          tables.groups().tag(group, request.tags());
          return group;
        });
    return TagResourceResponse.builder().build();
  }

  @Override
  public UntagResourceResponse untagResource(UntagResourceRequest request) {
    LogGroupKey key = resource(request.resourceArn());
    store.change(
        0,
        tables -> {
          long group = requireResource(tables, key);
          tables.groups().untag(group, request.tagKeys());
          return group;
        });
    return UntagResourceResponse.builder().build();
  }

  @Override
  public ListTagsForResourceResponse listTagsForResource(ListTagsForResourceRequest request) {
    LogGroupKey key = resource(request.resourceArn());
    return ListTagsForResourceResponse.builder()
        .tags(store.read(tables -> tables.groups().tags(requireResource(tables, key))))
        .build();
  }

  private static LogGroupKey resource(String arn) {
    Caller caller = Caller.current();
    if (!arn.startsWith(LogNames.arnOfGroup(caller, ""))) {
      throw LogErrors.noResource();
    }
    return LogNames.ofArn(caller, arn);
  }

  private static long requireResource(LogTables tables, LogGroupKey key) throws SQLException {
    long group = tables.groups().find(key);
    if (group == 0) {
      throw LogErrors.noResource();
    }
    return group;
  }

  private static long bytes(Map<String, String> tags) {
    long bytes = 0;
    for (Map.Entry<String, String> tag : tags.entrySet()) {
      bytes += tag.getKey().length() + tag.getValue().length();
    }
    return bytes;
  }
}
