package dev.lambic.functions;

import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.DestinationConfig;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.EventSourcePosition;
import software.amazon.awssdk.services.lambda.model.ProvisionedPollerConfig;

/**
 * What Lambda checks of event source mappings beyond the constraints of its service model, in its
 * words where they are known. Follows the Lambda API Reference, which tells what is for which
 * source.
 */
final class MappingChecks {
  private static final int UNBATCHED = 10;
  private static final int MIN_RECORD_AGE = 60;
  private static final int MIN_SQS_POLLERS = 2;
  private static final int MAX_FILTERS = 10;

  private static final Set<EventSource> STREAMS =
      EnumSet.of(EventSource.KINESIS, EventSource.DYNAMODB);
  private static final Set<EventSource> KAFKA =
      EnumSet.of(EventSource.MSK, EventSource.SELF_MANAGED_KAFKA);
  private static final Set<EventSource> ORDERED =
      EnumSet.of(
          EventSource.KINESIS,
          EventSource.DYNAMODB,
          EventSource.MSK,
          EventSource.SELF_MANAGED_KAFKA);
  private static final Set<EventSource> SECURED =
      EnumSet.of(
          EventSource.MSK, EventSource.SELF_MANAGED_KAFKA, EventSource.MQ, EventSource.DOCUMENTDB);

  private record Rule(
      String parameter,
      Set<EventSource> sources,
      Predicate<CreateEventSourceMappingRequest> used) {}

  private static final List<Rule> RULES =
      List.of(
          new Rule("ParallelizationFactor", STREAMS, r -> r.parallelizationFactor() != null),
          new Rule(
              "BisectBatchOnFunctionError",
              ORDERED,
              r -> Boolean.TRUE.equals(r.bisectBatchOnFunctionError())),
          new Rule(
              "MaximumRecordAgeInSeconds", ORDERED, r -> r.maximumRecordAgeInSeconds() != null),
          new Rule("MaximumRetryAttempts", ORDERED, r -> r.maximumRetryAttempts() != null),
          new Rule("DestinationConfig", ORDERED, r -> hasDestination(r.destinationConfig())),
          new Rule(
              "TumblingWindowInSeconds",
              STREAMS,
              r -> r.tumblingWindowInSeconds() != null && r.tumblingWindowInSeconds() > 0),
          new Rule(
              "FunctionResponseTypes",
              EnumSet.of(
                  EventSource.SQS,
                  EventSource.KINESIS,
                  EventSource.DYNAMODB,
                  EventSource.MSK,
                  EventSource.SELF_MANAGED_KAFKA),
              r -> !r.functionResponseTypesAsStrings().isEmpty()),
          new Rule(
              "ScalingConfig",
              EnumSet.of(EventSource.SQS),
              r -> r.scalingConfig() != null && r.scalingConfig().maximumConcurrency() != null),
          new Rule("Topics", KAFKA, r -> !r.topics().isEmpty()),
          new Rule("Queues", EnumSet.of(EventSource.MQ), r -> !r.queues().isEmpty()),
          new Rule(
              "SourceAccessConfigurations",
              SECURED,
              r -> !r.sourceAccessConfigurations().isEmpty()),
          new Rule(
              "AmazonManagedKafkaEventSourceConfig",
              EnumSet.of(EventSource.MSK),
              r -> r.amazonManagedKafkaEventSourceConfig() != null),
          new Rule(
              "SelfManagedKafkaEventSourceConfig",
              EnumSet.of(EventSource.SELF_MANAGED_KAFKA),
              r -> r.selfManagedKafkaEventSourceConfig() != null),
          new Rule(
              "DocumentDBEventSourceConfig",
              EnumSet.of(EventSource.DOCUMENTDB),
              r -> r.documentDBEventSourceConfig() != null),
          new Rule(
              "ProvisionedPollerConfig",
              EnumSet.of(EventSource.SQS, EventSource.MSK, EventSource.SELF_MANAGED_KAFKA),
              r ->
                  r.provisionedPollerConfig() != null
                      && !r.provisionedPollerConfig()
                          .equals(ProvisionedPollerConfig.builder().build())),
          new Rule("LoggingConfig", KAFKA, r -> r.loggingConfig() != null));

  private MappingChecks() {}

  /**
   * Refuses what is not for the source.
   *
   * @param request a new mapping, or the changes of one in the same form
   */
  static void parameters(EventSource source, CreateEventSourceMappingRequest request) {
    for (Rule rule : RULES) {
      if (!rule.sources().contains(source) && rule.used().test(request)) {
        throw unsupported(source, rule.parameter());
      }
    }
    DestinationConfig destinations = request.destinationConfig();
    if (destinations != null
        && destinations.onSuccess() != null
        && used(destinations.onSuccess().destination())) {
      throw unsupported(source, "DestinationConfig");
    }
  }

  private static RuntimeException unsupported(EventSource source, String parameter) {
    // The newer sources quote the parameter's name as it is in their own model.
    String name =
        source.isStream() || source == EventSource.SQS
            ? parameter
            : "'" + Character.toLowerCase(parameter.charAt(0)) + parameter.substring(1) + "'";
    return Errors.invalid(
        "Unsupported " + name + " parameter for given event source mapping type.");
  }

