package dev.lambic.functions;

import java.util.List;

/**
 * What the resource policies of functions and of layers have in common: how they are written as
 * JSON, and whom a principal means.
 */
final class Statements {
  private Statements() {}

  /** The whole policy of some statements. */
  static String document(List<String> statements) {
    return "{\"Version\":\"2012-10-17\",\"Id\":\"default\",\"Statement\":["
        + String.join(",", statements)
        + "]}";
  }

  /**
   * The beginning of a statement, whose closing brace and whose condition are still to come.
   *
   * @param principal as JSON
   */
  static String allow(String id, String principal, String action, String resource) {
    return "{\"Sid\":"
        + quoted(id)
        + ",\"Effect\":\"Allow\",\"Principal\":"
        + principal
        + ",\"Action\":"
        + quoted(action)
        + ",\"Resource\":"
        + quoted(resource);
  }

  /** Everybody, an account by its twelve digits, or an ARN, as a statement's principal. */
  static String principal(String principal, String partition) {
    if (principal.equals("*")) {
      return "\"*\"";
    }
    String arn =
        principal.startsWith("arn:")
            ? principal
            : "arn:" + partition + ":iam::" + principal + ":root";
    return "{\"AWS\":" + quoted(arn) + "}";
  }

  /** Whether the principal, in the form of a request, means everybody or all of the account. */
  static boolean means(String principal, String account) {
    return principal.equals("*")
        || principal.equals(account)
        || (principal.startsWith("arn:") && principal.endsWith(":iam::" + account + ":root"));
  }

  static RuntimeException duplicate(String id) {
    return Errors.conflict(
        "The statement id ("
            + id
            + ") provided already exists. Please provide a new statement id, or remove the existing"
            + " statement.");
  }

  static RuntimeException missing(String id) {
    return Errors.notFound("Statement " + id + " is not found in resource policy.");
  }

  /** For a policy that is not there. */
  static RuntimeException noPolicy() {
    return Errors.notFound("No policy is associated with the given resource.");
  }

  /** The text as a JSON string. */
  static String quoted(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    text.chars()
        .forEach(c -> {
          if (c == '"' || c == '\\') {
            quoted.append('\\').append((char) c);
          } else if (c < ' ') {
            quoted.append(String.format("\\u%04x", c));
          } else {
            quoted.append((char) c);
          }
        });
    return quoted.append('"').toString();
  }
}
