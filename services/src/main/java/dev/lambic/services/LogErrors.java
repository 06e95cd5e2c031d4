package dev.lambic.services;

import software.amazon.awssdk.services.cloudwatchlogs.model.InvalidParameterException;
import software.amazon.awssdk.services.cloudwatchlogs.model.LimitExceededException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceAlreadyExistsException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ResourceNotFoundException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ServiceUnavailableException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ThrottlingException;
import software.amazon.awssdk.services.cloudwatchlogs.model.ValidationException;

/** What CloudWatch Logs answers when it refuses, in its words where they are known. */
final class LogErrors {
  private LogErrors() {}

  static ResourceNotFoundException noGroup() {
    return ResourceNotFoundException.builder()
        .message("The specified log group does not exist.")
        .build();
  }

  static ResourceNotFoundException noStream() {
    return ResourceNotFoundException.builder()
        .message("The specified log stream does not exist.")
        .build();
  }

  static ResourceNotFoundException noResource() {
    return ResourceNotFoundException.builder()
        .message("The specified resource does not exist.")
        .build();
  }

  static ResourceAlreadyExistsException groupExists() {
    return ResourceAlreadyExistsException.builder()
        .message("The specified log group already exists")
        .build();
  }

  static ResourceAlreadyExistsException streamExists() {
    return ResourceAlreadyExistsException.builder()
        .message("The specified log stream already exists")
        .build();
  }

  static LimitExceededException limitExceeded() {
    return LimitExceededException.builder().message("Resource limit exceeded.").build();
  }

  static InvalidParameterException invalid(String message) {
    return InvalidParameterException.builder().message(message).build();
  }

  static InvalidParameterException invalidToken() {
    return invalid("The specified nextToken is invalid.");
  }

  static InvalidParameterException unsupported(String what) {
    return invalid("Lambic does not support " + what + " yet.");
  }

  static ValidationException nameAndArn() {
    return ValidationException.builder()
        .message("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
        .build();
  }

  static ThrottlingException tooBusy() {
    return ThrottlingException.builder().message("Rate exceeded").build();
  }

  static ServiceUnavailableException unavailable(String message, Throwable cause) {
    return ServiceUnavailableException.builder().message(message).cause(cause).build();
  }
}
