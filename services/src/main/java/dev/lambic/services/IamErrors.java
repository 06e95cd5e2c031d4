package dev.lambic.services;

import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.iam.model.IamException;

/** What IAM answers when it refuses, in its words where they are known. */
final class IamErrors {
  private IamErrors() {}

  static IamException noRole(String name) {
    return noSuchEntity("The role with name " + name + " cannot be found.");
  }

  static IamException noUser(String name) {
    return noSuchEntity("The user with name " + name + " cannot be found.");
  }

  static IamException noRolePolicy(String name) {
    return noSuchEntity("The role policy with name " + name + " cannot be found.");
  }

  static IamException noPolicy(String arn) {
    return noSuchEntity("Policy " + arn + " was not found.");
  }

  static IamException noAttachablePolicy(String arn) {
    return noSuchEntity("Policy " + arn + " does not exist or is not attachable.");
  }

  static IamException noPolicyVersion(String arn, String version) {
    return noSuchEntity(
        "Policy " + arn + " version " + version + " does not exist or is not attachable.");
  }

  static IamException roleExists(String name) {
    return error("EntityAlreadyExists", 409, "Role with name " + name + " already exists.");
  }

  static IamException policyExists(String name) {
    return error(
        "EntityAlreadyExists",
        409,
        "A policy called " + name + " already exists. Duplicate names are not allowed.");
  }

  static IamException deleteConflict(String message) {
    return error("DeleteConflict", 409, message);
  }

  static IamException limitExceeded(String message) {
    return error("LimitExceeded", 409, message);
  }

  static IamException invalidJson() {
    return malformed("This policy contains invalid Json");
  }

  static IamException malformed(String message) {
    return error("MalformedPolicyDocument", 400, message);
  }

  static IamException notAUser() {
    return error(
        "ValidationError", 400, "Must specify userName when calling with non-User credentials");
  }

  static IamException invalidInput(String message) {
    return error("InvalidInput", 400, message);
  }

  static IamException invalidMarker() {
    return error("ValidationError", 400, "Invalid Marker.");
  }

  private static IamException noSuchEntity(String message) {
    return error("NoSuchEntity", 404, message);
  }

  private static IamException error(String code, int status, String message) {
    IamException.Builder builder = IamException.builder();
    builder.message(message);
    builder.statusCode(status);
    builder.awsErrorDetails(
        AwsErrorDetails.builder().serviceName("Iam").errorCode(code).errorMessage(message).build());
    return (IamException) builder.build();
  }
}
