package dev.lambic.functions;

import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.wire.Caller;
import dev.lambic.wire.JsonCodec;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.ApplicationLogLevel;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.EphemeralStorage;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.ImageConfig;
import software.amazon.awssdk.services.lambda.model.ImageConfigResponse;
import software.amazon.awssdk.services.lambda.model.Layer;
import software.amazon.awssdk.services.lambda.model.LogFormat;
import software.amazon.awssdk.services.lambda.model.LoggingConfig;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.SnapStartApplyOn;
import software.amazon.awssdk.services.lambda.model.SnapStartOptimizationStatus;
import software.amazon.awssdk.services.lambda.model.SystemLogLevel;
import software.amazon.awssdk.services.lambda.model.TenantIsolationMode;
import software.amazon.awssdk.services.lambda.model.TracingMode;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;

/**
 * Makes configurations: AWS's defaults, and what requests change of them.
 *
 * <p>Which members are present and what their defaults are was recorded from Lambda.
 */
final class Configurations {
  private static final DateTimeFormatter LAST_MODIFIED =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'+0000'").withZone(ZoneOffset.UTC);
  private static final int DEFAULT_TIMEOUT = 3;
  private static final int DEFAULT_MEMORY = 128;
  private static final int DEFAULT_EPHEMERAL = 512;

  private final Ticker ticker;
  private final Ids ids;

  Configurations(Ticker ticker, Ids ids) {
    this.ticker = ticker;
    this.ids = ids;
  }

  /** The settings of a new function in the form in which an update would carry them. */
  static UpdateFunctionConfigurationRequest settings(CreateFunctionRequest request) {
    CreateFunctionRequest bare = request.toBuilder().code((FunctionCode) null).build();
    return JsonCodec.read(UpdateFunctionConfigurationRequest.builder(), JsonCodec.write(bare));
  }

  /** A function with nothing but defaults; it has no code and no state yet. */
  FunctionConfiguration defaults(FunctionKey key, String architecture) {
    return FunctionConfiguration.builder()
        .functionName(key.name())
        .functionArn(key.arn())
        .version(FunctionVersion.LATEST)
        .description("")
        .timeout(DEFAULT_TIMEOUT)
        .memorySize(DEFAULT_MEMORY)
        .packageType(PackageType.ZIP)
        .architecturesWithStrings(List.of(architecture))
        .ephemeralStorage(EphemeralStorage.builder().size(DEFAULT_EPHEMERAL).build())
        .tracingConfig(t -> t.mode(TracingMode.PASS_THROUGH))
        .snapStart(s ->
            s.applyOn(SnapStartApplyOn.NONE).optimizationStatus(SnapStartOptimizationStatus.OFF))
        .loggingConfig(
            LoggingConfig.builder()
                .logFormat(LogFormat.TEXT)
                .logGroup("/aws/lambda/" + key.name())
                .build())
        .build();
  }

  /** The configuration with everything that the request names. */
  static FunctionConfiguration merge(
      FunctionKey key, FunctionConfiguration before, UpdateFunctionConfigurationRequest changes) {
    FunctionConfiguration.Builder after = before.toBuilder();
    if (changes.runtimeAsString() != null) {
      after.runtime(changes.runtimeAsString());
      after.runtimeVersionConfig(
          v -> v.runtimeVersionArn(runtimeVersionArn(key, changes.runtimeAsString())));
    }
    if (changes.role() != null) {
      after.role(changes.role());
    }
    if (changes.handler() != null) {
      after.handler(changes.handler());
    }
    if (changes.description() != null) {
      after.description(changes.description());
    }
    if (changes.timeout() != null) {
      after.timeout(changes.timeout());
    }
    if (changes.memorySize() != null) {
      after.memorySize(changes.memorySize());
    }
    if (changes.ephemeralStorage() != null) {
      after.ephemeralStorage(changes.ephemeralStorage());
    }
    if (changes.environment() != null) {
      after.environment(e -> e.variables(changes.environment().variables()));
    }
    if (changes.loggingConfig() != null) {
      after.loggingConfig(merge(before.loggingConfig(), changes.loggingConfig()));
    }
    if (changes.imageConfig() != null) {
      // Empty means that all of it is up to the image again.
      ImageConfig config = changes.imageConfig();
      boolean none =
          config.entryPoint().isEmpty()
              && config.command().isEmpty()
              && (config.workingDirectory() == null || config.workingDirectory().isEmpty());
      after.imageConfigResponse(
          none ? null : ImageConfigResponse.builder().imageConfig(config).build());
    }
    if (changes.tracingConfig() != null && changes.tracingConfig().modeAsString() != null) {
      after.tracingConfig(t -> t.mode(changes.tracingConfig().modeAsString()));
    }
    KeptSettings.merge(key, before, changes, after);
    return after.build();
  }

