package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.LayerVersionContentInput;
import software.amazon.awssdk.services.lambda.model.LayerVersionContentOutput;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsRequest;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayersRequest;
import software.amazon.awssdk.services.lambda.model.ListLayersResponse;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionResponse;

/**
 * The operations on layers, for {@link FunctionService}, whose promises are theirs too. Follows the
 * Lambda API Reference and "Managing Lambda dependencies with layers".
 */
final class LayerService {
  private static final String GET = "lambda:GetLayerVersion";
  private static final String VERSION_PATTERN =
      "((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}"
          + ":layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))";

  private final LayerRegistry registry;
  private final CodeStore code;
  private final PackageSource packages;
  private final CodeDownloads downloads;
  private final Configurations configurations;
  private final Ambient ambient;

  LayerService(
      LayerRegistry registry,
      CodeStore code,
      Neighbours neighbours,
      CodeDownloads downloads,
      Configurations configurations,
      Ambient ambient) {
    this.registry = registry;
    this.code = code;
    this.packages = new PackageSource(code, neighbours);
    this.downloads = downloads;
    this.configurations = configurations;
    this.ambient = ambient;
  }

  PublishLayerVersionResponse publish(PublishLayerVersionRequest request) {
    LayerKey key = own(request.layerName(), "lambda:PublishLayerVersion");
    checkCompatible(
        request.compatibleRuntimesAsStrings(), request.compatibleArchitecturesAsStrings());
    try (CodeStore.Staged staged = code.stage(zip(request.content()))) {
      staged.keep();
      // Before it is recorded, so that a layer which can be named can be used.
      staged.publish();
      LayerImage after =
          registry.change(
              key,
              before -> {
                LayerImage current =
                    before == null ? new LayerImage(key, 0, new TreeMap<>()) : before;
                return current.with(
                    new LayerVersion(
                        current.lastVersion() + 1,
                        Objects.requireNonNullElse(request.description(), ""),
                        configurations.now(),
                        staged.codeId(),
                        staged.size(),
                        request.compatibleRuntimesAsStrings(),
                        request.compatibleArchitecturesAsStrings(),
                        request.licenseInfo(),
                        false,
                        null,
                        List.of()));
              });
      LayerVersion made = Objects.requireNonNull(after).versions().lastEntry().getValue();
      return Shown.in(PublishLayerVersionResponse.builder(), shown(key, made));
    }
  }

  GetLayerVersionResponse get(GetLayerVersionRequest request) {
    LayerKey key = LayerArn.layer(Caller.current(), request.layerName());
    requireNumber(request.versionNumber());
    return shown(key, require(new LayerArn(key, request.versionNumber())));
  }

  GetLayerVersionByArnResponse get(GetLayerVersionByArnRequest request) {
    if (request.arn().contains(":awslayer:")) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    LayerArn arn = LayerArn.parse(request.arn());
    if (arn == null) {
      throw Errors.pattern(request.arn(), "arn", VERSION_PATTERN);
    }
    LayerArn.requireRegion(Caller.current(), arn.key());
    return Shown.in(GetLayerVersionByArnResponse.builder(), shown(arn.key(), require(arn)));
  }

  ListLayersResponse list(ListLayersRequest request) {
    checkRuntime(request.compatibleRuntimeAsString());
    Caller caller = Caller.current();
    return LayerPages.page(registry.list(caller.account(), caller.region()), request);
  }

  ListLayerVersionsResponse list(ListLayerVersionsRequest request) {
    checkRuntime(request.compatibleRuntimeAsString());
    LayerKey key = own(request.layerName(), "lambda:ListLayerVersions");
    return LayerPages.page(registry.find(key), request);
  }

  DeleteLayerVersionResponse delete(DeleteLayerVersionRequest request) {
    LayerKey key = own(request.layerName(), "lambda:DeleteLayerVersion");
    requireNumber(request.versionNumber());
    registry.change(
        key,
        before -> {
          LayerVersion version = before == null ? null : before.version(request.versionNumber());
          return before == null || version == null ? before : before.with(version.withEnd());
        });
    return DeleteLayerVersionResponse.builder().build();
  }

  AddLayerVersionPermissionResponse add(AddLayerVersionPermissionRequest request) {
    LayerKey key = own(request.layerName(), "lambda:AddLayerVersionPermission");
    LayerVersion after =
        changePolicy(
            key,
            request.versionNumber(),
            version -> LayerPolicy.add(version, request, ambient.ids().uuid()));
    return AddLayerVersionPermissionResponse.builder()
        .statement(LayerPolicy.statement(key, after, after.permissions().getLast()))
        .revisionId(after.policyRevision())
        .build();
  }

  GetLayerVersionPolicyResponse policy(GetLayerVersionPolicyRequest request) {
    LayerKey key = own(request.layerName(), "lambda:GetLayerVersionPolicy");
    LayerVersion version =
        requireNamed(key, registry.find(key), Objects.requireNonNull(request.versionNumber()));
    if (version.policyRevision() == null) {
      throw Statements.noPolicy();
    }
    return GetLayerVersionPolicyResponse.builder()
        .policy(LayerPolicy.text(key, version))
        .revisionId(version.policyRevision())
        .build();
  }

