package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.EndPointType;
import software.amazon.awssdk.services.lambda.model.Filter;

/** What is refused of event source mappings, and in which words. */
class MappingChecksTest {
  private static final String QUEUE = "arn:aws:sqs:us-east-1:111111111111:queue";
  private static final String KINESIS = "arn:aws:kinesis:us-east-1:111111111111:stream/s";
  private static final String DYNAMODB =
      "arn:aws:dynamodb:us-east-1:111111111111:table/t/stream/2025-11-25T03:20:35.000";
  private static final String MSK = "arn:aws:kafka:us-east-1:111111111111:cluster/c/1-2";
  private static final String MQ = "arn:aws:mq:us-east-1:111111111111:broker:b:b-1";
  private static final String INVALID = "400 InvalidParameterValueException: ";
  private static final String PATTERN = INVALID + "Invalid filter pattern definition.";

  @TempDir private Path directory;
  private World world;

  @BeforeEach
  void open() {
    world = new World(directory);
    world.create("fn");
  }

  @AfterEach
  void close() {
    world.close();
  }

  @Test
  void theSourceComesBeforeTheFunction() {
    assertThat(error(r -> r.functionName("missing")))
        .isEqualTo(INVALID + "Unrecognized event source.");
    assertThat(error(r -> r.eventSourceArn("arn:aws:sns:us-east-1:111111111111:topic")))
        .isEqualTo(INVALID + "Unrecognized event source.");
    assertThat(error(r -> r.functionName("missing").eventSourceArn(QUEUE)))
        .isEqualTo(INVALID + "Function does not exist");
    assertThat(error(r -> r.functionName("fn:7").eventSourceArn(QUEUE)))
        .isEqualTo(INVALID + "Function does not exist");
    assertThat(error(r -> r.functionName("fn:alias").eventSourceArn(QUEUE)))
        .isEqualTo(INVALID + "Function does not exist");
  }

  @Test
  void unknownMappingsAreSaidToBeSo() {
    String missing = "404 ResourceNotFoundException: The resource you requested does not exist.";
    String uuid = "7a5f5b4e-3c52-4dd6-93ba-d5b5a2e9a111";
    assertThat(world.error(l -> l.getEventSourceMapping(r -> r.uuid(uuid)))).isEqualTo(missing);
    assertThat(world.error(l -> l.updateEventSourceMapping(r -> r.uuid(uuid)))).isEqualTo(missing);
    assertThat(world.error(l -> l.deleteEventSourceMapping(r -> r.uuid(uuid)))).isEqualTo(missing);
  }

  @Test
  void streamsNeedAPosition() {
    String missing =
        INVALID
            + "1 validation error detected: Value null at 'startingPosition' failed to satisfy"
            + " constraint: Member must not be null.";
    assertThat(error(r -> r.eventSourceArn(KINESIS))).isEqualTo(missing);
    assertThat(error(r -> r.eventSourceArn(DYNAMODB))).isEqualTo(missing);
    assertThat(
            error(r ->
                r.eventSourceArn(DYNAMODB)
                    .startingPosition("AT_TIMESTAMP")
                    .startingPositionTimestamp(world.clock.instant())))
        .isEqualTo(INVALID + "Unsupported starting position for arn type: " + DYNAMODB);
    assertThat(error(r -> r.eventSourceArn(KINESIS).startingPosition("AT_TIMESTAMP")))
        .contains("Value null at 'startingPositionTimestamp'");
    assertThat(
            error(r ->
                r.eventSourceArn(KINESIS)
                    .startingPosition("AT_TIMESTAMP")
                    .startingPositionTimestamp(world.clock.instant().plus(Duration.ofDays(1)))))
        .isEqualTo(INVALID + "StartingPositionTimestamp cannot be in the future.");
  }

  @Test
  void aParameterIsForItsSources() {
    String failures = "arn:aws:sqs:us-east-1:111111111111:failures";
    assertThat(
            error(r ->
                r.eventSourceArn(QUEUE)
                    .destinationConfig(d -> d.onFailure(f -> f.destination(failures)))))
        .isEqualTo(
            INVALID
                + "Unsupported DestinationConfig parameter for given event source mapping type.");
    assertThat(error(r -> r.eventSourceArn(QUEUE).parallelizationFactor(2)))
        .isEqualTo(
            INVALID
                + "Unsupported ParallelizationFactor parameter for given event source mapping"
                + " type.");
    assertThat(error(r -> r.eventSourceArn(MSK).topics("t").tumblingWindowInSeconds(3)))
        .isEqualTo(
            INVALID
                + "Unsupported 'tumblingWindowInSeconds' parameter for given event source mapping"
                + " type.");
    assertThat(
            error(r ->
                r.eventSourceArn(KINESIS)
                    .startingPosition("LATEST")
                    .scalingConfig(c -> c.maximumConcurrency(2))))
        .isEqualTo(
            INVALID + "Unsupported ScalingConfig parameter for given event source mapping type.");
  }