  /** Levels are there with the format JSON only, and are INFO unless something else was said. */
  private static LoggingConfig merge(LoggingConfig before, LoggingConfig changes) {
    LoggingConfig.Builder after = before.toBuilder();
    if (changes.logGroup() != null) {
      after.logGroup(changes.logGroup());
    }
    if (changes.logFormat() != null) {
      after.logFormat(changes.logFormat());
    }
    if (changes.applicationLogLevel() != null) {
      after.applicationLogLevel(changes.applicationLogLevel());
    }
    if (changes.systemLogLevel() != null) {
      after.systemLogLevel(changes.systemLogLevel());
    }
    LoggingConfig merged = after.build();
    if (merged.logFormat() != LogFormat.JSON) {
      if (changes.applicationLogLevel() != null || changes.systemLogLevel() != null) {
        throw Errors.invalid(
            "ApplicationLogLevel and SystemLogLevel can be set only with the LogFormat JSON.");
      }
      return merged.toBuilder()
          .applicationLogLevel((ApplicationLogLevel) null)
          .systemLogLevel((SystemLogLevel) null)
          .build();
    }
    if (merged.applicationLogLevel() == null) {
      merged = merged.toBuilder().applicationLogLevel(ApplicationLogLevel.INFO).build();
    }
    return merged.systemLogLevel() == null
        ? merged.toBuilder().systemLogLevel(SystemLogLevel.INFO).build()
        : merged;
  }

  /** The configuration with other code. */
  static FunctionConfiguration withCode(FunctionConfiguration before, String codeId, long size) {
    return before.toBuilder()
        .codeSha256(Base64.getEncoder().encodeToString(HexFormat.of().parseHex(codeId)))
        .codeSize(size)
        .build();
  }

  /** The configuration with another container image, which has no size to speak of. */
  static FunctionConfiguration withImage(FunctionConfiguration before, ImageSource image) {
    return before.toBuilder().codeSha256(image.digest()).codeSize(0L).build();
  }

  /** Whether no two tenants may share an environment of the version. */
  static boolean isPerTenant(FunctionConfiguration version) {
    return version.tenancyConfig() != null
        && version.tenancyConfig().tenantIsolationMode() == TenantIsolationMode.PER_TENANT;
  }

  /** Whether the package of the version is a container image. */
  static boolean isContainer(FunctionConfiguration version) {
    return version.packageType() == PackageType.IMAGE;
  }

  private static ContainerVersion container(FunctionConfiguration version) {
    ImageConfig config =
        version.imageConfigResponse() == null
            ? ImageConfig.builder().build()
            : version.imageConfigResponse().imageConfig();
    return new ContainerVersion(
        version.codeSha256(),
        config.entryPoint(),
        config.command(),
        config.workingDirectory() == null ? "" : config.workingDirectory());
  }

  /** The code's name in the {@link CodeStore}, or the digest of the image. */
  static String codeId(FunctionConfiguration version) {
    if (isContainer(version)) {
      return version.codeSha256();
    }
    return HexFormat.of().formatHex(Base64.getDecoder().decode(version.codeSha256()));
  }

