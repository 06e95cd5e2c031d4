package dev.lambic.functions;

import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;

/**
 * The function that a request is about, from its name and its Qualifier parameter.
 *
 * @param key where it lives, which is the caller's region and mostly the caller's account
 * @param qualifier a version or alias; null if the caller gave none
 */
record Target(FunctionKey key, @Nullable String qualifier) {
  private static final String NAME_PATTERN =
      "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?"
          + "(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
  private static final String QUALIFIER_PATTERN = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

  /**
   * Works out what the caller means.
   *
   * @param principal for the error; null for the account itself
   * @param action for the error, such as {@code lambda:GetFunction}
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for a malformed name, two
   *     different qualifiers, another region or another account
   */
  static Target of(
      String account,
      String region,
      @Nullable String principal,
      String action,
      String nameOrArn,
      @Nullable String qualifier) {
    Target target = ofAnybody(account, region, nameOrArn, qualifier);
    if (!target.key().account().equals(account)) {
      throw target.denied(
          principal == null ? Caller.ofAccount(account, region).principalArn() : principal, action);
    }
    return target;
  }

  /**
   * The same, but the name may be of another account; then the caller needs the permission of that.
   */
  static Target ofAnybody(
      String account, String region, String nameOrArn, @Nullable String qualifier) {
    FunctionName name = FunctionName.parse(nameOrArn);
    if (name == null) {
      throw Errors.pattern(nameOrArn, "functionName", NAME_PATTERN);
    }
    if (qualifier != null && !FunctionName.isQualifier(qualifier)) {
      throw Errors.pattern(qualifier, "qualifier", QUALIFIER_PATTERN);
    }
    if (name.qualifier() != null && qualifier != null && !name.qualifier().equals(qualifier)) {
      throw Errors.invalid(
          "The derived qualifier from the function name does not match the specified qualifier.");
    }
    requireRegion(name, region);
    return new Target(
        new FunctionKey(name.account() == null ? account : name.account(), region, name.name()),
        name.qualifier() == null ? qualifier : name.qualifier());
  }

  /** For a caller of another account, whom nobody permitted the action. */
  RuntimeException denied(String principal, String action) {
    return Errors.accessDenied(
        "User: "
            + principal
            + " is not authorized to perform: "
            + action
            + " on resource: "
            + key.arn()
            + " because no resource-based policy allows the "
            + action
            + " action");
  }

  /** Refuses a name with another region in it. */
  static void requireRegion(FunctionName name, String region) {
    if (name.region() != null && !name.region().equals(region)) {
      throw Errors.notFound(
          "Functions from '"
              + name.region()
              + "' are not reachable in this region ('"
              + region
              + "')");
    }
  }

  /** The ARN as the caller gave it, with the qualifier if there was one. */
  String arn() {
    return qualifier == null ? key.arn() : key.arn() + ":" + qualifier;
  }

  /** Refuses a version or an alias, for operations that change the function itself. */
  Target unqualified() {
    if (qualifier != null) {
      throw Errors.invalid(
          "This operation is permitted on Lambda functions only. Aliases and versions do not support"
              + " this operation. Please specify either a function name or an unqualified function"
              + " ARN.");
    }
    return this;
  }
}
