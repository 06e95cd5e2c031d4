package dev.lambic.functions;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.DeleteProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListProvisionedConcurrencyConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListProvisionedConcurrencyConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigListItem;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;
import software.amazon.awssdk.services.lambda.model.PutFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.PutProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.SnapStartApplyOn;

/**
 * The operations about reserved and provisioned concurrency, for {@link FunctionService}, whose
 * promises are theirs too.
 *
 * <p>Decides what is asked for; who enforces it hears of it as a {@link FunctionListener}.
 */
final class ConcurrencyService {
  /** What has to be left to functions that have nothing reserved. */
  private static final int MIN_UNRESERVED = 100;

  private static final DateTimeFormatter LAST_MODIFIED =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss'+0000'").withZone(ZoneOffset.UTC);

  private final int concurrency;
  private final FunctionRegistry registry;
  private final Lookup lookup;
  private final ProvisionedEnvironments environments;
  private final Ambient ambient;

  /** Held while something is taken from what functions share, for each looks at all others. */
  private final ReentrantLock sharing = new ReentrantLock(true);

  ConcurrencyService(
      int concurrency,
      FunctionRegistry registry,
      ProvisionedEnvironments environments,
      Ambient ambient) {
    this.concurrency = concurrency;
    this.registry = registry;
    this.lookup = new Lookup(registry);
    this.environments = environments;
    this.ambient = ambient;
  }

  PutFunctionConcurrencyResponse put(PutFunctionConcurrencyRequest request) {
    Target target =
        Lookup.target("PutFunctionConcurrency", request.functionName(), null).unqualified();
    int wanted = request.reservedConcurrentExecutions();
    sharing.lock();
    try {
      registry.change(
          target.key(),
          before -> {
            if (before == null) {
              throw Errors.functionNotFound(target.arn() + ":" + FunctionVersion.LATEST);
            }
            requireShared("ReservedConcurrentExecutions", taken(before) + wanted);
            int provisioned = Provisioning.total(before, null);
            if (wanted < provisioned) {
              throw Errors.invalidUntyped(
                  " ReservedConcurrentExecutions  "
                      + wanted
                      + " should not be lower than function's total provisioned concurrency ["
                      + provisioned
                      + "].");
            }
            return before.withAttachments(
                before.attachments().with(Kind.RESERVED, Attachments.FUNCTION, wanted));
          });
    } finally {
      sharing.unlock();
    }
    return PutFunctionConcurrencyResponse.builder().reservedConcurrentExecutions(wanted).build();
  }

  /** What all other functions of the account have taken from what they share. */
  private int taken(FunctionImage except) {
    FunctionKey key = except.key();
    return registry.list(key.account(), key.region()).stream()
        .filter(other -> !other.key().equals(key))
        .mapToInt(other -> {
          Integer reserved = other.attached(Kind.RESERVED, Attachments.FUNCTION);
          return reserved == null ? Provisioning.total(other, null) : reserved;
        })
        .sum();
  }

  private void requireShared(String setting, int taken) {
    if (concurrency - taken < MIN_UNRESERVED) {
      throw Errors.invalidUntyped(
          "Specified "
              + setting
              + " for function decreases account's UnreservedConcurrentExecution below its minimum"
              + " value of ["
              + MIN_UNRESERVED
              + "].");
    }
  }

  GetFunctionConcurrencyResponse get(GetFunctionConcurrencyRequest request) {
    Target target =
        Lookup.target("GetFunctionConcurrency", request.functionName(), null).unqualified();
    return GetFunctionConcurrencyResponse.builder()
        .reservedConcurrentExecutions(
            lookup.require(target).attached(Kind.RESERVED, Attachments.FUNCTION))
        .build();
  }

  DeleteFunctionConcurrencyResponse delete(DeleteFunctionConcurrencyRequest request) {
    Target target =
        Lookup.target("DeleteFunctionConcurrency", request.functionName(), null).unqualified();
    registry.change(
        target.key(),
        before -> {
          FunctionImage function = Lookup.requireFunction(target, before);
          return function.withAttachments(
              function.attachments().without(Kind.RESERVED, Attachments.FUNCTION));
        });
    return DeleteFunctionConcurrencyResponse.builder().build();
  }

