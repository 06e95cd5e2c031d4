package dev.lambic.functions;

import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/** Finds what a request is about, for the operations; throws AWS's errors where it is not there. */
final class Lookup {
  private final FunctionRegistry registry;

  Lookup(FunctionRegistry registry) {
    this.registry = registry;
  }

  static Target target(String operation, String nameOrArn, @Nullable String qualifier) {
    Caller caller = Caller.current();
    return Target.of(
        caller.account(),
        caller.region(),
        caller.principalArn(),
        "lambda:" + operation,
        nameOrArn,
        qualifier);
  }

  FunctionImage require(Target target) {
    return requireFunction(target, registry.find(target.key()));
  }

  static FunctionImage requireFunction(Target target, @Nullable FunctionImage function) {
    if (function == null) {
      throw Errors.functionNotFound(target.arn());
    }
    return function;
  }

  static FunctionConfiguration requireVersion(Target target, FunctionImage function) {
    FunctionConfiguration version = function.version(target.qualifier());
    if (version == null) {
      throw Errors.functionNotFound(target.arn());
    }
    return version;
  }

  /** Whether the function has the version or alias. */
  static boolean has(FunctionImage function, String qualifier) {
    return function.version(qualifier) != null || function.attached(Kind.ALIAS, qualifier) != null;
  }

  /** For a qualifier that names neither a version nor an alias of the function that is there. */
  static RuntimeException noSuchQualifier(Target target) {
    boolean version =
        target.qualifier() == null || target.qualifier().chars().allMatch(Character::isDigit);
    return version
        ? Errors.functionNotFound(target.arn())
        : Errors.notFound("Cannot find alias arn: " + target.arn());
  }

  /** Refuses a change that was meant for another revision, or that comes during another change. */
  static void requireChangeable(FunctionImage function, @Nullable String revisionId) {
    FunctionConfiguration latest = function.latest();
    switch (Lifecycle.of(latest)) {
      case PENDING, FAILED -> throw Errors.wrongState(latest.stateAsString());
      case UPDATING -> throw Errors.updateInProgress(function.key().arn());
      case ACTIVE, UPDATE_FAILED -> {}
    }
    if (revisionId != null && !revisionId.equals(latest.revisionId())) {
      throw Errors.revisionMismatch();
    }
  }
}