  /** Refuses a new mapping without what its source demands. */
  static void required(EventSource source, CreateEventSourceMappingRequest request, Instant now) {
    if (source.isKafka() && request.topics().isEmpty()) {
      throw missing("topics");
    }
    if (source == EventSource.MQ && request.queues().isEmpty()) {
      throw missing("queues");
    }
    if (source == EventSource.DOCUMENTDB
        && (request.documentDBEventSourceConfig() == null
            || request.documentDBEventSourceConfig().databaseName() == null)) {
      throw missing("documentDBEventSourceConfig.databaseName");
    }
    if (SECURED.contains(source)
        && source != EventSource.MSK
        && request.sourceAccessConfigurations().isEmpty()) {
      throw missing("sourceAccessConfigurations");
    }
    position(source, request, now);
  }

  private static RuntimeException missing(String parameter) {
    return Errors.invalid("Required '" + parameter + "' parameter is missing.");
  }

  private static void position(
      EventSource source, CreateEventSourceMappingRequest request, Instant now) {
    if (!source.hasPosition()) {
      if (request.startingPositionAsString() != null) {
        throw unsupportedPosition(request);
      }
      return;
    }
    if (request.startingPositionAsString() == null) {
      throw isNull("startingPosition");
    }
    boolean atTime = request.startingPosition() == EventSourcePosition.AT_TIMESTAMP;
    Instant time = request.startingPositionTimestamp();
    if (atTime && source == EventSource.DYNAMODB) {
      throw unsupportedPosition(request);
    }
    if (atTime && time == null) {
      throw isNull("startingPositionTimestamp");
    }
    if (!atTime && time != null) {
      throw Errors.invalid(
          "StartingPositionTimestamp can be given only with the StartingPosition AT_TIMESTAMP.");
    }
    if (time != null && time.isAfter(now)) {
      throw Errors.invalid("StartingPositionTimestamp cannot be in the future.");
    }
  }

  private static RuntimeException unsupportedPosition(CreateEventSourceMappingRequest request) {
    return Errors.invalid(
        "Unsupported starting position for arn type: " + request.eventSourceArn());
  }

  private static RuntimeException isNull(String member) {
    return Errors.invalid(
        "1 validation error detected: Value null at '"
            + member
            + "' failed to satisfy constraint: Member must not be null.");
  }

  /** Refuses values that do not go together, in a mapping as it would be. */
  static void values(EventSource source, EventSourceMappingConfiguration shape) {
    if (shape.filterCriteria() != null) {
      if (shape.filterCriteria().filters().size() > MAX_FILTERS) {
        throw Errors.invalid("A mapping can have at most " + MAX_FILTERS + " filters.");
      }
      shape
          .filterCriteria()
          .filters()
          .forEach(filter -> FilterPattern.check(filter.pattern() == null ? "" : filter.pattern()));
    }
    if (source == EventSource.SQS) {
      queue(shape);
    }
    Integer age = shape.maximumRecordAgeInSeconds();
    if (age != null && age != -1 && age < MIN_RECORD_AGE) {
      throw Errors.invalid(
          "1 validation error detected: Value '"
              + age
              + "' at 'maximumRecordAgeInSeconds' failed to satisfy constraint: Member must have"
              + " value greater than or equal to "
              + MIN_RECORD_AGE);
    }
    if (shape.metricsConfig() != null
        && !source.isKafka()
        && !Set.of("EventCount").containsAll(shape.metricsConfig().metricsAsStrings())) {
      throw Errors.invalid("This event source has no metrics but EventCount.");
    }
    if (shape.provisionedPollerConfig() != null) {
      pollers(source, shape.provisionedPollerConfig());
    }
  }

  private static void queue(EventSourceMappingConfiguration shape) {
    boolean fifo = shape.eventSourceArn().endsWith(".fifo");
    if (fifo && shape.batchSize() > UNBATCHED) {
      throw Errors.invalid(
          "1 validation error detected: Value '"
              + shape.batchSize()
              + "' at 'batchSize' failed to satisfy constraint: Member must have value less than or"
              + " equal to "
              + UNBATCHED);
    }
    if (fifo && shape.maximumBatchingWindowInSeconds() > 0) {
      throw Errors.invalid("Batching window is not supported for FIFO queues");
    }
    if (shape.batchSize() > UNBATCHED && shape.maximumBatchingWindowInSeconds() == 0) {
      throw Errors.invalid(
          "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater"
              + " than "
              + UNBATCHED);
    }
    if (shape.scalingConfig() != null && shape.provisionedPollerConfig() != null) {
      throw Errors.invalid("ScalingConfig and ProvisionedPollerConfig exclude each other.");
    }
  }

  private static void pollers(EventSource source, ProvisionedPollerConfig pollers) {
    if (source == EventSource.SQS
        && (pollers.minimumPollers() < MIN_SQS_POLLERS
            || pollers.maximumPollers() < MIN_SQS_POLLERS)) {
      throw Errors.invalid(
          "MinimumPollers and MaximumPollers of an Amazon SQS event source must be at least "
              + MIN_SQS_POLLERS
              + ".");
    }
    if (pollers.minimumPollers() > pollers.maximumPollers()) {
      throw Errors.invalid("MinimumPollers must not be greater than MaximumPollers.");
    }
  }

  private static boolean hasDestination(@Nullable DestinationConfig destinations) {
    return destinations != null
        && ((destinations.onFailure() != null && used(destinations.onFailure().destination()))
            || (destinations.onSuccess() != null && used(destinations.onSuccess().destination())));
  }

  private static boolean used(@Nullable String text) {
    return text != null && !text.isEmpty();
  }
}
