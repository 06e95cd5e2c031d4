package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.wire.Caller;
import dev.lambic.wire.JsonCodec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddPermissionRequest;

/**
 * Who, beside its owner, may use a function, one of its versions or an alias. Immutable. Follows
 * "Working with resource-based IAM policies in Lambda".
 *
 * @param statements as they were asked for, without the function's name, qualifier and revision; at
 *     least one
 */
record FunctionPolicy(List<AddPermissionRequest> statements) {
  /** The most that the policy's text may have. */
  static final int MAX_CHARS = 20_480;

  static final String INVOKE = "lambda:InvokeFunction";
  static final String INVOKE_URL = "lambda:InvokeFunctionUrl";

  private static final Pattern ACCOUNT = Pattern.compile("[0-9]{12}");
  private static final Pattern IDENTITY =
      Pattern.compile(
          "arn:aws[a-zA-Z-]*:(iam|sts)::[0-9]{12}:(root|(user|role|assumed-role|federated-user)/.+)");
  private static final Pattern SERVICE =
      Pattern.compile(
          "[a-z0-9-]+(\\.[a-z0-9-]+)*\\.(amazonaws\\.com(\\.cn)?|amazon\\.com|aws\\.internal)");

  /** Copies the list. */
  FunctionPolicy {
    statements = List.copyOf(statements);
  }

