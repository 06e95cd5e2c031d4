package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.DeleteEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.DeleteEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.EndPointType;
import software.amazon.awssdk.services.lambda.model.EventSourceMappingConfiguration;
import software.amazon.awssdk.services.lambda.model.GetEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.GetEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.ListEventSourceMappingsRequest;
import software.amazon.awssdk.services.lambda.model.ListEventSourceMappingsResponse;
import software.amazon.awssdk.services.lambda.model.SelfManagedEventSource;
import software.amazon.awssdk.services.lambda.model.UpdateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.UpdateEventSourceMappingResponse;

/**
 * The operations on event source mappings, for {@link FunctionService}, whose promises are theirs
 * too. Mappings are kept and shown; nothing polls their sources yet.
 *
 * <p>A change is shown as being on its way, and finished after the answer. A mapping outlives its
 * function. Follows the Lambda API Reference.
 */
final class MappingService {
  private static final int PAGE = 100;

  private final FunctionRegistry functions;
  private final OwnedRegistry<Mapping> registry;
  private final Notices notices;
  private final Ambient ambient;
  private final Executor threads;

  /** Finishes what was on its way when the server ended. */
  MappingService(
      FunctionRegistry functions,
      OwnedRegistry<Mapping> registry,
      Notices notices,
      Ambient ambient,
      Executor threads) {
    this.functions = functions;
    this.registry = registry;
    this.notices = notices;
    this.ambient = ambient;
    this.threads = threads;
    for (OwnedKey key : registry.keys()) {
      finish(key);
    }
  }

  CreateEventSourceMappingResponse create(CreateEventSourceMappingRequest request) {
    EventSource source = EventSource.of(request.eventSourceArn(), request.selfManagedEventSource());
    Target function = function("CreateEventSourceMapping", request.functionName());
    Tags.checkNumber(request.tags());
    MappingChecks.parameters(source, request);
    MappingChecks.required(source, request, ambient.ticker().instant());
    OwnedKey key = OwnedKey.own(ambient.ids().uuid());
    EventSourceMappingConfiguration shape =
        MappingShapes.create(source, key, function.arn(), request).toBuilder()
            .state(MappingState.CREATING.shown())
            .stateTransitionReason(source.reason())
            .lastModified(now())
            .build();
    MappingChecks.values(source, shape);
    boolean enabled = !Boolean.FALSE.equals(request.enabled());
    Mapping created = new Mapping(shape, enabled, request.tags());
    registry.change(
        key,
        before -> {
          refuseTenants(function);
          requireUnique(key, created, function);
          return created;
        });
    threads.execute(() -> finish(key));
    return Shown.in(CreateEventSourceMappingResponse.builder(), shape);
  }

  /** A source does not say whose its events are. */
  private void refuseTenants(Target function) {
    FunctionImage found = functions.find(function.key());
    if (found != null && Configurations.isPerTenant(found.latest())) {
      throw Errors.invalid(
          "Event source mappings are not supported for functions with tenancy configuration.");
    }
  }

  GetEventSourceMappingResponse get(GetEventSourceMappingRequest request) {
    Mapping mapping = require(registry.find(OwnedKey.own(request.uuid())));
    return Shown.in(GetEventSourceMappingResponse.builder(), mapping.shape());
  }

  UpdateEventSourceMappingResponse update(UpdateEventSourceMappingRequest request) {
    OwnedKey key = OwnedKey.own(request.uuid());
    require(registry.find(key));
    Target function =
        request.functionName() == null
            ? null
            : function("UpdateEventSourceMapping", request.functionName());
    CreateEventSourceMappingRequest changes =
        Shown.in(CreateEventSourceMappingRequest.builder(), request);
    Mapping after =
        registry.change(
            key,
            found -> {
              Mapping before = atRest(require(found), "update");
              EventSource source = before.source();
              MappingChecks.parameters(source, changes);
              EventSourceMappingConfiguration shape =
                  MappingShapes.update(source, before.shape(), request);
              MappingChecks.values(source, shape);
              boolean enabled = request.enabled() == null ? before.enabled() : request.enabled();
              Mapping changed = before.withShape(shape).withEnabled(enabled);
              if (function != null && !function.arn().equals(shape.functionArn())) {
                changed = changed.withShape(shape.toBuilder().functionArn(function.arn()).build());
                refuseTenants(function);
                requireUnique(key, changed, function);
              }
              return changed.step(before.state().change(enabled), now());
            });
    threads.execute(() -> finish(key));
    return Shown.in(
        UpdateEventSourceMappingResponse.builder(), Objects.requireNonNull(after).shape());
  }

  DeleteEventSourceMappingResponse delete(DeleteEventSourceMappingRequest request) {
    OwnedKey key = OwnedKey.own(request.uuid());
    Mapping after =
        registry.change(
            key, before -> atRest(require(before), "delete").step(MappingState.DELETING, now()));
    threads.execute(() -> finish(key));
    return Shown.in(
        DeleteEventSourceMappingResponse.builder(), Objects.requireNonNull(after).shape());
  }