  PutProvisionedConcurrencyConfigResponse put(PutProvisionedConcurrencyConfigRequest request) {
    Target target =
        Lookup.target(
            "PutProvisionedConcurrencyConfig", request.functionName(), request.qualifier());
    String qualifier = qualifier(target);
    if (qualifier.equals(FunctionVersion.LATEST)) {
      throw unpublished();
    }
    int wanted = request.provisionedConcurrentExecutions();
    ProvisionedConcurrencyConfigListItem config =
        ProvisionedConcurrencyConfigListItem.builder()
            .requestedProvisionedConcurrentExecutions(wanted)
            .lastModified(LAST_MODIFIED.format(ambient.ticker().instant()))
            .build();
    sharing.lock();
    try {
      registry.change(
          target.key(),
          before -> {
            FunctionImage function = requireQualified(target, before);
            requireProvisionable(function, qualifier);
            requireRoom(function, qualifier, wanted);
            return function.withAttachments(
                function.attachments().with(Kind.PROVISIONED, qualifier, config));
          });
    } finally {
      sharing.unlock();
    }
    // As far as it has come in no time.
    return PutProvisionedConcurrencyConfigResponse.builder()
        .requestedProvisionedConcurrentExecutions(wanted)
        .allocatedProvisionedConcurrentExecutions(0)
        .availableProvisionedConcurrentExecutions(0)
        .status(ProvisionedConcurrencyStatusEnum.IN_PROGRESS)
        .lastModified(config.lastModified())
        .build();
  }

  private void requireRoom(FunctionImage function, String qualifier, int wanted) {
    int all = Provisioning.total(function, qualifier) + wanted;
    Integer reserved = function.attached(Kind.RESERVED, Attachments.FUNCTION);
    if (reserved != null && all > reserved) {
      throw Errors.invalid(
          "Requested Provisioned Concurrency should not be greater than the"
              + " reservedConcurrentExecution for function");
    }
    if (wanted > concurrency) {
      throw Errors.invalidUntyped(
          "Specified ConcurrentExecutions for function is greater than account's unreserved"
              + " concurrency ["
              + concurrency
              + "].");
    }
    if (reserved == null) {
      requireShared("ConcurrentExecutions", taken(function) + all);
    }
  }

  /** Refuses a version, and an alias of one, that has its environments by another name already. */
  static void requireProvisionable(FunctionImage function, String qualifier) {
    if (Configurations.isPerTenant(function.latest())) {
      throw Errors.invalid(
          "Provisioned Concurrency Configs cannot be applied to functions with tenancy"
              + " configuration.");
    }
    SortedMap<String, ProvisionedConcurrencyConfigListItem> others =
        function.attachments().all(Kind.PROVISIONED);
    AliasConfiguration alias = function.attached(Kind.ALIAS, qualifier);
    for (String version : Provisioning.shares(function, qualifier, 0).keySet()) {
      if (version.equals(FunctionVersion.LATEST)) {
        throw unpublished();
      }
      FunctionConfiguration published = function.version(version);
      if (published != null
          && published.snapStart() != null
          && published.snapStart().applyOn() == SnapStartApplyOn.PUBLISHED_VERSIONS) {
        throw Errors.invalid(
            "Provisioned Concurrency Configs cannot be applied to versions with SnapStart.");
      }
      boolean byAlias =
          others.keySet().stream()
              .filter(other -> !other.equals(qualifier))
              .filter(other -> function.attached(Kind.ALIAS, other) != null)
              .anyMatch(other -> Provisioning.shares(function, other, 0).containsKey(version));
      if (alias == null && byAlias) {
        throw Errors.conflict("Version is pointed by a Provisioned Concurrency alias");
      }
      if (alias != null && (byAlias || others.containsKey(version))) {
        throw Errors.conflict(
            "Alias can't be used for Provisioned Concurrency configuration on an already"
                + " Provisioned version");
      }
    }
  }

