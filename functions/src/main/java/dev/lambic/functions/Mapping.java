package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.wire.JsonCodec;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.ListTagsResponse;

/**
 * An event source mapping at one moment. Immutable; every change makes another one.
 *
 * <p>Its record is a line with its form, a line that says whether it is enabled or disabled once it
 * is at rest, a line with AWS's shape, and a line with AWS's ListTags shape.
 *
 * @param shape what AWS shows of it
 * @param enabled whether it is to be enabled
 * @param tags in the order in which they were given
 */
record Mapping(EventSourceMappingConfiguration shape, boolean enabled, Map<String, String> tags) {
  /** In ARNs. */
  static final String TYPE = "event-source-mapping";

  private static final String TEXT_FORM = "lambic event source mapping 1";
  private static final String ENABLED = "enabled";

  static final OwnedRegistry.Form<Mapping> FORM =
      new OwnedRegistry.Form<>() {
        @Override
        public byte[] encode(Mapping mapping) {
          String tags =
              new String(
                  JsonCodec.write(ListTagsResponse.builder().tags(mapping.tags).build()), UTF_8);
          return String.join(
                  "\n",
                  TEXT_FORM,
                  mapping.enabled ? ENABLED : "disabled",
                  new String(JsonCodec.write(mapping.shape), UTF_8),
                  tags)
              .getBytes(UTF_8);
        }

        @Override
        public Mapping decode(OwnedKey key, byte[] bytes) {
          String[] lines = new String(bytes, UTF_8).split("\n", -1);
          if (lines.length != 4 || !lines[0].equals(TEXT_FORM)) {
            throw new IllegalStateException(
                "the record of mapping " + key.recordKey() + " has an unknown form");
          }
          return new Mapping(
              JsonCodec.read(EventSourceMappingConfiguration.builder(), lines[2].getBytes(UTF_8)),
              lines[1].equals(ENABLED),
              JsonCodec.read(ListTagsResponse.builder(), lines[3].getBytes(UTF_8)).tags());
        }
      };

  /** Copies the tags. */
  Mapping {
    tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
  }

  MappingState state() {
    return MappingState.of(shape.state());
  }

  EventSource source() {
    return EventSource.of(shape.eventSourceArn(), shape.selfManagedEventSource());
  }

  /** In the next state of its life. */
  Mapping step(MappingState to, Instant now) {
    MappingState next = MappingState.TABLE.step(state(), to);
    return withShape(
        shape.toBuilder()
            .state(next.shown())
            .stateTransitionReason(source().reason())
            .lastModified(now)
            .build());
  }

  Mapping withShape(EventSourceMappingConfiguration shape) {
    return new Mapping(shape, enabled, tags);
  }

  Mapping withEnabled(boolean enabled) {
    return new Mapping(shape, enabled, tags);
  }

  Mapping withTags(Map<String, String> tags) {
    return new Mapping(shape, enabled, tags);
  }
}
