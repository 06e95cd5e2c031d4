package dev.lambic.functions;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What may be tagged, and how often. Follows "Using tags on Lambda functions". */
final class Tags {
  private static final int LIMIT = 50;
  private static final Pattern RESOURCE =
      Pattern.compile("arn:[^:]*:lambda:([^:]*):(\\d{12}):([^:]*):([^:]*)(?::([^:]*))?");

  /** What an ARN names. */
  sealed interface Resource {}

  record Function(FunctionKey key) implements Resource {}

  record Mapping(OwnedKey key) implements Resource {}

  record Signing(OwnedKey key) implements Resource {}

  private Tags() {}

  /** Refuses more tags than a resource may have. */
  static void checkNumber(Map<String, String> tags) {
    if (tags.size() > LIMIT) {
      throw Errors.invalid("Number of tags exceeds resource tag limit.");
    }
  }

  /**
   * The resource that the ARN names, in the caller's account and region.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for a version, an alias or
   *     a resource of a kind that has no tags, and for one of another account or region
   */
  static Resource resource(String account, String region, String arn) {
    Matcher matcher = RESOURCE.matcher(arn);
    if (!matcher.matches()) {
      throw nowhere();
    }
    boolean own = region.equals(matcher.group(1)) && account.equals(matcher.group(2));
    String id = matcher.group(4);
    return switch (matcher.group(3)) {
      case "function" -> {
        if (matcher.group(5) != null) {
          throw Errors.invalid(
              "Tags on function aliases and versions are not supported. Please specify a function"
                  + " ARN.");
        }
        if (!own) {
          throw Errors.functionNotFound(arn);
        }
        yield new Function(new FunctionKey(account, region, id));
      }
      case dev.lambic.functions.Mapping.TYPE -> {
        if (!own) {
          throw Errors.notFound("Event source mapping not found: " + arn);
        }
        yield new Mapping(new OwnedKey(account, region, id));
      }
      case SigningConfig.TYPE -> {
        if (!own) {
          throw nowhere();
        }
        yield new Signing(new OwnedKey(account, region, id));
      }
      case "capacity-provider" -> throw Errors.notFound("Capacity provider not found: " + arn);
      default -> throw nowhere();
    };
  }

  private static RuntimeException nowhere() {
    return Errors.notFound("The resource you requested does not exist.");
  }
}
