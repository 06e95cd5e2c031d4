package dev.lambic.functions;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;

/** Where an alias leads: to its version, and with a weight to another one. */
final class Routing {
  private Routing() {}

  /** The versions beside the alias's own, each with its share of the calls from 0 to 1. */
  static Map<String, Double> weights(AliasConfiguration alias) {
    return alias.routingConfig() == null
        ? Map.of()
        : alias.routingConfig().additionalVersionWeights();
  }

  /**
   * The version that a call runs.
   *
   * @param chance evenly distributed from 0 to 1, without 1
   */
  static String version(AliasConfiguration alias, double chance) {
    double left = chance;
    for (Map.Entry<String, Double> weight : weights(alias).entrySet()) {
      left -= weight.getValue();
      if (left < 0) {
        return weight.getKey();
      }
    }
    return alias.functionVersion();
  }

  /** The names of the aliases that lead to the version, be it seldom or never. */
  static List<String> aliases(FunctionImage function, String version) {
    List<String> names = new ArrayList<>();
    function
        .attachments()
        .all(Kind.ALIAS)
        .forEach((name, alias) -> {
          if (alias.functionVersion().equals(version) || weights(alias).containsKey(version)) {
            names.add(name);
          }
        });
    return names;
  }
}
