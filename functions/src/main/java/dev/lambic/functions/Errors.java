package dev.lambic.functions;

import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.lambda.model.CodeSigningConfigNotFoundException;
import software.amazon.awssdk.services.lambda.model.CodeStorageExceededException;
import software.amazon.awssdk.services.lambda.model.CodeVerificationFailedException;
import software.amazon.awssdk.services.lambda.model.InvalidParameterValueException;
import software.amazon.awssdk.services.lambda.model.LambdaException;
import software.amazon.awssdk.services.lambda.model.PolicyLengthExceededException;
import software.amazon.awssdk.services.lambda.model.PreconditionFailedException;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyConfigNotFoundException;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceInUseException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.SnapStartNotReadyException;

/** The errors of the control plane in AWS's words, as recorded from Lambda. */
final class Errors {
  private static final String USER = "User";

  private Errors() {}

  static LambdaException invalid(String message) {
    return InvalidParameterValueException.builder()
        .type(USER)
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("InvalidParameterValueException", message))
        .build();
  }

  /** The same as AWS gives it where it does not say whose fault it is. */
  static LambdaException invalidUntyped(String message) {
    return InvalidParameterValueException.builder()
        .type("")
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("InvalidParameterValueException", message))
        .build();
  }

  static LambdaException noProvisionedConcurrency() {
    String message = "No Provisioned Concurrency Config found for this function";
    return ProvisionedConcurrencyConfigNotFoundException.builder()
        .type(USER)
        .message(message)
        .statusCode(404)
        .awsErrorDetails(details("ProvisionedConcurrencyConfigNotFoundException", message))
        .build();
  }

  static LambdaException otherCode(String wanted, String current) {
    return invalid(
        "CodeSHA256 ("
            + wanted
            + ") is different from current CodeSHA256 in $LATEST ("
            + current
            + "). Please try again with the CodeSHA256 in $LATEST.");
  }

  static LambdaException notFound(String message) {
    return ResourceNotFoundException.builder()
        .type(USER)
        .message(message)
        .statusCode(404)
        .awsErrorDetails(details("ResourceNotFoundException", message))
        .build();
  }

  static LambdaException functionNotFound(String arn) {
    return notFound("Function not found: " + arn);
  }

  static LambdaException conflict(String message) {
    return ResourceConflictException.builder()
        .type(USER)
        .message(message)
        .statusCode(409)
        .awsErrorDetails(details("ResourceConflictException", message))
        .build();
  }

  static LambdaException codeStorageExceeded() {
    String message = "Code storage limit exceeded.";
    return CodeStorageExceededException.builder()
        .type(USER)
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("CodeStorageExceededException", message))
        .build();
  }

  static LambdaException inUse(String message) {
    return ResourceInUseException.builder()
        .type(USER)
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("ResourceInUseException", message))
        .build();
  }

  static LambdaException unsigned(String name) {
    String message =
        "Lambda cannot deploy the function. The function or layer might be signed using a signature"
            + " that the client is not configured to accept. Check the provided signature for "
            + name
            + ".";
    return CodeVerificationFailedException.builder()
        .type(USER)
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("CodeVerificationFailedException", message))
        .build();
  }

  static LambdaException codeSigningConfigNotFound(String arn) {
    String message =
        "The code signing configuration cannot be found. Check that the provided configuration is"
            + " not deleted: "
            + arn
            + ".";
    return CodeSigningConfigNotFoundException.builder()
        .type(USER)
        .message(message)
        .statusCode(404)
        .awsErrorDetails(details("CodeSigningConfigNotFoundException", message))
        .build();
  }

  static LambdaException updateInProgress(String arn) {
    return conflict(
        "The operation cannot be performed at this time. An update is in progress for resource: "
            + arn);
  }

  /** A version whose snapshot is being made. */
  static LambdaException notReadyToRestore() {
    String text =
        "Lambda is initializing your function. It will be ready to invoke once your function state"
            + " becomes ACTIVE.";
    return SnapStartNotReadyException.builder()
        .type(USER)
        .message(text)
        .statusCode(409)
        .awsErrorDetails(details("SnapStartNotReadyException", text))
        .build();
  }

  static LambdaException wrongState(String state) {
    return conflict(
        "The operation cannot be performed at this time. The function is currently in the following"
            + " state: "
            + state);
  }

  static LambdaException revisionMismatch() {
    return precondition(
        "The Revision Id provided does not match the latest Revision Id. Call the"
            + " GetFunction/GetAlias API to retrieve the latest Revision Id");
  }

  static LambdaException precondition(String message) {
    return PreconditionFailedException.builder()
        .type(USER)
        .message(message)
        .statusCode(412)
        .awsErrorDetails(details("PreconditionFailedException", message))
        .build();
  }

  /** For a caller of another account; AWS names no member but, mostly, the message. */
  static LambdaException accessDenied(@Nullable String message) {
    return other("AccessDeniedException", 403, message);
  }

  static LambdaException policyTooLong(int size, int limit) {
    String message =
        "The final policy size (" + size + ") is bigger than the limit (" + limit + ").";
    return PolicyLengthExceededException.builder()
        .type(USER)
        .message(message)
        .statusCode(400)
        .awsErrorDetails(details("PolicyLengthExceededException", message))
        .build();
  }

  static LambdaException zipTooLarge(long limit) {
    return other(
        "RequestEntityTooLargeException",
        413,
        "Zipped size must be smaller than " + limit + " bytes");
  }

  static LambdaException cannotUnzip() {
    return invalid(
        "Could not unzip uploaded file. Please check your file, then try to upload again.");
  }

  /** For an image that cannot become a function; AWS's words tell less than the cause. */
  static RuntimeException image(String uri, ContainerImages.Unusable cause) {
    return switch (cause.problem()) {
      case MISSING ->
          invalid("Source image " + uri + " does not exist. Provide a valid source image.");
      case INVALID ->
          invalid("Source image " + uri + " is not valid. Provide a valid source image.");
      case UNSUPPORTED ->
          invalid(
              "The image manifest, config or layer media type for the source image "
                  + uri
                  + " is not supported.");
      case DENIED ->
          accessDenied(
              "Lambda does not have permission to access the ECR image. Check the ECR permissions.");
      case UNAVAILABLE -> cause;
    };
  }

  /** For what comes past the wire's own check of the service model's patterns. */
  static LambdaException pattern(String value, String member, String pattern) {
    return other(
        "ValidationException",
        400,
        "1 validation error detected: Value '"
            + value
            + "' at '"
            + member
            + "' failed to satisfy constraint: Member must satisfy regular expression pattern: "
            + pattern);
  }

  /** For what the wire does not check, because AWS changes it without a new service model. */
  static LambdaException validation(List<String> violations) {
    return other(
        "ValidationException",
        400,
        violations.size()
            + " validation error"
            + (violations.size() == 1 ? "" : "s")
            + " detected: "
            + String.join("; ", violations));
  }

  /** Errors that the service model does not list, so the SDK has no class for them. */
  private static LambdaException other(String code, int status, @Nullable String message) {
    LambdaException.Builder builder = LambdaException.builder();
    builder.message(message);
    builder.statusCode(status);
    builder.awsErrorDetails(details(code, message));
    return (LambdaException) builder.build();
  }

  private static AwsErrorDetails details(String code, @Nullable String message) {
    return AwsErrorDetails.builder()
        .serviceName("Lambda")
        .errorCode(code)
        .errorMessage(message)
        .build();
  }
}
