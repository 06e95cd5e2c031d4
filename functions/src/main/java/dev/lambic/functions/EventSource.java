package dev.lambic.functions;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.SelfManagedEventSource;

/** What a mapping reads from, as its ARN tells. Follows "Lambda event source mappings". */
enum EventSource {
  SQS("sqs", "[^:/]+"),
  KINESIS("kinesis", "stream/.+"),
  DYNAMODB("dynamodb", "table/[^/]+/stream/.+"),
  MSK("kafka", "(cluster|vpc-connection)/.+"),
  MQ("mq", "broker:.+"),
  DOCUMENTDB("rds", "cluster:.+"),
  SELF_MANAGED_KAFKA("", "");

  private static final int ARN_PARTS = 6;

  private final String service;
  private final Pattern resource;

  EventSource(String service, String resource) {
    this.service = service;
    this.resource = Pattern.compile(resource);
  }

  /** The source that a mapping names; refuses what is none. */
  static EventSource of(@Nullable String arn, @Nullable SelfManagedEventSource selfManaged) {
    if (selfManaged != null) {
      return SELF_MANAGED_KAFKA;
    }
    String[] parts = arn == null ? new String[0] : arn.split(":", ARN_PARTS);
    if (parts.length == ARN_PARTS) {
      for (EventSource source : values()) {
        if (source != SELF_MANAGED_KAFKA
            && source.service.equals(parts[2])
            && source.resource.matcher(parts[5]).matches()) {
          return source;
        }
      }
    }
    throw Errors.invalid("Unrecognized event source.");
  }

  /** Kinesis and DynamoDB, whose shards are read in order. */
  boolean isStream() {
    return this == KINESIS || this == DYNAMODB;
  }

  boolean isKafka() {
    return this == MSK || this == SELF_MANAGED_KAFKA;
  }

  /** Whether reading begins at a position that the mapping has to name. */
  boolean hasPosition() {
    return this != SQS && this != MQ;
  }

  /** Records in a batch unless the mapping says otherwise. */
  int defaultBatch() {
    return this == SQS ? 10 : 100;
  }

  /** How AWS names the cause of a change of state. */
  String reason() {
    return isStream() ? "User action" : "USER_INITIATED";
  }
}
