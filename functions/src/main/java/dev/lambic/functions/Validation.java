package dev.lambic.functions;

import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.ImageConfig;
import software.amazon.awssdk.services.lambda.model.PackageType;
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
  private static final int MAX_IMAGE_CONFIG = 16_384;

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
    boolean container = request.packageType() == PackageType.IMAGE;
    packageSettings(container, settings);
    if (!container && (settings.runtimeAsString() == null || settings.handler() == null)) {
      throw Errors.invalid(
          "Runtime and Handler are mandatory parameters for functions created with deployment"
              + " packages.");
    }
    architectures(request.architecturesAsStrings());
    Tags.checkNumber(request.tags());
    if (!container) {
      RuntimeNames.checkNew(settings.runtimeAsString(), today());
    }
    settings(settings);
  }

  /** Refuses settings that are for packages of the other type. */
  static void packageSettings(boolean container, UpdateFunctionConfigurationRequest settings) {
    boolean ofZip =
        settings.runtimeAsString() != null
            || settings.handler() != null
            || !settings.layers().isEmpty();
    if (container && ofZip) {
      throw Errors.invalid(
          "Please don't provide Handler or Runtime or Layer when the intended function PackageType"
              + " is Image.");
    }
    if (!container && settings.imageConfig() != null) {
      throw Errors.invalid(
          "Please don't provide ImageConfig when the intended function PackageType is Zip.");
    }
  }

  /** Checks settings that a request names. */
  void update(UpdateFunctionConfigurationRequest settings) {
    updatable(settings.runtimeAsString());
    settings(settings);
  }

  /** Refuses to update a function whose runtime AWS updates no longer; null if it has none. */
  void updatable(@Nullable String runtime) {
    if (runtime != null) {
      RuntimeNames.checkUpdated(runtime, today());
    }
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
    if (settings.imageConfig() != null) {
      imageConfig(settings.imageConfig());
    }
    Unsupported.check(settings);
    KeptSettings.check(settings);
  }

  /** No program can be given a NUL, nor arguments without end. */
  private static void imageConfig(ImageConfig config) {
    List<String> texts = new ArrayList<>(config.entryPoint());
    texts.addAll(config.command());
    texts.add(config.workingDirectory() == null ? "" : config.workingDirectory());
    String all = String.join("", texts);
    if (all.indexOf('\0') >= 0 || all.length() > MAX_IMAGE_CONFIG) {
      throw Errors.invalid(
          "ImageConfig must have at most "
              + MAX_IMAGE_CONFIG
              + " characters, and no null character.");
    }
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
