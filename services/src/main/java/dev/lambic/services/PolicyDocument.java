package dev.lambic.services;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.lambic.wire.Caller;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A policy as far as it is looked into: who may assume a role.
 *
 * <p>Follows "Grammar of the IAM JSON policy language" of the IAM User Guide. Of conditions only
 * that {@code sts:ExternalId} equals something is evaluated. Others count in favour of callers of
 * the role's own account and of services: as met where the statement allows, as not met where it
 * denies; for other accounts it is the other way round. So do NotPrincipal and NotAction where the
 * statement denies; where it allows they let nobody in.
 *
 * @param statements in their order
 */
record PolicyDocument(List<Statement> statements) {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final String ASSUMED = ":assumed-role/";

  /**
   * One of its statements.
   *
   * @param principals each with its kind, such as {@code Service:lambda.amazonaws.com}; {@code *}
   *     is everybody
   * @param actions as they stand there
   * @param excepting whether it names whom or what it is not about; then it is about all others
   * @param externalIds one of which the caller must say; null if the condition is another one
   */
  record Statement(
      boolean allows,
      List<String> principals,
      List<String> actions,
      boolean excepting,
      boolean conditional,
      @Nullable List<String> externalIds) {

    /** Whether its condition is met. */
    private boolean isMet(@Nullable String externalId, boolean ifUnknown) {
      if (!conditional) {
        return true;
      }
      return externalIds == null ? ifUnknown : externalIds.contains(externalId);
    }

    private boolean covers(String action) {
      String wanted = action.toLowerCase(Locale.ROOT);
      return actions.stream().anyMatch(each -> matches(each.toLowerCase(Locale.ROOT), wanted));
    }

    /** Whether the text is of the pattern, in which a star is any text and a question mark one. */
    private static boolean matches(String pattern, String text) {
      int at = 0;
      int in = 0;
      int star = -1;
      int resume = 0;
      while (in < text.length()) {
        char c = at < pattern.length() ? pattern.charAt(at) : 0;
        if (c == '*') {
          star = at++;
          resume = in;
        } else if (c == '?' || c == text.charAt(in)) {
          at++;
          in++;
        } else if (star >= 0) {
          at = star + 1;
          in = ++resume;
        } else {
          return false;
        }
      }
      return pattern.substring(at).chars().allMatch(c -> c == '*');
    }
  }

