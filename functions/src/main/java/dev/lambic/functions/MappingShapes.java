package dev.lambic.functions;

import dev.lambic.wire.JsonCodec;
import java.util.ArrayList;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.lambda.model.AmazonManagedKafkaEventSourceConfig;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.DestinationConfig;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingMetricsConfig;
import software.amazon.awssdk.services.lambda.model.FilterCriteria;
import software.amazon.awssdk.services.lambda.model.OnFailure;
import software.amazon.awssdk.services.lambda.model.ProvisionedPollerConfig;
import software.amazon.awssdk.services.lambda.model.ScalingConfig;
import software.amazon.awssdk.services.lambda.model.SelfManagedKafkaEventSourceConfig;

/**
 * Event source mappings as AWS shows them: which members are there, with which defaults, was
 * recorded from Lambda for streams, queues and self-managed Kafka, and follows the API Reference
 * for the others.
 */
final class MappingShapes {
  private static final int FOREVER = -1;
  private static final int MAX_POLLERS = 200;

  private MappingShapes() {}

  /** A new mapping, without state and time. */
  static EventSourceMappingConfiguration create(
      EventSource source,
      OwnedKey key,
      String functionArn,
      CreateEventSourceMappingRequest request) {
    EventSourceMappingConfiguration asked =
        Shown.in(EventSourceMappingConfiguration.builder(), request);
    EventSourceMappingConfiguration.Builder shape =
        asked.toBuilder()
            .uuid(key.id())
            .eventSourceMappingArn(key.arn(Mapping.TYPE))
            .functionArn(functionArn)
            .batchSize(orElse(asked.batchSize(), source.defaultBatch()));
    if (source != EventSource.SQS) {
      shape.lastProcessingResult("No records processed");
    }
    if (source.isStream() || source == EventSource.SQS) {
      shape.maximumBatchingWindowInSeconds(orElse(asked.maximumBatchingWindowInSeconds(), 0));
    }
    if (source.isStream()) {
      shape
          .bisectBatchOnFunctionError(orElse(asked.bisectBatchOnFunctionError(), false))
          .maximumRecordAgeInSeconds(orElse(asked.maximumRecordAgeInSeconds(), FOREVER))
          .maximumRetryAttempts(orElse(asked.maximumRetryAttempts(), FOREVER))
          .parallelizationFactor(orElse(asked.parallelizationFactor(), 1))
          .tumblingWindowInSeconds(orElse(asked.tumblingWindowInSeconds(), 0));
    }
    switch (source) {
      case SELF_MANAGED_KAFKA -> {
        SelfManagedKafkaEventSourceConfig config = asked.selfManagedKafkaEventSourceConfig();
        if (config == null || config.consumerGroupId() == null) {
          shape.selfManagedKafkaEventSourceConfig(
              (config == null ? SelfManagedKafkaEventSourceConfig.builder() : config.toBuilder())
                  .consumerGroupId(key.id())
                  .build());
        }
      }
      case MSK -> {
        AmazonManagedKafkaEventSourceConfig config = asked.amazonManagedKafkaEventSourceConfig();
        if (config == null || config.consumerGroupId() == null) {
          shape.amazonManagedKafkaEventSourceConfig(
              (config == null ? AmazonManagedKafkaEventSourceConfig.builder() : config.toBuilder())
                  .consumerGroupId(key.id())
                  .build());
        }
      }
      case DOCUMENTDB -> {
        if (asked.documentDBEventSourceConfig().fullDocumentAsString() == null) {
          shape.documentDBEventSourceConfig(
              asked.documentDBEventSourceConfig().toBuilder().fullDocument("Default").build());
        }
      }
      default -> {}
    }
    return regular(source, shape.build());
  }

  /** The mapping with everything that the request names; an empty setting takes one away. */
  static EventSourceMappingConfiguration update(
      EventSource source, EventSourceMappingConfiguration before, SdkPojo request) {
    // Members of the request replace those of the same name; what a mapping does not have is left.
    EventSourceMappingConfiguration after =
        JsonCodec.read(before.toBuilder(), JsonCodec.write(request));
    return regular(source, after);
  }

  /** As an item of a list, which does not show criteria that a key protects. */
  static EventSourceMappingConfiguration listed(EventSourceMappingConfiguration shape) {
    return shape.kmsKeyArn() == null
        ? shape
        : shape.toBuilder().filterCriteria((FilterCriteria) null).build();
  }

  /** Without empty settings, which AWS does not show, and with those that it always shows. */
  private static EventSourceMappingConfiguration regular(
      EventSource source, EventSourceMappingConfiguration shape) {
    EventSourceMappingConfiguration.Builder regular = shape.toBuilder();
    if (shape.filterCriteria() != null && shape.filterCriteria().filters().isEmpty()) {
      regular.filterCriteria((FilterCriteria) null);
    }
    if (shape.kmsKeyArn() != null && shape.kmsKeyArn().isEmpty()) {
      regular.kmsKeyArn(null);
    }
    if (shape.metricsConfig() != null && shape.metricsConfig().metricsAsStrings().isEmpty()) {
      regular.metricsConfig((EventSourceMappingMetricsConfig) null);
    }
    if (shape.scalingConfig() != null && shape.scalingConfig().maximumConcurrency() == null) {
      regular.scalingConfig((ScalingConfig) null);
    }
    if (shape.provisionedPollerConfig() != null) {
      regular.provisionedPollerConfig(pollers(source, shape.provisionedPollerConfig()));
    }
    if (source.isStream() || source == EventSource.SQS) {
      // A list of our own, for the SDK's own empty list counts as none.
      regular.functionResponseTypesWithStrings(
          new ArrayList<>(shape.functionResponseTypesAsStrings()));
    }
    DestinationConfig destinations = shape.destinationConfig();
    if (source.isStream() || (source.isKafka() && destinations != null)) {
      regular.destinationConfig(
          DestinationConfig.builder().onFailure(onFailure(destinations)).build());
    } else {
      regular.destinationConfig((DestinationConfig) null);
    }
    return regular.build();
  }

  /** Where failures go, which may be nowhere. */
  private static OnFailure onFailure(@Nullable DestinationConfig destinations) {
    OnFailure to = destinations == null ? null : destinations.onFailure();
    return to == null || to.destination() == null || to.destination().isEmpty()
        ? OnFailure.builder().build()
        : to;
  }

  private static @Nullable ProvisionedPollerConfig pollers(
      EventSource source, ProvisionedPollerConfig asked) {
    if (asked.equals(ProvisionedPollerConfig.builder().build())) {
      return null;
    }
    return asked.toBuilder()
        .minimumPollers(orElse(asked.minimumPollers(), source == EventSource.SQS ? 2 : 1))
        .maximumPollers(orElse(asked.maximumPollers(), MAX_POLLERS))
        .build();
  }

  private static <T> T orElse(@Nullable T value, T otherwise) {
    return Objects.requireNonNullElse(value, otherwise);
  }
}
