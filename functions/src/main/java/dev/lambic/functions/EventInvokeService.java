package dev.lambic.functions;

import dev.lambic.kernel.Ticker;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.DestinationConfig;
import software.amazon.awssdk.services.lambda.model.FunctionEventInvokeConfig;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionEventInvokeConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionEventInvokeConfigsResponse;
import software.amazon.awssdk.services.lambda.model.OnFailure;
import software.amazon.awssdk.services.lambda.model.OnSuccess;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionEventInvokeConfigResponse;

/**
 * The operations on what asynchronous invocations do, for {@link FunctionService}, whose promises
 * are theirs too.
 */
final class EventInvokeService implements EventDirectory {
  private static final Set<String> SUCCESS_SERVICES = Set.of("lambda", "sqs", "sns", "events");
  private static final Set<String> FAILURE_SERVICES =
      Set.of("lambda", "sqs", "sns", "events", "s3");

  /** The services behind a destination to which records are really sent. */
  private static final Set<String> REACHED = Set.of("lambda", "s3");

  private final FunctionRegistry registry;
  private final Ticker ticker;
  private final Notices notices;

  EventInvokeService(FunctionRegistry registry, Ticker ticker, Notices notices) {
    this.registry = registry;
    this.ticker = ticker;
    this.notices = notices;
  }

  @Override
  public Settings settings(String functionArn, String qualifier) {
    FunctionName name = FunctionName.parse(functionArn);
    FunctionImage function =
        name == null || name.account() == null || name.region() == null
            ? null
            : registry.find(new FunctionKey(name.account(), name.region(), name.name()));
    if (function == null) {
      return Settings.STANDARD;
    }
    Integer reserved = function.attached(Kind.RESERVED, Attachments.FUNCTION);
    boolean closed = reserved != null && reserved == 0;
    FunctionEventInvokeConfig config = function.attached(Kind.EVENT_INVOKE, qualifier);
    if (config == null) {
      return closed
          ? new Settings(Settings.STANDARD.retries(), Settings.STANDARD.age(), null, null, true)
          : Settings.STANDARD;
    }
    Integer retries = config.maximumRetryAttempts();
    Integer age = config.maximumEventAgeInSeconds();
    return new Settings(
        retries == null ? Settings.STANDARD.retries() : retries,
        age == null ? Settings.STANDARD.age() : Duration.ofSeconds(age),
        success(config.destinationConfig()),
        failure(config.destinationConfig()),
        closed);
  }

  PutFunctionEventInvokeConfigResponse put(PutFunctionEventInvokeConfigRequest request) {
    FunctionEventInvokeConfig wanted =
        wanted(
            request.maximumRetryAttempts(),
            request.maximumEventAgeInSeconds(),
            request.destinationConfig());
    Target target =
        qualified(
            Lookup.target(
                "PutFunctionEventInvokeConfig", request.functionName(), request.qualifier()));
    requireSomething(wanted);
    FunctionEventInvokeConfig made =
        change(target, current -> FunctionEventInvokeConfig.builder().build(), wanted);
    return Shown.in(PutFunctionEventInvokeConfigResponse.builder(), made);
  }

  UpdateFunctionEventInvokeConfigResponse update(UpdateFunctionEventInvokeConfigRequest request) {
    FunctionEventInvokeConfig wanted =
        wanted(
            request.maximumRetryAttempts(),
            request.maximumEventAgeInSeconds(),
            request.destinationConfig());
    Target target =
        qualified(
            Lookup.target(
                "UpdateFunctionEventInvokeConfig", request.functionName(), request.qualifier()));
    requireSomething(wanted);
    FunctionEventInvokeConfig made =
        change(target, current -> requireConfig(target, current), wanted);
    return Shown.in(UpdateFunctionEventInvokeConfigResponse.builder(), made);
  }