  /**
   * A policy with one more statement.
   *
   * @param before null for none
   * @param resource the ARN that the policy is for
   */
  static FunctionPolicy with(
      @Nullable FunctionPolicy before, AddPermissionRequest request, String resource) {
    List<AddPermissionRequest> statements =
        new ArrayList<>(before == null ? List.of() : before.statements());
    if (statements.stream().anyMatch(old -> old.statementId().equals(request.statementId()))) {
      throw Statements.duplicate(request.statementId());
    }
    checkPrincipal(request.principal());
    if (request.functionUrlAuthType() != null && !request.action().equals(INVOKE_URL)) {
      throw Errors.invalid(
          "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
    }
    statements.add(request.toBuilder().functionName(null).qualifier(null).revisionId(null).build());
    FunctionPolicy after = new FunctionPolicy(statements);
    int size = after.text(resource).length();
    if (size > MAX_CHARS) {
      throw Errors.policyTooLong(size, MAX_CHARS);
    }
    return after;
  }

  /** The policy without a statement; null if none is left. */
  @Nullable FunctionPolicy without(String id) {
    List<AddPermissionRequest> fewer =
        statements.stream().filter(statement -> !statement.statementId().equals(id)).toList();
    return fewer.isEmpty() ? null : new FunctionPolicy(fewer);
  }

  boolean has(String id) {
    return statements.stream().anyMatch(statement -> statement.statementId().equals(id));
  }

  /** The whole policy. */
  String text(String resource) {
    return Statements.document(
        statements.stream().map(statement -> text(statement, resource)).toList());
  }

  /** One statement of it. */
  static String text(AddPermissionRequest statement, String resource) {
    String who = statement.principal();
    String principal =
        SERVICE.matcher(who).matches()
            ? "{\"Service\":" + Statements.quoted(who) + "}"
            : Statements.principal(who, resource.split(":", 3)[1]);
    return Statements.allow(statement.statementId(), principal, statement.action(), resource)
        + conditions(statement)
        + "}";
  }

  private static String conditions(AddPermissionRequest statement) {
    Map<String, String> equal = new LinkedHashMap<>();
    put(equal, "AWS:SourceAccount", statement.sourceAccount());
    put(equal, "lambda:EventSourceToken", statement.eventSourceToken());
    put(equal, "lambda:FunctionUrlAuthType", statement.functionUrlAuthTypeAsString());
    put(equal, "aws:PrincipalOrgID", statement.principalOrgID());
    Map<String, String> truth = new LinkedHashMap<>();
    Boolean viaUrl = statement.invokedViaFunctionUrl();
    put(truth, "lambda:InvokedViaFunctionUrl", viaUrl == null ? null : viaUrl.toString());
    Map<String, String> like = new LinkedHashMap<>();
    put(like, "AWS:SourceArn", statement.sourceArn());
    String all =
        List.of(
                condition("StringEquals", equal),
                condition("Bool", truth),
                condition("ArnLike", like))
            .stream()
            .filter(text -> !text.isEmpty())
            .collect(Collectors.joining(","));
    return all.isEmpty() ? "" : ",\"Condition\":{" + all + "}";
  }

  private static void put(Map<String, String> values, String key, @Nullable String value) {
    if (value != null) {
      values.put(key, value);
    }
  }

  private static String condition(String operator, Map<String, String> values) {
    if (values.isEmpty()) {
      return "";
    }
    return values.entrySet().stream()
        .map(entry -> Statements.quoted(entry.getKey()) + ":" + Statements.quoted(entry.getValue()))
        .collect(Collectors.joining(",", "\"" + operator + "\":{", "}"));
  }

  private static void checkPrincipal(String principal) {
    if (principal.startsWith("arn:")) {
      if (!IDENTITY.matcher(principal).matches()) {
        throw Errors.invalid(
            "The provided input'"
                + principal
                + "'was invalid. Member must satisfy expression: [\\w+=,.@-]* Please check your"
                + " input and try again.");
      }
      return;
    }
    if (!principal.equals("*")
        && !ACCOUNT.matcher(principal).matches()
        && !SERVICE.matcher(principal).matches()) {
      throw Errors.invalid(
          "The provided principal was invalid. Please check the principal and try again.");
    }
  }

  /**
   * Whether the policy allows the action to a caller who calls for itself: no service, no source,
   * no token and no organization is behind it.
   *
   * @param caller null for somebody who did not sign, which only a statement for everybody allows
   * @param urlAuthType how the function URL that was called asks for signatures; null if none was
   */
  boolean allows(@Nullable Caller caller, String action, @Nullable String urlAuthType) {
    return statements.stream()
        .filter(statement -> covers(statement.action(), action))
        .filter(statement -> applies(statement, urlAuthType))
        .anyMatch(statement -> isFor(statement.principal(), caller));
  }

  private static boolean covers(String granted, String action) {
    return granted.equals("*") || granted.equals("lambda:*") || granted.equalsIgnoreCase(action);
  }

  private static boolean applies(AddPermissionRequest statement, @Nullable String urlAuthType) {
    String wantedType = statement.functionUrlAuthTypeAsString();
    Boolean viaUrl = statement.invokedViaFunctionUrl();
    return statement.sourceAccount() == null
        && statement.sourceArn() == null
        && statement.eventSourceToken() == null
        && statement.principalOrgID() == null
        && (wantedType == null || wantedType.equals(urlAuthType))
        && (viaUrl == null || viaUrl == (urlAuthType != null));
  }

  private static boolean isFor(String principal, @Nullable Caller caller) {
    if (caller == null) {
      return principal.equals("*");
    }
    return Statements.means(principal, caller.account())
        || principal.equals(caller.principalArn())
        || isRoleOf(principal, caller.principalArn());
  }

  /** Whether the second is a session of the first, which is a role. */
  private static boolean isRoleOf(String role, String session) {
    int name = role.indexOf(":role/");
    int assumed = session.indexOf(":assumed-role/");
    if (name < 0 || assumed < 0) {
      return false;
    }
    String[] roleParts = role.split(":", 6);
    String[] sessionParts = session.split(":", 6);
    return roleParts[4].equals(sessionParts[4])
        && sessionParts[5].startsWith(
            "assumed-role/" + role.substring(role.lastIndexOf('/') + 1) + "/");
  }

  /** One line of JSON for each statement. */
  byte[] encode() {
    return statements.stream()
        .map(statement -> new String(JsonCodec.write(statement), UTF_8))
        .collect(Collectors.joining("\n"))
        .getBytes(UTF_8);
  }

  static FunctionPolicy decode(byte[] bytes) {
    return new FunctionPolicy(
        Arrays.stream(new String(bytes, UTF_8).split("\n", -1))
            .map(line -> JsonCodec.read(AddPermissionRequest.builder(), line.getBytes(UTF_8)))
            .toList());
  }
}
