package dev.lambic.services;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A policy as far as it is looked into: who may assume a role.
 *
 * <p>Follows "Grammar of the IAM JSON policy language" of the IAM User Guide. Conditions are not
 * evaluated: a statement with some counts as if they were met where it allows, and as if they were
 * not where it denies.
 *
 * @param statements in their order
 */
record PolicyDocument(List<Statement> statements) {
  private static final JsonFactory FACTORY = new JsonFactory();

  /**
   * One of its statements.
   *
   * @param principals each with its kind, such as {@code Service:lambda.amazonaws.com}; {@code *}
   *     is everybody
   * @param actions as they stand there
   */
  record Statement(
      boolean allows, List<String> principals, List<String> actions, boolean conditional) {

    private boolean covers(String action) {
      for (String pattern : actions) {
        String start = pattern.endsWith("*") ? pattern.substring(0, pattern.length() - 1) : pattern;
        if (pattern.equalsIgnoreCase(action)
            || (pattern.endsWith("*") && action.regionMatches(true, 0, start, 0, start.length()))) {
          return true;
        }
      }
      return false;
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
    boolean conditional = false;
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
        default -> {
          conditional |= name.equals("Condition");
          json.skipChildren();
        }
      }
    }
    if (!effect) {
      throw syntax();
    }
    return new Statement(allows, principals, actions, conditional);
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
    return trusts(List.of("Service:" + service, "*", "AWS:*"));
  }

  /**
   * Whether somebody may assume the role.
   *
   * @param arn of a user, a role's session or an account's root
   */
  boolean trusts(String account, String arn) {
    List<String> names = new ArrayList<>(List.of("*", "AWS:*", "AWS:" + account, "AWS:" + arn));
    String partition = arn.split(":", 3)[1];
    names.add("AWS:arn:" + partition + ":iam::" + account + ":root");
    int session = arn.indexOf(":assumed-role/");
    if (session >= 0) {
      String role = arn.substring(session + ":assumed-role/".length()).split("/", 2)[0];
      names.add("AWS:arn:" + partition + ":iam::" + account + ":role/" + role);
    }
    return trusts(names);
  }

  private boolean trusts(List<String> names) {
    boolean allowed = false;
    for (Statement statement : statements) {
      if (statement.covers("sts:AssumeRole")
          && statement.principals().stream().anyMatch(names::contains)) {
        if (statement.allows()) {
          allowed = true;
        } else if (!statement.conditional()) {
          return false;
        }
      }
    }
    return allowed;
  }
}