  ListEventSourceMappingsResponse list(ListEventSourceMappingsRequest request) {
    Caller caller = Caller.current();
    String functionArn =
        request.functionName() == null
            ? null
            : Lookup.target("ListEventSourceMappings", request.functionName(), null).arn();
    Stream<EventSourceMappingConfiguration> found =
        registry
            .list(caller.account(), caller.region(), IdPages.after(request.marker()))
            .map(Mapping::shape)
            .filter(shape -> functionArn == null || functionArn.equals(shape.functionArn()))
            .filter(shape ->
                request.eventSourceArn() == null
                    || request.eventSourceArn().equals(shape.eventSourceArn()))
            .map(MappingShapes::listed);
    IdPages<EventSourceMappingConfiguration> page =
        IdPages.page(found, EventSourceMappingConfiguration::uuid, request.maxItems(), PAGE);
    return ListEventSourceMappingsResponse.builder()
        .eventSourceMappings(page.items())
        .nextMarker(page.next())
        .build();
  }

  /** The tags of the mapping that the ARN names. */
  Map<String, String> tags(OwnedKey key, String arn) {
    return requireTagged(registry.find(key), arn).tags();
  }

  void changeTags(OwnedKey key, String arn, Consumer<Map<String, String>> change) {
    registry.change(
        key,
        before -> {
          Map<String, String> tags = new LinkedHashMap<>(requireTagged(before, arn).tags());
          change.accept(tags);
          Tags.checkNumber(tags);
          return requireTagged(before, arn).withTags(tags);
        });
  }

  private static Mapping requireTagged(@Nullable Mapping mapping, String arn) {
    if (mapping == null) {
      throw Errors.notFound("Event source mapping not found: " + arn);
    }
    return mapping;
  }

  /** Brings what is on its way to rest. */
  private void finish(OwnedKey key) {
    try {
      Mapping after =
          registry.change(
              key,
              before -> {
                if (before == null || before.state() == MappingState.DELETING) {
                  return null;
                }
                return before.state().inProgress()
                    ? before.step(MappingState.rest(before.enabled()), now())
                    : before;
              });
      if (after != null && after.enabled()) {
        notices.tell(
            "An event source mapping is enabled, but Lambic does not poll event sources yet: its"
                + " function gets no events from it.");
      }
    } catch (RuntimeException e) {
      ambient.faults().fault("event source mapping " + key.id(), e);
    }
  }

  private static Mapping require(@Nullable Mapping mapping) {
    if (mapping == null) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    return mapping;
  }

  private static Mapping atRest(Mapping mapping, String doing) {
    if (mapping.state().inProgress()) {
      throw Errors.inUse("Cannot " + doing + " the event source mapping because it is in use.");
    }
    return mapping;
  }

  /** The function, version or alias that a mapping is for, which has to be there. */
  private Target function(String operation, String name) {
    Target target = Lookup.target(operation, name, null);
    FunctionImage function = functions.find(target.key());
    String qualifier = target.qualifier();
    if (function == null
        || (function.version(qualifier) == null
            && (qualifier == null || function.attached(Kind.ALIAS, qualifier) == null))) {
      throw Errors.invalid("Function does not exist");
    }
    return target;
  }

  private void requireUnique(OwnedKey key, Mapping wanted, Target function) {
    registry
        .list(key.account(), key.region(), null)
        .filter(other -> !other.shape().uuid().equals(key.id()) && isSame(wanted, other))
        .findFirst()
        .ifPresent(twin -> {
          throw Errors.conflict(
              description(wanted, function)
                  + " already exists. Please update or delete the existing mapping with UUID "
                  + twin.shape().uuid());
        });
  }

  private static boolean isSame(Mapping one, Mapping other) {
    EventSourceMappingConfiguration a = one.shape();
    EventSourceMappingConfiguration b = other.shape();
    return one.source() == other.source()
        && a.functionArn().equals(b.functionArn())
        && Objects.equals(a.eventSourceArn(), b.eventSourceArn())
        && a.topics().equals(b.topics())
        && a.queues().equals(b.queues())
        && (one.source() != EventSource.SELF_MANAGED_KAFKA
            || servers(a.selfManagedEventSource()).stream()
                .anyMatch(servers(b.selfManagedEventSource())::contains));
  }

  private static String description(Mapping mapping, Target function) {
    EventSourceMappingConfiguration shape = mapping.shape();
    String qualifier = function.qualifier();
    String name = function.key().name() + (qualifier == null ? "" : ":" + qualifier);
    EventSource source = mapping.source();
    if (source.isStream()) {
      return "The event source arn (\" "
          + shape.eventSourceArn()
          + " \") and function (\" "
          + name
          + " \") provided mapping";
    }
    if (source == EventSource.SQS) {
      return "An event source mapping with SQS arn (\" "
          + shape.eventSourceArn()
          + " \") and function (\" "
          + name
          + " \")";
    }
    String read =
        source == EventSource.SELF_MANAGED_KAFKA
            ? String.join(",", servers(shape.selfManagedEventSource()))
            : shape.eventSourceArn();
    String parts = "";
    if (!shape.topics().isEmpty()) {
      parts = ", topics (\"" + String.join(",", shape.topics()) + "\")";
    } else if (!shape.queues().isEmpty()) {
      parts = ", queues (\"" + String.join(",", shape.queues()) + "\")";
    }
    return "An event source mapping with event source (\""
        + read
        + "\"), function (\""
        + shape.functionArn()
        + "\")"
        + parts;
  }

  private static List<String> servers(SelfManagedEventSource source) {
    List<String> servers = source.endpoints().get(EndPointType.KAFKA_BOOTSTRAP_SERVERS);
    return servers == null ? new ArrayList<>() : servers;
  }

  /** AWS shows whole milliseconds. */
  private Instant now() {
    return Instant.ofEpochMilli(ambient.ticker().instant().toEpochMilli());
  }
}