  @Test
  void brokersNeedTheirParameters() {
    Map<EndPointType, List<String>> servers =
        Map.of(EndPointType.KAFKA_BOOTSTRAP_SERVERS, List.of("kafka:1000"));
    assertThat(
            error(r ->
                r.selfManagedEventSource(s -> s.endpoints(servers))
                    .topics("topic")
                    .startingPosition("TRIM_HORIZON")))
        .isEqualTo(INVALID + "Required 'sourceAccessConfigurations' parameter is missing.");
    assertThat(error(r -> r.eventSourceArn(MSK).startingPosition("LATEST")))
        .isEqualTo(INVALID + "Required 'topics' parameter is missing.");
    assertThat(error(r -> r.eventSourceArn(MQ)))
        .isEqualTo(INVALID + "Required 'queues' parameter is missing.");
  }

  @Test
  void largeBatchesOfQueuesNeedAWindow() {
    assertThat(error(r -> r.eventSourceArn(QUEUE).batchSize(11)))
        .isEqualTo(
            INVALID
                + "Maximum batch window in seconds must be greater than 0 if maximum batch size is"
                + " greater than 10");
    assertThat(error(r -> r.eventSourceArn(QUEUE + ".fifo").batchSize(11)))
        .contains("'11' at 'batchSize'");
    assertThat(error(r -> r.eventSourceArn(QUEUE + ".fifo").maximumBatchingWindowInSeconds(1)))
        .isEqualTo(INVALID + "Batching window is not supported for FIFO queues");
    String uuid =
        world
            .call(l ->
                l.createEventSourceMapping(r ->
                    r.functionName("fn")
                        .eventSourceArn(QUEUE)
                        .batchSize(11)
                        .maximumBatchingWindowInSeconds(1)))
            .uuid();
    world.settle();
    assertThat(
            world.error(l ->
                l.updateEventSourceMapping(r -> r.uuid(uuid).maximumBatchingWindowInSeconds(0))))
        .startsWith(INVALID + "Maximum batch window in seconds");
  }

  @Test
  void recordsMayNotBeRefusedTooYoung() {
    assertThat(
            error(r ->
                r.eventSourceArn(KINESIS).startingPosition("LATEST").maximumRecordAgeInSeconds(59)))
        .contains("greater than or equal to 60");
  }

  @Test
  void pollersMustMakeSense() {
    assertThat(
            error(r ->
                r.eventSourceArn(QUEUE)
                    .provisionedPollerConfig(c -> c.minimumPollers(5).maximumPollers(4))))
        .contains("MinimumPollers must not be greater");
    assertThat(
            error(r ->
                r.eventSourceArn(QUEUE)
                    .scalingConfig(c -> c.maximumConcurrency(2))
                    .provisionedPollerConfig(c -> c.minimumPollers(5))))
        .contains("exclude each other");
  }

  @Test
  void patternsOfFiltersAreRead() {
    for (String bad :
        List.of(
            "single-string",
            "[{\"eventName\": [\"INSERT\"=123}]",
            "[\"INSERT\"]",
            "{\"a\":\"b\"}",
            "{\"a\":[]}",
            "{\"a\":[{\"unknown\":1}]}",
            "{\"a\":[{\"exists\":true,\"prefix\":\"x\"}]}",
            "{\"a\":[[1]]}",
            "{\"a\":[{\"numeric\":[\">\"]}]}",
            "{\"a\":[{\"numeric\":[\"~\",1]}]}",
            "{\"a\":[{\"exists\":\"yes\"}]}",
            "{\"a\":[{\"prefix\":1}]}",
            "{\"a\":[{\"anything-but\":[]}]}",
            "{\"a\":[{\"anything-but\":{\"exists\":true}}]}",
            "{\"a\":[{}]}",
            "{\"a\":[1]} x",
            "{\"$or\":[]}",
            "")) {
      assertThat(filterError(bad)).as(bad).isEqualTo(PATTERN);
    }
    for (String good :
        List.of(
            "{\"eventName\": [\"INSERT\"]}",
            "{\"a\":{\"b\":[1,null,true,{\"numeric\":[\">\",0,\"<=\",5]}]}}",
            "{\"a\":[{\"anything-but\":{\"prefix\":\"x\"}},{\"exists\":false}]}",
            "{\"a\":[{\"anything-but\":[\"x\",1]},{\"anything-but\":{\"suffix\":[\"y\"]}}]}",
            "{\"a\":[{\"prefix\":{\"equals-ignore-case\":\"x\"}},{\"numeric\":[\"=\",3e2]}]}",
            "{\"$or\":[{\"a\":[\"x\"]},{\"b\":[{\"suffix\":\"y\"}]}]}")) {
      FilterPattern.check(good);
    }
  }

  private String filterError(String pattern) {
    return error(r ->
        r.eventSourceArn(QUEUE)
            .filterCriteria(c -> c.filters(List.of(Filter.builder().pattern(pattern).build()))));
  }

  private String error(Consumer<CreateEventSourceMappingRequest.Builder> settings) {
    return world.error(l ->
        l.createEventSourceMapping(r -> {
          r.functionName("fn");
          settings.accept(r);
        }));
  }
}