  /**
   * Reads a policy.
   *
   * @throws software.amazon.awssdk.services.iam.model.IamException MalformedPolicyDocument, with
   *     IAM's message, if it is none
   */
  static PolicyDocument parse(String text) {
    List<Statement> statements = new ArrayList<>();
    try (JsonParser json = FACTORY.createParser(text)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw IamErrors.invalidJson();
      }
      boolean found = false;
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        if (!name.equals("Statement")) {
          json.skipChildren();
        } else if (value == JsonToken.START_ARRAY) {
          while (json.nextToken() == JsonToken.START_OBJECT) {
            statements.add(statement(json));
          }
          if (json.currentToken() != JsonToken.END_ARRAY) {
            throw syntax();
          }
          found = true;
        } else if (value == JsonToken.START_OBJECT) {
          statements.add(statement(json));
          found = true;
        } else {
          throw syntax();
        }
      }
      if (json.nextToken() != null) {
        throw IamErrors.invalidJson();
      }
      if (!found) {
        throw syntax();
      }
    } catch (IOException e) {
      throw IamErrors.invalidJson();
    }
    return new PolicyDocument(statements);
  }

  private static RuntimeException syntax() {
    return IamErrors.malformed("Syntax errors in policy.");
  }

  private static Statement statement(JsonParser json) throws IOException {
    boolean allows = false;
    boolean excepting = false;
    boolean conditional = false;
    List<String> externalIds = null;
    List<String> principals = new ArrayList<>();
    List<String> actions = new ArrayList<>();
    boolean effect = false;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      switch (name) {
        case "Effect" -> {
          effect = true;
          allows = "Allow".equals(json.getText());
          if (!allows && !"Deny".equals(json.getText())) {
            throw syntax();
          }
        }
        case "Action" -> texts(json, "", actions);
        case "Principal" -> {
          if (value == JsonToken.START_OBJECT) {
            while (json.nextToken() == JsonToken.FIELD_NAME) {
              String kind = json.currentName() + ":";
              json.nextToken();
              texts(json, kind, principals);
            }
          } else {
            texts(json, "", principals);
          }
        }
        case "NotPrincipal", "NotAction" -> {
          excepting = true;
          (name.equals("NotAction") ? actions : principals).add("*");
          json.skipChildren();
        }
        case "Condition" -> {
          List<String> ids = externalIds(json);
          externalIds = conditional ? null : ids;
          conditional = true;
        }
        default -> json.skipChildren();
      }
    }
    if (!effect) {
      throw syntax();
    }
    return new Statement(allows, principals, actions, excepting, conditional, externalIds);
  }

  /**
   * What {@code sts:ExternalId} must be one of, or null if the condition asks for anything else.
   */
  private static @Nullable List<String> externalIds(JsonParser json) throws IOException {
    List<String> ids = new ArrayList<>();
    int tests = 0;
    if (json.currentToken() != JsonToken.START_OBJECT) {
      json.skipChildren();
      return null;
    }
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      boolean equals = json.currentName().equals("StringEquals");
      if (json.nextToken() != JsonToken.START_OBJECT) {
        json.skipChildren();
        tests++;
        continue;
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean external = json.currentName().equalsIgnoreCase("sts:ExternalId");
        JsonToken value = json.nextToken();
        tests++;
        if (equals
            && external
            && (value == JsonToken.VALUE_STRING || value == JsonToken.START_ARRAY)) {
          texts(json, "", ids);
        } else {
          json.skipChildren();
        }
      }
    }
    return tests == 1 && !ids.isEmpty() ? ids : null;
  }

  private static void texts(JsonParser json, String prefix, List<String> into) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_STRING) {
      into.add(prefix + json.getText());
      return;
    }
    if (json.currentToken() != JsonToken.START_ARRAY) {
      throw syntax();
    }
    while (json.nextToken() == JsonToken.VALUE_STRING) {
      into.add(prefix + json.getText());
    }
    if (json.currentToken() != JsonToken.END_ARRAY) {
      throw syntax();
    }
  }

  /** Whether a service of AWS, such as {@code lambda.amazonaws.com}, may assume the role. */
  boolean trustsService(String service) {
    return trusts(List.of("Service:" + service, "*", "AWS:*")::contains, true, null);
  }

  /**
   * Whether somebody may assume the role.
   *
   * @param owner account of the role
   * @param caller a user, a role's session or an account's root
   * @param externalId what they were told to say, or null
   */
  boolean trusts(String owner, Caller caller, @Nullable String externalId) {
    String account = caller.account();
    String arn = caller.principalArn();
    String iam = "AWS:arn:" + arn.split(":", 3)[1] + ":iam::" + account + ":";
    List<String> names = List.of("*", "AWS:*", "AWS:" + account, "AWS:" + arn, iam + "root");
    int session = arn.indexOf(ASSUMED);
    String role = session < 0 ? null : arn.substring(session + ASSUMED.length()).split("/", 2)[0];
    // A session does not tell its role's path, but a name stands for one role of an account.
    return trusts(
        principal ->
            names.contains(principal)
                || (role != null
                    && principal.startsWith(iam + "role/")
                    && principal.endsWith("/" + role)),
        account.equals(owner),
        externalId);
  }

  private boolean trusts(Predicate<String> isCaller, boolean own, @Nullable String externalId) {
    boolean allowed = false;
    for (Statement statement : statements) {
      if (!statement.covers("sts:AssumeRole")
          || statement.principals().stream().noneMatch(isCaller)) {
        continue;
      }
      if (statement.allows()) {
        allowed |= !statement.excepting() && statement.isMet(externalId, own);
      } else if (statement.isMet(externalId, !own) && !(statement.excepting() && own)) {
        return false;
      }
    }
    return allowed;
  }
}