  private static FunctionEventInvokeConfig wanted(
      @Nullable Integer attempts, @Nullable Integer age, @Nullable DestinationConfig destinations) {
    return FunctionEventInvokeConfig.builder()
        .maximumRetryAttempts(attempts)
        .maximumEventAgeInSeconds(age)
        .destinationConfig(destinations)
        .build();
  }

  GetFunctionEventInvokeConfigResponse get(GetFunctionEventInvokeConfigRequest request) {
    Target target =
        qualified(
            Lookup.target(
                "GetFunctionEventInvokeConfig", request.functionName(), request.qualifier()));
    return Shown.in(
        GetFunctionEventInvokeConfigResponse.builder(),
        requireConfig(target, registry.find(target.key())));
  }

  DeleteFunctionEventInvokeConfigResponse delete(DeleteFunctionEventInvokeConfigRequest request) {
    Target target =
        qualified(
            Lookup.target(
                "DeleteFunctionEventInvokeConfig", request.functionName(), request.qualifier()));
    registry.change(
        target.key(),
        before -> {
          requireConfig(target, before);
          FunctionImage function = Objects.requireNonNull(before);
          return function.withAttachments(
              function.attachments().without(Kind.EVENT_INVOKE, qualifier(target)));
        });
    return DeleteFunctionEventInvokeConfigResponse.builder().build();
  }

  ListFunctionEventInvokeConfigsResponse list(ListFunctionEventInvokeConfigsRequest request) {
    Target target = Lookup.target("ListFunctionEventInvokeConfigs", request.functionName(), null);
    FunctionImage function = requireFunction(registry.find(target.key()));
    QualifierPages<FunctionEventInvokeConfig> page =
        QualifierPages.page(
            function.attachments().all(Kind.EVENT_INVOKE), request.marker(), request.maxItems());
    return ListFunctionEventInvokeConfigsResponse.builder()
        .functionEventInvokeConfigs(page.items())
        .nextMarker(page.next())
        .build();
  }

  /** From a function as it is now to the configuration that is changed. */
  private interface Start {
    FunctionEventInvokeConfig of(FunctionImage current);
  }

  private FunctionEventInvokeConfig change(
      Target target, Start start, FunctionEventInvokeConfig wanted) {
    String qualifier = qualifier(target);
    FunctionImage after =
        registry.change(
            target.key(),
            before -> {
              FunctionImage current = requireFunction(before);
              if (!Lookup.has(current, qualifier)) {
                throw noFunction();
              }
              FunctionEventInvokeConfig merged = merge(start.of(current), wanted);
              checkDestinations(target.key(), merged.destinationConfig());
              FunctionEventInvokeConfig whole =
                  merged.toBuilder()
                      .functionArn(target.arn())
                      .lastModified(ticker.instant())
                      .build();
              return current.withAttachments(
                  current.attachments().with(Kind.EVENT_INVOKE, qualifier, whole));
            });
    FunctionEventInvokeConfig made =
        Objects.requireNonNull(
            Objects.requireNonNull(after).attached(Kind.EVENT_INVOKE, qualifier));
    tell(success(made.destinationConfig()));
    tell(failure(made.destinationConfig()));
    return made;
  }

  private void tell(@Nullable String destination) {
    if (!isOf(destination, REACHED)) {
      notices.tell(
          "Destinations of asynchronous invocations that are queues, topics or event buses are kept"
              + " and shown, but nothing is sent to them yet.");
    }
  }

  private static FunctionEventInvokeConfig merge(
      FunctionEventInvokeConfig before, FunctionEventInvokeConfig wanted) {
    FunctionEventInvokeConfig.Builder merged = before.toBuilder();
    if (wanted.maximumRetryAttempts() != null) {
      merged.maximumRetryAttempts(wanted.maximumRetryAttempts());
    }
    if (wanted.maximumEventAgeInSeconds() != null) {
      merged.maximumEventAgeInSeconds(wanted.maximumEventAgeInSeconds());
    }
    DestinationConfig destinations =
        wanted.destinationConfig() == null
            ? before.destinationConfig()
            : wanted.destinationConfig();
    return merged.destinationConfig(normal(destinations)).build();
  }