  /** With a new revision. */
  FunctionConfiguration revised(FunctionConfiguration version) {
    return version.toBuilder().revisionId(ids.uuid()).build();
  }

  /** With a new revision and the time of now. */
  FunctionConfiguration modified(FunctionConfiguration version) {
    return version.toBuilder().revisionId(ids.uuid()).lastModified(now()).build();
  }

  /** What a published version is compared by: all that publishing does not change by itself. */
  static FunctionConfiguration substance(FunctionConfiguration version) {
    return withSnapshot(version, false).toBuilder()
        .version(null)
        .revisionId(null)
        .lastModified(null)
        .state((String) null)
        .stateReason(null)
        .stateReasonCode((String) null)
        .lastUpdateStatus((String) null)
        .lastUpdateStatusReason(null)
        .lastUpdateStatusReasonCode((String) null)
        .build();
  }

  /** Whether it is a published version that asks to be started from snapshots. */
  static boolean hasSnapshots(FunctionConfiguration version) {
    return !version.version().equals(FunctionVersion.LATEST)
        && version.snapStart() != null
        && version.snapStart().applyOn() == SnapStartApplyOn.PUBLISHED_VERSIONS;
  }

  /** The configuration, with or without a snapshot. */
  static FunctionConfiguration withSnapshot(FunctionConfiguration before, boolean there) {
    SnapStartOptimizationStatus status =
        there ? SnapStartOptimizationStatus.ON : SnapStartOptimizationStatus.OFF;
    return before.snapStart() == null
        ? before
        : before.toBuilder()
            .snapStart(before.snapStart().toBuilder().optimizationStatus(status).build())
            .build();
  }

  /** The configuration with other layers. */
  static FunctionConfiguration withLayers(FunctionConfiguration before, List<Layer> layers) {
    return before.toBuilder().layers(layers.isEmpty() ? null : layers).build();
  }

  /** The time of now in AWS's form. */
  String now() {
    return LAST_MODIFIED.format(ticker.instant());
  }

  /**
   * What invocations need of a version.
   *
   * @param layers what it sees as {@code /opt}; null for nothing
   */
  static FunctionVersion ready(
      FunctionKey key, FunctionConfiguration version, @Nullable Opt layers) {
    Optional<ContainerVersion> container =
        isContainer(version) ? Optional.of(container(version)) : Optional.empty();
    return new FunctionVersion(
        key.account(),
        key.region(),
        key.arn(),
        key.name(),
        version.version(),
        version.revisionId(),
        version.role(),
        container.isPresent() ? "" : version.runtimeAsString(),
        version.runtimeVersionConfig() == null
            ? ""
            : orEmpty(version.runtimeVersionConfig().runtimeVersionArn()),
        container.isPresent() ? "" : version.handler(),
        version.memorySize(),
        version.timeout(),
        version.ephemeralStorage().size(),
        version.architecturesAsStrings().getFirst(),
        version.environment() == null ? Map.of() : version.environment().variables(),
        version.loggingConfig().logGroup(),
        version.loggingConfig().logFormatAsString(),
        orEmpty(version.loggingConfig().applicationLogLevelAsString()),
        orEmpty(version.loggingConfig().systemLogLevelAsString()),
        version.codeSha256(),
        codeId(version),
        layers == null ? null : layers.id(),
        container,
        version.tracingConfig() != null && version.tracingConfig().mode() == TracingMode.ACTIVE,
        isPerTenant(version),
        hasSnapshots(version),
        FileSystem.of(version));
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  /** An ARN in AWS's form; the last part names the runtime as this program has it. */
  private static String runtimeVersionArn(FunctionKey key, String runtime) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(("lambic " + runtime).getBytes(StandardCharsets.UTF_8));
      return "arn:"
          + Caller.ofAccount(key.account(), key.region()).partition()
          + ":lambda:"
          + key.region()
          + "::runtime:"
          + HexFormat.of().formatHex(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