  private static RuntimeException unpublished() {
    return Errors.invalid(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  }

  GetProvisionedConcurrencyConfigResponse get(GetProvisionedConcurrencyConfigRequest request) {
    Target target =
        Lookup.target(
            "GetProvisionedConcurrencyConfig", request.functionName(), request.qualifier());
    String qualifier = published(target);
    FunctionImage function = requireQualified(target, registry.find(target.key()));
    ProvisionedConcurrencyConfigListItem config = function.attached(Kind.PROVISIONED, qualifier);
    if (config == null) {
      throw Errors.noProvisionedConcurrency();
    }
    return Shown.in(
        GetProvisionedConcurrencyConfigResponse.builder(), shown(function, qualifier, config));
  }

  DeleteProvisionedConcurrencyConfigResponse delete(
      DeleteProvisionedConcurrencyConfigRequest request) {
    Target target =
        Lookup.target(
            "DeleteProvisionedConcurrencyConfig", request.functionName(), request.qualifier());
    String qualifier = published(target);
    registry.change(
        target.key(),
        before -> {
          FunctionImage function = requireQualified(target, before);
          // One that is not there is as good as deleted.
          return function.withAttachments(
              function.attachments().without(Kind.PROVISIONED, qualifier));
        });
    return DeleteProvisionedConcurrencyConfigResponse.builder().build();
  }

  ListProvisionedConcurrencyConfigsResponse list(ListProvisionedConcurrencyConfigsRequest request) {
    Target target =
        Lookup.target("ListProvisionedConcurrencyConfigs", request.functionName(), null)
            .unqualified();
    FunctionImage function = lookup.require(target);
    SortedMap<String, ProvisionedConcurrencyConfigListItem> all =
        function.attachments().all(Kind.PROVISIONED);
    if (request.marker() != null) {
      all = all.tailMap(Pages.last(request.marker()) + '\0');
    }
    Pages.Page<Map.Entry<String, ProvisionedConcurrencyConfigListItem>> page =
        Pages.cut(all.entrySet(), request.maxItems(), Map.Entry::getKey);
    return ListProvisionedConcurrencyConfigsResponse.builder()
        .provisionedConcurrencyConfigs(
            page.items().stream()
                .map(entry ->
                    shown(function, entry.getKey(), entry.getValue()).toBuilder()
                        .functionArn(function.key().arn() + ":" + entry.getKey())
                        .build())
                .toList())
        .nextMarker(page.next())
        .build();
  }

  private ProvisionedConcurrencyConfigListItem shown(
      FunctionImage function, String qualifier, ProvisionedConcurrencyConfigListItem config) {
    int available = 0;
    ProvisionedConcurrencyStatusEnum status = ProvisionedConcurrencyStatusEnum.READY;
    String failure = null;
    int count = config.requestedProvisionedConcurrentExecutions();
    for (Map.Entry<String, Integer> share :
        Provisioning.shares(function, qualifier, count).entrySet()) {
      FunctionVersion ready = function.ready().get(share.getKey());
      if (share.getValue() == 0) {
        continue;
      }
      ProvisionedEnvironments.State state =
          ready == null ? ProvisionedEnvironments.State.NONE : environments.of(ready);
      available += state.available();
      if (state.status() == ProvisionedConcurrencyStatusEnum.FAILED) {
        failure = state.failure();
        status = state.status();
      } else if (status == ProvisionedConcurrencyStatusEnum.READY) {
        status = state.status();
      }
    }
    return config.toBuilder()
        .availableProvisionedConcurrentExecutions(available)
        .allocatedProvisionedConcurrentExecutions(available)
        .status(status)
        .statusReason(failure)
        .build();
  }

  private static String qualifier(Target target) {
    String qualifier = target.qualifier();
    return qualifier == null ? FunctionVersion.LATEST : qualifier;
  }

  private static String published(Target target) {
    String qualifier = qualifier(target);
    if (qualifier.equals(FunctionVersion.LATEST)) {
      throw Errors.invalid(
          "The function resource provided must be an alias or a published version.");
    }
    return qualifier;
  }

  /** The function, if it has the version or the alias. */
  private static FunctionImage requireQualified(Target target, @Nullable FunctionImage function) {
    String qualifier = qualifier(target);
    Long number = FunctionImage.number(qualifier);
    if (number != null) {
      if (function == null || !function.versions().containsKey(number)) {
        throw Errors.functionNotFound(target.arn());
      }
      return function;
    }
    if (function == null || function.attached(Kind.ALIAS, qualifier) == null) {
      throw Errors.notFound("Cannot find alias arn: " + target.arn());
    }
    return function;
  }
}