  /** Both parts are always shown, empty where there is no destination. */
  private static DestinationConfig normal(@Nullable DestinationConfig some) {
    String success = success(some);
    String failure = failure(some);
    return DestinationConfig.builder()
        .onSuccess(OnSuccess.builder().destination(success).build())
        .onFailure(OnFailure.builder().destination(failure).build())
        .build();
  }

  private static @Nullable String success(@Nullable DestinationConfig some) {
    return some == null || some.onSuccess() == null ? null : orNull(some.onSuccess().destination());
  }

  private static @Nullable String failure(@Nullable DestinationConfig some) {
    return some == null || some.onFailure() == null ? null : orNull(some.onFailure().destination());
  }

  private static @Nullable String orNull(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  private void checkDestinations(FunctionKey key, DestinationConfig config) {
    String success = success(config);
    String failure = failure(config);
    if (!isOf(success, SUCCESS_SERVICES) || !isOf(failure, FAILURE_SERVICES)) {
      throw Errors.invalid(
          "The provided destination config DestinationConfig(onSuccess="
              + (success == null ? "null" : "OnSuccess(destination=" + success + ")")
              + ", onFailure="
              + (failure == null ? "null" : "OnFailure(destination=" + failure + ")")
              + ") is invalid.");
    }
    checkFunction(key, success);
    checkFunction(key, failure);
  }

  private static boolean isOf(@Nullable String arn, Set<String> services) {
    return arn == null || (arn.startsWith("arn:") && services.contains(arn.split(":", 4)[2]));
  }

  /** A destination that is a function must be there, and another one. */
  private void checkFunction(FunctionKey key, @Nullable String arn) {
    if (arn == null || !arn.split(":", 4)[2].equals("lambda")) {
      return;
    }
    FunctionName name = FunctionName.parse(arn);
    if (name == null || name.account() == null || name.region() == null) {
      throw invalidDestination(arn);
    }
    FunctionKey destination = new FunctionKey(name.account(), name.region(), name.name());
    if (destination.equals(key)) {
      throw Errors.invalid("You can't specify the function as a destination for itself.");
    }
    FunctionImage function = registry.find(destination);
    if (function == null || (name.qualifier() != null && !Lookup.has(function, name.qualifier()))) {
      throw invalidDestination(arn);
    }
  }

  private static RuntimeException invalidDestination(String arn) {
    return Errors.invalid("The destination ARN " + arn + " is invalid.");
  }

  private static void requireSomething(FunctionEventInvokeConfig wanted) {
    if (wanted.maximumRetryAttempts() == null
        && wanted.maximumEventAgeInSeconds() == null
        && wanted.destinationConfig() == null) {
      throw Errors.invalid(
          "You must specify at least one of error handling or destination setting.");
    }
  }

  private static FunctionEventInvokeConfig requireConfig(
      Target target, @Nullable FunctionImage function) {
    FunctionEventInvokeConfig config =
        function == null ? null : function.attached(Kind.EVENT_INVOKE, qualifier(target));
    if (config == null) {
      throw Errors.notFound("The function " + target.arn() + " doesn't have an EventInvokeConfig");
    }
    return config;
  }

  private static FunctionImage requireFunction(@Nullable FunctionImage function) {
    if (function == null) {
      throw noFunction();
    }
    return function;
  }

  private static RuntimeException noFunction() {
    return Errors.notFound("The function doesn't exist.");
  }

  /** The function itself is its version that can be changed, in ARNs too. */
  private static Target qualified(Target target) {
    return target.qualifier() == null ? new Target(target.key(), FunctionVersion.LATEST) : target;
  }

  private static String qualifier(Target qualified) {
    return Objects.requireNonNull(qualified.qualifier());
  }
}
