package dev.lambic.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkClient;

/**
 * A registered service, and what is loaded for it at its first request.
 *
 * <p>Safe for use by many threads.
 */
final class ServiceSlot {
  /** Everything that a request needs to be answered by an SDK service. */
  record Loaded(
      SdkClient implementation,
      RouteTable routes,
      ConstraintData data,
      Validator validator,
      Map<String, RawOperation> raw) {

    RouteTable.@Nullable Match match(dev.lambic.http.HttpRequest request) {
      String target = request.headers().get("X-Amz-Target");
      RouteTable.Match match = target == null ? null : routes.match(target);
      if (match == null && routes.hasActions() && AwsQuery.announced(request)) {
        String action = AwsQuery.parameter(request, "Action");
        return action == null
            ? null
            : routes.action(action, AwsQuery.parameter(request, "Version"));
      }
      return match == null ? routes.match(request.method(), request.target()) : match;
    }
  }

  private final Service service;
  private final ReentrantLock loading = new ReentrantLock();
  private volatile @Nullable Loaded loaded;

  ServiceSlot(Service service) {
    this.service = service;
  }

  Service service() {
    return service;
  }

  /** What is loaded, or null before the first request. */
  @Nullable Loaded ready() {
    return loaded;
  }

  /** Loads what is not loaded yet, which takes a fraction of a second. */
  Loaded load() {
    Loaded known = loaded;
    if (known != null) {
      return known;
    }
    Service.SdkSource sdk = Objects.requireNonNull(service.sdk());
    loading.lock();
    try {
      known = loaded;
      if (known == null) {
        List<Operation> operations = new ArrayList<>(SdkBinding.operations(sdk.api()));
        service.forgotten().forEach(address -> operations.add(SdkBinding.forgotten(address)));
        for (String raw : service.raw().keySet()) {
          if (operations.stream().noneMatch(operation -> operation.name().equals(raw))) {
            operations.add(SdkBinding.streaming(sdk.api(), raw));
          }
        }
        ConstraintData data = ConstraintData.of(service.name());
        known =
            new Loaded(
                sdk.implementation().get(),
                new RouteTable(operations),
                data,
                new Validator(data),
                service.raw());
        loaded = known;
      }
      return known;
    } finally {
      loading.unlock();
    }
  }

  /** Whether a request without a signature is meant for this service. */
  boolean claims(dev.lambic.http.HttpRequest request) {
    Service.SdkSource sdk = service.sdk();
    if (sdk != null) {
      return (!sdk.forms() || AwsQuery.announced(request)) && load().match(request) != null;
    }
    if (service.streamed() != null) {
      return request.target().contains("AWSAccessKeyId=")
          || S3Host.bucket(request.headers().get("Host")) != null;
    }
    String target = request.headers().get("X-Amz-Target");
    return target != null && target.startsWith(service.targetPrefix() + ".");
  }
}
