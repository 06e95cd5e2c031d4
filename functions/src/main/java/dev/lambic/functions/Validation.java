package dev.lambic.functions;

import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/**
 * What Lambda checks beyond the constraints of its service model, in its words.
 *
 * <p>The model allows more memory and time than functions of the kind that Lambic runs may have;
 * the limits here are those of "Lambda quotas".
 */
final class Validation {
  private static final int MAX_NAME = 64;
  private static final int MAX_MEMORY = 10_240;
  private static final int MAX_TIMEOUT = 900;

  private final RuntimeSupport runtimes;
  private final String architecture;
  private final InstantSource clock;

  Validation(RuntimeSupport runtimes, String architecture, InstantSource clock) {
    this.runtimes = runtimes;
    this.architecture = architecture;
    this.clock = clock;
  }

  /** Checks the settings of a new function, except its code. */
  void create(
      FunctionKey key, CreateFunctionRequest request, UpdateFunctionConfigurationRequest settings) {
    if (key.name().length() > MAX_NAME) {
      throw Errors.invalid(
          "1 validation error detected: Value '"
              + key.name()
              + "' at 'functionName' failed to satisfy constraint: Member must have length less than"
              + " or equal to "
              + MAX_NAME);
    }
    Unsupported.check(request);
    if (settings.runtimeAsString() == null || settings.handler() == null) {
      throw Errors.invalid(
          "Runtime and Handler are mandatory parameters for functions created with deployment"
              + " packages.");
    }
    architectures(request.architecturesAsStrings());
    Tags.checkNumber(request.tags());
    RuntimeNames.checkNew(settings.runtimeAsString(), today());
    settings(settings);
  }

  /** Checks settings that a request names. */
  void update(UpdateFunctionConfigurationRequest settings) {
    if (settings.runtimeAsString() != null) {
      RuntimeNames.checkUpdated(settings.runtimeAsString(), today());
    }
    settings(settings);
  }

  private LocalDate today() {
    return LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
  }

  private void settings(UpdateFunctionConfigurationRequest settings) {
    if (settings.runtimeAsString() != null) {
      runtimes.require(settings.runtimeAsString());
    }
    if (settings.handler() != null && settings.handler().indexOf('\0') >= 0) {
      throw Errors.pattern(settings.handler(), "handler", "[^\\s]+");
    }
    atMost("MemorySize", settings.memorySize(), MAX_MEMORY);
    atMost("Timeout", settings.timeout(), MAX_TIMEOUT);
    if (settings.environment() != null) {
      Variables.check(settings.environment().variables());
    }
    Unsupported.check(settings);
  }

  /** Refuses the architecture that this host does not have. */
  void architectures(List<String> wanted) {
    for (String one : wanted) {
      if (!one.equals(architecture)) {
        throw Errors.invalid(
            "This host cannot run the architecture " + one + "; it runs " + architecture + ".");
      }
    }
  }

  private static void atMost(String member, @Nullable Integer value, int limit) {
    if (value != null && value > limit) {
      throw Errors.invalid(
          "'"
              + member
              + "' value failed to satisfy constraint: Member must have value less than or equal to "
              + limit);
    }
  }
}