  RemoveLayerVersionPermissionResponse remove(RemoveLayerVersionPermissionRequest request) {
    LayerKey key = own(request.layerName(), "lambda:RemoveLayerVersionPermission");
    changePolicy(
        key,
        request.versionNumber(),
        version ->
            LayerPolicy.remove(
                version, request.statementId(), request.revisionId(), ambient.ids().uuid()));
    return RemoveLayerVersionPermissionResponse.builder().build();
  }

  private LayerVersion changePolicy(LayerKey key, long number, UnaryOperator<LayerVersion> change) {
    LayerImage after =
        registry.change(
            key,
            before -> {
              LayerVersion version = requireNamed(key, before, number);
              return Objects.requireNonNull(before).with(change.apply(version));
            });
    return Objects.requireNonNull(Objects.requireNonNull(after).version(number));
  }

  private static LayerVersion requireNamed(LayerKey key, @Nullable LayerImage layer, long number) {
    LayerVersion version = layer == null ? null : layer.version(number);
    if (version == null) {
      throw Errors.notFound("Layer version " + key.arn(number) + " does not exist.");
    }
    return version;
  }

  /** The version, if it is there and the caller may use it. */
  private LayerVersion require(LayerArn arn) {
    Caller caller = Caller.current();
    LayerVersion version = registry.find(arn);
    if (!arn.key().account().equals(caller.account())
        && (version == null || !LayerPolicy.permits(version, caller.account()))) {
      throw denied(caller, GET, arn.key().arn(arn.version()));
    }
    if (version == null) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    return version;
  }

  /** The layer, which must be of the caller's account. */
  private static LayerKey own(String nameOrArn, String action) {
    Caller caller = Caller.current();
    LayerKey key = LayerArn.layer(caller, nameOrArn);
    if (!key.account().equals(caller.account())) {
      throw denied(caller, action, key.arn());
    }
    return key;
  }

  static RuntimeException denied(Caller caller, String action, String arn) {
    return Errors.accessDenied(
        "User: "
            + caller.principalArn()
            + " is not authorized to perform: "
            + action
            + " on resource: "
            + arn
            + " because no resource-based policy allows the "
            + action
            + " action");
  }

  private static void requireNumber(long number) {
    if (number < 1) {
      throw Errors.invalid("Layer Version Cannot be less than 1");
    }
  }

  private static void checkCompatible(List<String> runtimes, List<String> architectures) {
    List<String> wrong = new ArrayList<>();
    if (!runtimes.stream().allMatch(RuntimeNames::isKnown)) {
      wrong.add(
          "Value '["
              + String.join(", ", runtimes)
              + "]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum"
              + " value set: "
              + RuntimeNames.known());
    }
    if (!Set.of("x86_64", "arm64").containsAll(architectures)) {
      wrong.add(
          "Value '["
              + String.join(", ", architectures)
              + "]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy"
              + " constraint: [Member must satisfy enum value set: [x86_64, arm64]]");
    }
    if (!wrong.isEmpty()) {
      throw Errors.validation(wrong);
    }
  }

  private static void checkRuntime(@Nullable String runtime) {
    if (runtime != null && !RuntimeNames.isKnown(runtime)) {
      throw Errors.validation(
          List.of(
              "Value '"
                  + runtime
                  + "' at 'compatibleRuntime' failed to satisfy constraint: Member must satisfy"
                  + " enum value set: "
                  + RuntimeNames.known()));
    }
  }

  private Zip zip(LayerVersionContentInput content) {
    return packages.read(
        FunctionCode.builder()
            .zipFile(content.zipFile())
            .s3Bucket(content.s3Bucket())
            .s3Key(content.s3Key())
            .s3ObjectVersion(content.s3ObjectVersion())
            .build());
  }

  private GetLayerVersionResponse shown(LayerKey key, LayerVersion version) {
    GetLayerVersionResponse.Builder shown =
        GetLayerVersionResponse.builder()
            .content(
                LayerVersionContentOutput.builder()
                    .location(downloads.link(version.codeId()))
                    .codeSha256(
                        Base64.getEncoder()
                            .encodeToString(HexFormat.of().parseHex(version.codeId())))
                    .codeSize(version.size())
                    .build())
            .layerArn(key.arn())
            .layerVersionArn(key.arn(version.number()))
            .description(version.description())
            .createdDate(version.created())
            .version(version.number())
            .licenseInfo(version.license());
    if (!version.runtimes().isEmpty()) {
      shown.compatibleRuntimesWithStrings(version.runtimes());
    }
    if (!version.architectures().isEmpty()) {
      shown.compatibleArchitecturesWithStrings(version.architectures());
    }
    return shown.build();
  }
}
