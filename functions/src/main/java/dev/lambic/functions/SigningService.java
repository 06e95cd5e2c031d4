package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CodeSigningConfig;
import software.amazon.awssdk.services.lambda.model.CodeSigningPolicies;
import software.amazon.awssdk.services.lambda.model.CodeSigningPolicy;
import software.amazon.awssdk.services.lambda.model.CreateCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.CreateCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListCodeSigningConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListCodeSigningConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsByCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsByCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.UpdateCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateCodeSigningConfigResponse;

/**
 * The operations on code signing, for {@link FunctionService}, whose promises are theirs too.
 *
 * <p>No package bears a signature here, for nobody signs any. So the policy Enforce refuses every
 * deployment to a function that has it, and Warn lets every one pass. Follows the Lambda API
 * Reference and "Using code signing to verify code integrity with Lambda".
 */
final class SigningService {
  private static final int PAGE = 50;
  private static final int ID_DIGITS = 17;

  private final FunctionRegistry functions;
  private final OwnedRegistry<SigningConfig> registry;
  private final Configurations configurations;
  private final Ambient ambient;
  private final Lookup lookup;

  SigningService(
      FunctionRegistry functions,
      OwnedRegistry<SigningConfig> registry,
      Configurations configurations,
      Ambient ambient) {
    this.functions = functions;
    this.registry = registry;
    this.configurations = configurations;
    this.ambient = ambient;
    this.lookup = new Lookup(functions);
  }

  CreateCodeSigningConfigResponse create(CreateCodeSigningConfigRequest request) {
    Tags.checkNumber(request.tags());
    OwnedKey key =
        OwnedKey.own("csc-" + ambient.ids().uuid().replace("-", "").substring(0, ID_DIGITS));
    CodeSigningConfig shape =
        CodeSigningConfig.builder()
            .codeSigningConfigId(key.id())
            .codeSigningConfigArn(key.arn(SigningConfig.TYPE))
            .description(Objects.requireNonNullElse(request.description(), ""))
            .allowedPublishers(request.allowedPublishers())
            .codeSigningPolicies(policies(request.codeSigningPolicies()))
            .lastModified(configurations.now())
            .build();
    SigningConfig created = new SigningConfig(shape, request.tags());
    registry.change(key, before -> created);
    return CreateCodeSigningConfigResponse.builder().codeSigningConfig(shape).build();
  }

  private static CodeSigningPolicies policies(@Nullable CodeSigningPolicies asked) {
    return asked == null || asked.untrustedArtifactOnDeploymentAsString() == null
        ? CodeSigningPolicies.builder()
            .untrustedArtifactOnDeployment(CodeSigningPolicy.WARN)
            .build()
        : asked;
  }

  GetCodeSigningConfigResponse get(GetCodeSigningConfigRequest request) {
    OwnedKey key = key(request.codeSigningConfigArn());
    return GetCodeSigningConfigResponse.builder()
        .codeSigningConfig(require(registry.find(key), request.codeSigningConfigArn()).shape())
        .build();
  }

  UpdateCodeSigningConfigResponse update(UpdateCodeSigningConfigRequest request) {
    String arn = request.codeSigningConfigArn();
    SigningConfig after =
        registry.change(
            key(arn),
            found -> {
              SigningConfig before = require(found, arn);
              CodeSigningConfig.Builder shape =
                  before.shape().toBuilder().lastModified(configurations.now());
              if (request.description() != null) {
                shape.description(request.description());
              }
              if (request.allowedPublishers() != null) {
                shape.allowedPublishers(request.allowedPublishers());
              }
              if (request.codeSigningPolicies() != null) {
                shape.codeSigningPolicies(policies(request.codeSigningPolicies()));
              }
              return new SigningConfig(shape.build(), before.tags());
            });
    return UpdateCodeSigningConfigResponse.builder()
        .codeSigningConfig(Objects.requireNonNull(after).shape())
        .build();
  }

  DeleteCodeSigningConfigResponse delete(DeleteCodeSigningConfigRequest request) {
    String arn = request.codeSigningConfigArn();
    registry.change(
        key(arn),
        before -> {
          require(before, arn);
          if (!users(arn).isEmpty()) {
            throw Errors.conflict(
                "The code signing configuration " + arn + " is used by at least one function.");
          }
          return null;
        });
    return DeleteCodeSigningConfigResponse.builder().build();
  }

  ListCodeSigningConfigsResponse list(ListCodeSigningConfigsRequest request) {
    Caller caller = Caller.current();
    IdPages<CodeSigningConfig> page =
        IdPages.page(
            registry
                .list(caller.account(), caller.region(), IdPages.after(request.marker()))
                .map(SigningConfig::shape),
            CodeSigningConfig::codeSigningConfigId,
            request.maxItems(),
            PAGE);
    return ListCodeSigningConfigsResponse.builder()
        .codeSigningConfigs(page.items())
        .nextMarker(page.next())
        .build();
  }

  ListFunctionsByCodeSigningConfigResponse listFunctions(
      ListFunctionsByCodeSigningConfigRequest request) {
    String arn = request.codeSigningConfigArn();
    require(registry.find(key(arn)), arn);
    String after = IdPages.after(request.marker());
    IdPages<String> page =
        IdPages.page(
            users(arn).stream().filter(name -> after == null || name.compareTo(after) > 0),
            name -> name,
            request.maxItems(),
            PAGE);
    return ListFunctionsByCodeSigningConfigResponse.builder()
        .functionArns(page.items())
        .nextMarker(page.next())
        .build();
  }

