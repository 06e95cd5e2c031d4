package dev.lambic.functions;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutRuntimeManagementConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutRuntimeManagementConfigResponse;
import software.amazon.awssdk.services.lambda.model.UpdateRuntimeOn;

/**
 * The operations on how runtimes are updated, for {@link FunctionService}, whose promises are
 * theirs too.
 *
 * <p>There is one version of each runtime here, so each of the ways is kept by doing nothing, and
 * only that version can be asked for.
 */
final class RuntimeManagementService {
  private final FunctionRegistry registry;

  RuntimeManagementService(FunctionRegistry registry) {
    this.registry = registry;
  }

  PutRuntimeManagementConfigResponse put(PutRuntimeManagementConfigRequest request) {
    Target target =
        Lookup.target("PutRuntimeManagementConfig", request.functionName(), request.qualifier());
    String wanted = request.runtimeVersionArn();
    boolean manual = request.updateRuntimeOn() == UpdateRuntimeOn.MANUAL;
    if (manual == (wanted == null)) {
      throw Errors.invalid(
          "RuntimeVersionArn must be given if UpdateRuntimeOn is Manual, and only then.");
    }
    GetRuntimeManagementConfigResponse config =
        GetRuntimeManagementConfigResponse.builder()
            .updateRuntimeOn(request.updateRuntimeOnAsString())
            .functionArn(arn(target))
            .runtimeVersionArn(wanted)
            .build();
    registry.change(
        target.key(),
        before -> {
          FunctionImage current = Lookup.requireFunction(target, before);
          FunctionConfiguration version = version(target, current);
          if (wanted != null && !wanted.equals(runtimeVersion(version))) {
            throw Errors.invalid(
                "Lambic has no runtime version "
                    + wanted
                    + ". This function can only have "
                    + runtimeVersion(version)
                    + ".");
          }
          return current.withAttachments(
              current.attachments().with(Kind.RUNTIME_MANAGEMENT, version.version(), config));
        });
    return Shown.in(PutRuntimeManagementConfigResponse.builder(), config);
  }

  GetRuntimeManagementConfigResponse get(GetRuntimeManagementConfigRequest request) {
    Target target =
        Lookup.target("GetRuntimeManagementConfig", request.functionName(), request.qualifier());
    FunctionImage function = Lookup.requireFunction(target, registry.find(target.key()));
    FunctionConfiguration version = version(target, function);
    GetRuntimeManagementConfigResponse config =
        function.attached(Kind.RUNTIME_MANAGEMENT, version.version());
    return config != null
        ? config
        : GetRuntimeManagementConfigResponse.builder()
            .updateRuntimeOn(UpdateRuntimeOn.AUTO)
            .functionArn(arn(target))
            .build();
  }

  private static String arn(Target target) {
    return target.key().arn()
        + ":"
        + Objects.requireNonNullElse(target.qualifier(), FunctionVersion.LATEST);
  }

  /** The version that is meant; aliases have no runtime of their own. */
  private static FunctionConfiguration version(Target target, FunctionImage function) {
    String qualifier = target.qualifier();
    if (qualifier == null || qualifier.equals(FunctionVersion.LATEST)) {
      return function.latest();
    }
    Long number = FunctionImage.number(qualifier);
    FunctionConfiguration version = number == null ? null : function.versions().get(number);
    if (version == null) {
      throw Errors.functionNotFound(target.arn());
    }
    return version;
  }

  private static @Nullable String runtimeVersion(FunctionConfiguration version) {
    return version.runtimeVersionConfig() == null
        ? null
        : version.runtimeVersionConfig().runtimeVersionArn();
  }
}
