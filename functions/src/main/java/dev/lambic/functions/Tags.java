package dev.lambic.functions;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What may be tagged, and how often. Follows "Using tags on Lambda functions". */
final class Tags {
  private static final int LIMIT = 50;
  private static final Pattern RESOURCE =
      Pattern.compile("arn:[^:]*:lambda:([^:]*):(\\d{12}):([^:]*):([^:]*)(?::([^:]*))?");

  private Tags() {}

  /** Refuses more tags than a resource may have. */
  static void checkNumber(Map<String, String> tags) {
    if (tags.size() > LIMIT) {
      throw Errors.invalid("Number of tags exceeds resource tag limit.");
    }
  }

  /**
   * The function that the ARN names, in the caller's account and region.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for a version, an alias or
   *     a resource of a kind that Lambic does not have
   */
  static FunctionKey function(String account, String region, String arn) {
    Matcher matcher = RESOURCE.matcher(arn);
    if (!matcher.matches()) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    switch (matcher.group(3)) {
      case "function" -> {
        if (matcher.group(5) != null) {
          throw Errors.invalid(
              "Tags on function aliases and versions are not supported. Please specify a function"
                  + " ARN.");
        }
      }
      case "event-source-mapping" ->
          throw Errors.notFound("Event source mapping not found: " + arn);
      case "capacity-provider" -> throw Errors.notFound("Capacity provider not found: " + arn);
      default -> throw Errors.notFound("The resource you requested does not exist.");
    }
    FunctionKey key = new FunctionKey(account, region, matcher.group(4));
    if (!region.equals(matcher.group(1)) || !account.equals(matcher.group(2))) {
      throw Errors.functionNotFound(arn);
    }
    return key;
  }
}