  PutFunctionCodeSigningConfigResponse put(PutFunctionCodeSigningConfigRequest request) {
    String arn = request.codeSigningConfigArn();
    Target target =
        Lookup.target("PutFunctionCodeSigningConfig", request.functionName(), null).unqualified();
    lookup.require(target);
    // While the configuration is held, it cannot be deleted under the function's feet.
    registry.change(
        key(arn),
        config -> {
          requireUsable(config, arn);
          functions.change(
              target.key(),
              before -> {
                FunctionImage function = Lookup.requireFunction(target, before);
                requireZip(Configurations.isContainer(function.latest()));
                return attach(function, arn);
              });
          return config;
        });
    return PutFunctionCodeSigningConfigResponse.builder()
        .codeSigningConfigArn(arn)
        .functionName(target.key().name())
        .build();
  }

  GetFunctionCodeSigningConfigResponse get(GetFunctionCodeSigningConfigRequest request) {
    Target target =
        Lookup.target("GetFunctionCodeSigningConfig", request.functionName(), null).unqualified();
    String arn = lookup.require(target).attached(Kind.CODE_SIGNING, Attachments.FUNCTION);
    return arn == null
        ? GetFunctionCodeSigningConfigResponse.builder().build()
        : GetFunctionCodeSigningConfigResponse.builder()
            .codeSigningConfigArn(arn)
            .functionName(target.key().name())
            .build();
  }

  DeleteFunctionCodeSigningConfigResponse delete(DeleteFunctionCodeSigningConfigRequest request) {
    Target target =
        Lookup.target("DeleteFunctionCodeSigningConfig", request.functionName(), null)
            .unqualified();
    functions.change(
        target.key(),
        before -> {
          FunctionImage function = Lookup.requireFunction(target, before);
          return function.withAttachments(
              function.attachments().without(Kind.CODE_SIGNING, Attachments.FUNCTION));
        });
    return DeleteFunctionCodeSigningConfigResponse.builder().build();
  }

  /**
   * Refuses a new function that the configuration does not let pass.
   *
   * @param arn of the configuration
   * @param container whether the package is a container image, which cannot be signed
   * @param name of the function
   */
  void checkNew(String arn, boolean container, String name) {
    requireZip(container);
    requirePassing(registry.find(key(arn)), arn, name);
  }

  /**
   * Adds a new function, unless the configuration does not let it pass any more. It can neither be
   * changed nor deleted meanwhile.
   *
   * @param arn of the configuration
   * @param name of the function
   * @param add takes the function's lock, which comes after the configuration's
   */
  void addNew(String arn, String name, Runnable add) {
    registry.change(
        key(arn),
        config -> {
          requirePassing(config, arn, name);
          add.run();
          return config;
        });
  }

  private static void requirePassing(@Nullable SigningConfig config, String arn, String name) {
    if (requireUsable(config, arn).enforces()) {
      throw Errors.unsigned(name);
    }
  }

  /** Refuses the deployment of code to a function whose configuration does not let it pass. */
  void checkDeployment(FunctionImage function) {
    if (enforces(function)) {
      throw Errors.unsigned(function.key().name());
    }
  }

  /** Refuses layers for a function whose configuration does not let them pass. */
  void checkLayers(FunctionImage function, List<String> layers) {
    if (!layers.isEmpty() && enforces(function)) {
      throw Errors.unsigned(layers.getFirst());
    }
  }

  private boolean enforces(FunctionImage function) {
    String arn = function.attached(Kind.CODE_SIGNING, Attachments.FUNCTION);
    SigningConfig config = arn == null ? null : registry.find(key(arn));
    return config != null && config.enforces();
  }

  static FunctionImage attach(FunctionImage function, String arn) {
    return function.withAttachments(
        function.attachments().with(Kind.CODE_SIGNING, Attachments.FUNCTION, arn));
  }

  /** The tags of the configuration that the ARN names. */
  Map<String, String> tags(OwnedKey key, String arn) {
    return require(registry.find(key), arn).tags();
  }

  void changeTags(OwnedKey key, String arn, Consumer<Map<String, String>> change) {
    registry.change(
        key,
        found -> {
          SigningConfig before = require(found, arn);
          Map<String, String> tags = new LinkedHashMap<>(before.tags());
          change.accept(tags);
          Tags.checkNumber(tags);
          return new SigningConfig(before.shape(), tags);
        });
  }

  /** The ARNs of the functions that have the configuration, in their order. */
  private List<String> users(String arn) {
    Caller caller = Caller.current();
    return functions.list(caller.account(), caller.region()).stream()
        .filter(function -> arn.equals(function.attached(Kind.CODE_SIGNING, Attachments.FUNCTION)))
        .map(function -> function.key().arn())
        .sorted()
        .toList();
  }

  private static void requireZip(boolean container) {
    if (container) {
      throw Errors.invalid(
          "Code signing is not available for functions with the package type Image.");
    }
  }

  private static SigningConfig requireUsable(@Nullable SigningConfig config, String arn) {
    if (config == null) {
      throw Errors.codeSigningConfigNotFound(arn);
    }
    return config;
  }

  private static SigningConfig require(@Nullable SigningConfig config, String arn) {
    if (config == null) {
      throw Errors.notFound("The Lambda code signing configuration " + arn + " can not be found.");
    }
    return config;
  }

  /** Where the configuration with the ARN would be; that of others is nowhere. */
  private static OwnedKey key(String arn) {
    OwnedKey own = OwnedKey.own(arn.substring(arn.lastIndexOf(':') + 1));
    return own.arn(SigningConfig.TYPE).equals(arn) ? own : new OwnedKey("", "", own.id());
  }
}
