package dev.lambic.acceptance;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.cloudwatchlogs.CloudWatchLogsClient;
import software.amazon.awssdk.services.cloudwatchlogs.model.FilteredLogEvent;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceNotFoundException;

/** A function's log, as AWS's SDK reads it. */
final class FunctionLog implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final CloudWatchLogsClient client;
  private final String group;

  private FunctionLog(CloudWatchLogsClient client, String group) {
    this.client = client;
    this.group = group;
  }

  static FunctionLog of(URI endpoint, String function) {
    return new FunctionLog(
        CloudWatchLogsClient.builder()
            .endpointOverride(endpoint)
            .region(Region.of(Clients.REGION))
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")))
            .httpClientBuilder(UrlConnectionHttpClient.builder())
            .build(),
        "/aws/lambda/" + function);
  }

  CloudWatchLogsClient client() {
    return client;
  }

  String group() {
    return group;
  }

  /** All events that can be read now, oldest first; none if there is no log yet. */
  List<FilteredLogEvent> events() {
    try {
      return client.filterLogEventsPaginator(query -> query.logGroupName(group)).events().stream()
          .toList();
    } catch (ResourceNotFoundException notYet) {
      return List.of();
    }
  }

  List<String> texts() {
    return events().stream().map(FilteredLogEvent::message).toList();
  }

  /** Waits for an event, and gives its text. */
  String await(Predicate<String> wanted) {
    List<String> found = new ArrayList<>();
    Await.until(
        LIMIT,
        () -> "the event is in " + texts(),
        () -> found.addAll(texts().stream().filter(wanted).toList()));
    return found.getFirst();
  }

  @Override
  public void close() {
    client.close();
  }
}
