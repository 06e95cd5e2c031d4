package dev.lambic.functions;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigListItem;

/** What a function's provisioned concurrency means for its versions. */
final class Provisioning {
  private Provisioning() {}

  /**
   * How many environments each version gets that what is named by the qualifier asks for: those of
   * an alias are divided as its calls are.
   */
  static Map<String, Integer> shares(FunctionImage function, String qualifier, int count) {
    AliasConfiguration alias = function.attached(Kind.ALIAS, qualifier);
    if (alias == null) {
      return Map.of(qualifier, count);
    }
    Map<String, Integer> shares = new LinkedHashMap<>();
    int left = count;
    for (Map.Entry<String, Double> other : Routing.weights(alias).entrySet()) {
      int share = (int) Math.round(count * other.getValue());
      shares.put(other.getKey(), share);
      left -= share;
    }
    shares.put(alias.functionVersion(), left);
    return shares;
  }

  /** How many environments the versions shall have that are ready to run. */
  static Map<FunctionVersion, Integer> wanted(@Nullable FunctionImage function) {
    Map<FunctionVersion, Integer> wanted = new HashMap<>();
    if (function == null) {
      return wanted;
    }
    function
        .attachments()
        .all(Kind.PROVISIONED)
        .forEach((qualifier, config) ->
            shares(function, qualifier, count(config))
                .forEach((version, share) -> {
                  FunctionVersion ready = function.ready().get(version);
                  if (ready != null && share > 0) {
                    wanted.merge(ready, share, Integer::sum);
                  }
                }));
    return wanted;
  }

  /** How many environments all versions of the function shall have, but for one qualifier. */
  static int total(FunctionImage function, @Nullable String except) {
    return function.attachments().all(Kind.PROVISIONED).entrySet().stream()
        .filter(entry -> !entry.getKey().equals(except))
        .mapToInt(entry -> count(entry.getValue()))
        .sum();
  }

  private static int count(ProvisionedConcurrencyConfigListItem config) {
    return config.requestedProvisionedConcurrentExecutions();
  }
}
