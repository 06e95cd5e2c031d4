package dev.lambic.functions;

import dev.lambic.kernel.LambicException;
import dev.lambic.store.Records;
import dev.lambic.wire.Caller;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.FunctionCodeLocation;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsRequest;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsRequest;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayersRequest;
import software.amazon.awssdk.services.lambda.model.ListLayersResponse;
import software.amazon.awssdk.services.lambda.model.ListTagsRequest;
import software.amazon.awssdk.services.lambda.model.ListTagsResponse;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.TagResourceRequest;
import software.amazon.awssdk.services.lambda.model.TagResourceResponse;
import software.amazon.awssdk.services.lambda.model.UntagResourceRequest;
import software.amazon.awssdk.services.lambda.model.UntagResourceResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;

/**
 * Lambda's control plane, as the SDK's own interface: functions, their published versions and tags.
 *
 * <p>Operations that are not overridden are not built yet. Each method runs for {@link
 * Caller#current} and may block, so it belongs on a virtual thread; it throws the SDK's exceptions
 * with AWS's codes and words, and then has changed nothing. What it has answered is durable. Code
 * is prepared after the answer, so a new function is Pending and a changed one InProgress for a
 * moment. Safe for use by many threads. Follows the Lambda API Reference and answers recorded from
 * Lambda.
 */
public final class FunctionService implements LambdaClient {
  private static final Duration GRACE = Duration.ofMinutes(1);
  private static final int MAX_ZIP_BYTES = 52_428_800;
  private static final long TOTAL_CODE_BYTES = 80_530_636_800L;

  private final FunctionsConfig config;
  private final Ambient ambient;
  private final CodeStore code;
  private final ContainerImages containers;
  private final CodeDownloads downloads;
  private final Configurations configurations;
  private final Validation validation;
  private final Preparation preparation;
  private final FunctionRegistry registry;
  private final LayerRegistry layers;
  private final LayerService layerService;
  private final ScheduledExecutorService janitor;

  private FunctionService(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      Ambient ambient,
      ExecutorService preparing) {
    this.config = config;
    this.containers = containers;
    this.ambient = ambient;
    this.code = CodeStore.open(config.directory(), ambient.ticker(), GRACE);
    this.downloads =
        CodeDownloads.open(records, code, ambient.ticker(), ambient.ids(), config.endpoint());
    this.configurations = new Configurations(ambient.ticker(), ambient.ids());
    this.validation = new Validation(runtimes, config.architecture(), ambient.ticker());
    FunctionRecords functions = new FunctionRecords(records);
    List<FunctionImage> kept = functions.load();
    this.layers = LayerRegistry.open(new LayerRecords(records), kept);
    this.layerService = new LayerService(layers, code, downloads, configurations, ambient);
    this.preparation =
        new Preparation(code, containers, layers, configurations, ambient, preparing);
    this.registry = new FunctionRegistry(functions, layers, preparation.recover(functions, kept));
    this.janitor =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("code janitor").factory());
  }

  /**
   * Loads all functions, and finishes what a crash interrupted.
   *
   * @param records where functions are kept; not closed by this service
   * @param runtimes knows which runtimes can be used
   * @param containers gives container images
   * @throws LambicException if records or directory cannot be used
   */
  public static FunctionService open(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      Ambient ambient) {
    ExecutorService preparing =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("preparation ", 0).factory());
    return open(config, records, runtimes, containers, ambient, preparing);
  }

  /** As the public one, but preparing where the caller says. */
  static FunctionService open(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      Ambient ambient,
      ExecutorService preparing) {
    FunctionService service =
        new FunctionService(config, records, runtimes, containers, ambient, preparing);
    service.preparation.resume(service.registry);
    // collectCode reports what goes wrong by itself, so nothing is lost with the future.
    Future<?> _ =
        service.janitor.scheduleWithFixedDelay(
            service::collectCode, GRACE.toSeconds(), GRACE.toSeconds(), TimeUnit.SECONDS);
    return service;
  }

  /** Finds what invocations run. */
  public FunctionDirectory directory() {
    return registry;
  }

  /** The unpacked code of all functions. */
  public CodeStore code() {
    return code;
  }

  /** Answers the links that GetFunction gives. */
  public CodeDownloads downloads() {
    return downloads;
  }

  /** Tells the listener of every change from now on. */
  public void listen(FunctionListener listener) {
    registry.listen(listener);
  }

  /** Removes code that nothing has used for the grace period. */
  void collectCode() {
    try {
      code.collect(this::usedCode);
      containers.collect(registry::usedImages);
    } catch (IOException | RuntimeException e) {
      ambient.faults().fault("removal of unused code", e);
    }
  }

  private Set<String> usedCode() {
    Set<String> used = registry.usedCode();
    used.addAll(layers.usedCode());
    return used;
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  /** Waits for preparations that have begun. The records stay open. */
  @Override
  public void close() {
    janitor.shutdown();
    preparation.close();
  }

  @Override
  public CreateFunctionResponse createFunction(CreateFunctionRequest request) {
    FunctionKey key = newFunction(request.functionName());
    UpdateFunctionConfigurationRequest settings = Configurations.settings(request);
    validation.create(key, request, settings);
    if (request.packageType() == PackageType.IMAGE) {
      return createFromImage(key, request, settings);
    }
    byte[] zip = zip(request.code() == null ? FunctionCode.builder().build() : request.code());
    requireAbsent(key, registry.find(key));
    FunctionConfiguration bare =
        Configurations.merge(key, configurations.defaults(key, config.architecture()), settings);
    CodeStore.Staged staged = code.stage(zip);
    try (LayerUse use = LayerUse.of(settings.layers(), layers, code)) {
      use.checkSize(staged.unpackedBytes());
      staged.keep();
      FunctionConfiguration whole =
          Configurations.withLayers(
              Configurations.withCode(bare, staged.codeId(), staged.size()), use.layers());
      FunctionConfiguration latest = configurations.modified(Lifecycle.born(whole));
      FunctionImage created =
          new FunctionImage(key, latest, new TreeMap<>(), 0, request.tags(), Map.of());
      CreateFunctionResponse response = add(created, Boolean.TRUE.equals(request.publish()));
      preparation.start(registry, key, latest, staged);
      return response;
    } catch (RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  private CreateFunctionResponse createFromImage(
      FunctionKey key, CreateFunctionRequest request, UpdateFunctionConfigurationRequest settings) {
    FunctionCode source = request.code() == null ? FunctionCode.builder().build() : request.code();
    requireAbsent(key, registry.find(key));
    ImageSource image = image(source, "creating");
    FunctionConfiguration bare =
        Configurations.merge(
            key,
            configurations.defaults(key, config.architecture()).toBuilder()
                .packageType(PackageType.IMAGE)
                .build(),
            settings);
    FunctionConfiguration latest =
        configurations.modified(Lifecycle.born(Configurations.withImage(bare, image)));
    FunctionImage created =
        new FunctionImage(
            key,
            latest,
            new TreeMap<>(),
            0,
            request.tags(),
            Map.of(),
            Map.of(FunctionVersion.LATEST, image));
    CreateFunctionResponse response = add(created, Boolean.TRUE.equals(request.publish()));
    preparation.start(registry, key, image);
    return response;
  }

  /** Makes a new function known, with its first version if that is to be published. */
  private CreateFunctionResponse add(FunctionImage created, boolean publish) {
    FunctionKey key = created.key();
    FunctionConfiguration answer = publish ? nextVersion(created) : created.latest();
    registry.change(
        key,
        before -> {
          requireAbsent(key, before);
          return publish ? created.publish(answer) : created;
        });
    return Shown.in(CreateFunctionResponse.builder(), answer);
  }

  /** The image that a request names, as it is now. */
  private ImageSource image(FunctionCode source, String doing) {
    Unsupported.check(source);
    String uri = source.imageUri();
    if (uri == null || uri.isEmpty() || source.zipFile() != null) {
      throw Errors.invalid(
          "Please provide ImageUri when " + doing + " a function with packageType Image.");
    }
    try {
      ContainerImages.Found found = containers.find(uri);
      return new ImageSource(uri, found.resolvedUri(), found.digest());
    } catch (ContainerImages.Unusable e) {
      throw Errors.image(uri, e);
    }
  }

  @Override
  public GetFunctionResponse getFunction(GetFunctionRequest request) {
    Target target = target("GetFunction", request.functionName(), request.qualifier());
    FunctionImage function = require(target);
    FunctionConfiguration version = requireVersion(target, function);
    GetFunctionResponse.Builder answer =
        GetFunctionResponse.builder()
            .configuration(Shown.as(version, target.qualifier()))
            .code(location(function, version));
    if (!function.tags().isEmpty()) {
      answer.tags(function.tags());
    }
    return answer.build();
  }

  private FunctionCodeLocation location(FunctionImage function, FunctionConfiguration version) {
    ImageSource image = function.images().get(version.version());
    return image != null
        ? image.location()
        : FunctionCodeLocation.builder()
            .repositoryType("S3")
            .location(downloads.link(Configurations.codeId(version)))
            .build();
  }

  @Override
  public GetFunctionConfigurationResponse getFunctionConfiguration(
      GetFunctionConfigurationRequest request) {
    Target target = target("GetFunctionConfiguration", request.functionName(), request.qualifier());
    FunctionConfiguration version = requireVersion(target, require(target));
    return Shown.in(
        GetFunctionConfigurationResponse.builder(), Shown.as(version, target.qualifier()));
  }

  @Override
  public ListFunctionsResponse listFunctions(ListFunctionsRequest request) {
    if (request.masterRegion() != null) {
      throw Errors.invalid("Lambic does not support MasterRegion yet.");
    }
    Caller caller = Caller.current();
    return FunctionPages.page(registry.list(caller.account(), caller.region()), request);
  }

  @Override
  public UpdateFunctionCodeResponse updateFunctionCode(UpdateFunctionCodeRequest request) {
    Target target = target("UpdateFunctionCode", request.functionName(), null).unqualified();
    FunctionImage seen = require(target);
    if (Configurations.isContainer(seen.latest())) {
      return updateImage(target, seen, request);
    }
    if (request.imageUri() != null) {
      throw Errors.invalid(
          "Please don't provide ImageUri when updating a function with packageType Zip.");
    }
    Unsupported.check(request);
    validation.architectures(request.architecturesAsStrings());
    validation.updatable(seen.latest().runtimeAsString());
    requireChangeable(seen, request.revisionId());
    CodeStore.Staged staged = code.stage(zip(source(request)));
    try {
      if (Boolean.TRUE.equals(request.dryRun())) {
        requireSize(seen.latest(), staged);
        FunctionConfiguration would =
            Configurations.withCode(seen.latest(), staged.codeId(), staged.size());
        staged.close();
        return Shown.in(UpdateFunctionCodeResponse.builder(), would);
      }
      staged.keep();
      boolean publish = Boolean.TRUE.equals(request.publish());
      FunctionImage after =
          Objects.requireNonNull(
              registry.change(
                  target.key(),
                  before -> {
                    FunctionImage current = requireFunction(target, before);
                    requireChangeable(current, request.revisionId());
                    requireSize(current.latest(), staged);
                    FunctionConfiguration changed =
                        Configurations.withCode(current.latest(), staged.codeId(), staged.size());
                    return withCode(current, current.withLatest(changed), publish);
                  }));
      UpdateFunctionCodeResponse response =
          Shown.in(UpdateFunctionCodeResponse.builder(), updated(after, publish));
      preparation.start(registry, target.key(), after.latest(), staged);
      return response;
    } catch (RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  private UpdateFunctionCodeResponse updateImage(
      Target target, FunctionImage seen, UpdateFunctionCodeRequest request) {
    Unsupported.check(request);
    validation.architectures(request.architecturesAsStrings());
    requireChangeable(seen, request.revisionId());
    ImageSource image =
        image(source(request).toBuilder().imageUri(request.imageUri()).build(), "updating");
    if (Boolean.TRUE.equals(request.dryRun())) {
      return Shown.in(
          UpdateFunctionCodeResponse.builder(), Configurations.withImage(seen.latest(), image));
    }
    boolean publish = Boolean.TRUE.equals(request.publish());
    FunctionImage after =
        registry.change(
            target.key(),
            before -> {
              FunctionImage current = requireFunction(target, before);
              requireChangeable(current, request.revisionId());
              return withCode(
                  current,
                  current.withLatest(Configurations.withImage(current.latest(), image), image),
                  publish);
            });
    UpdateFunctionCodeResponse response =
        Shown.in(
            UpdateFunctionCodeResponse.builder(), updated(Objects.requireNonNull(after), publish));
    preparation.start(registry, target.key(), image);
    return response;
  }

  @Override
  public UpdateFunctionConfigurationResponse updateFunctionConfiguration(
      UpdateFunctionConfigurationRequest request) {
    Target target =
        target("UpdateFunctionConfiguration", request.functionName(), null).unqualified();
    validation.update(request);
    try (LayerUse use = LayerUse.of(request.layers(), layers, code)) {
      FunctionImage after =
          registry.change(
              target.key(),
              before -> {
                FunctionImage current = requireFunction(target, before);
                Validation.packageSettings(Configurations.isContainer(current.latest()), request);
                requireChangeable(current, request.revisionId());
                FunctionConfiguration merged =
                    Configurations.merge(target.key(), current.latest(), request);
                validation.updatable(merged.runtimeAsString());
                if (request.hasLayers()) {
                  String codeId = Configurations.codeId(merged);
                  use.checkSize(use.layers().isEmpty() ? 0 : code.unpackedBytes(codeId));
                  merged = Configurations.withLayers(merged, use.layers());
                }
                return current.withLatest(
                    configurations.modified(Lifecycle.step(merged, Lifecycle.UPDATING, null)));
              });
      FunctionConfiguration latest = Objects.requireNonNull(after).latest();
      ImageSource image = after.images().get(FunctionVersion.LATEST);
      if (image != null) {
        preparation.start(registry, target.key(), image);
      } else {
        preparation.start(registry, target.key(), latest);
      }
      return Shown.in(UpdateFunctionConfigurationResponse.builder(), latest);
    }
  }

  @Override
  public DeleteFunctionResponse deleteFunction(DeleteFunctionRequest request) {
    Target target = target("DeleteFunction", request.functionName(), request.qualifier());
    String qualifier = target.qualifier();
    Long number = qualifier == null ? null : FunctionImage.number(qualifier);
    if (qualifier != null) {
      requireVersionNumber(qualifier);
    }
    registry.change(
        target.key(),
        before -> {
          if (before == null) {
            throw Errors.functionNotFound(target.key().arn());
          }
          if (qualifier == null) {
            return null;
          }
          if (number == null) {
            throw Errors.functionNotFound(target.arn());
          }
          return before.versions().containsKey(number) ? before.withoutVersion(number) : before;
        });
    return DeleteFunctionResponse.builder().statusCode(204).build();
  }

  @Override
  public ListTagsResponse listTags(ListTagsRequest request) {
    FunctionKey key = tagged(request.resource());
    FunctionImage function = registry.find(key);
    if (function == null) {
      throw Errors.functionNotFound(key.arn());
    }
    return ListTagsResponse.builder().tags(function.tags()).build();
  }

  @Override
  public TagResourceResponse tagResource(TagResourceRequest request) {
    FunctionKey key = tagged(request.resource());
    if (request.tags().isEmpty()) {
      throw Errors.invalid("An error occurred and the request cannot be processed.");
    }
    changeTags(key, tags -> tags.putAll(request.tags()));
    return TagResourceResponse.builder().build();
  }

  @Override
  public UntagResourceResponse untagResource(UntagResourceRequest request) {
    FunctionKey key = tagged(request.resource());
    changeTags(key, tags -> request.tagKeys().forEach(tags::remove));
    return UntagResourceResponse.builder().build();
  }

  private void changeTags(FunctionKey key, Consumer<Map<String, String>> change) {
    registry.change(
        key,
        before -> {
          if (before == null) {
            throw Errors.functionNotFound(key.arn());
          }
          Map<String, String> tags = new LinkedHashMap<>(before.tags());
          change.accept(tags);
          Tags.checkNumber(tags);
          return tags.equals(before.tags())
              ? before
              : before.withTags(tags).withLatest(configurations.revised(before.latest()));
        });
  }

  @Override
  public PublishLayerVersionResponse publishLayerVersion(PublishLayerVersionRequest request) {
    return layerService.publish(request);
  }

  @Override
  public GetLayerVersionResponse getLayerVersion(GetLayerVersionRequest request) {
    return layerService.get(request);
  }

  @Override
  public GetLayerVersionByArnResponse getLayerVersionByArn(GetLayerVersionByArnRequest request) {
    return layerService.get(request);
  }

  @Override
  public ListLayersResponse listLayers(ListLayersRequest request) {
    return layerService.list(request);
  }

  @Override
  public ListLayerVersionsResponse listLayerVersions(ListLayerVersionsRequest request) {
    return layerService.list(request);
  }

  @Override
  public DeleteLayerVersionResponse deleteLayerVersion(DeleteLayerVersionRequest request) {
    return layerService.delete(request);
  }

  @Override
  public AddLayerVersionPermissionResponse addLayerVersionPermission(
      AddLayerVersionPermissionRequest request) {
    return layerService.add(request);
  }

  @Override
  public GetLayerVersionPolicyResponse getLayerVersionPolicy(GetLayerVersionPolicyRequest request) {
    return layerService.policy(request);
  }

  @Override
  public RemoveLayerVersionPermissionResponse removeLayerVersionPermission(
      RemoveLayerVersionPermissionRequest request) {
    return layerService.remove(request);
  }

  @Override
  public GetAccountSettingsResponse getAccountSettings(GetAccountSettingsRequest request) {
    Caller caller = Caller.current();
    List<FunctionImage> functions = registry.list(caller.account(), caller.region());
    long size =
        functions.stream()
            .flatMap(function -> function.all().stream())
            .mapToLong(FunctionConfiguration::codeSize)
            .sum();
    long layerSize =
        layers.list(caller.account(), caller.region()).stream()
            .flatMap(layer -> layer.versions().values().stream())
            .filter(version -> !version.deleted())
            .mapToLong(LayerVersion::size)
            .sum();
    return GetAccountSettingsResponse.builder()
        .accountLimit(limit ->
            limit
                .totalCodeSize(TOTAL_CODE_BYTES)
                .codeSizeUnzipped(Unzip.MAX_BYTES)
                .codeSizeZipped((long) MAX_ZIP_BYTES)
                .concurrentExecutions(config.concurrency())
                .unreservedConcurrentExecutions(config.concurrency()))
        .accountUsage(
            usage -> usage.totalCodeSize(size + layerSize).functionCount((long) functions.size()))
        .build();
  }

  /** Refuses code that is too large together with the function's layers. */
  private void requireSize(FunctionConfiguration function, CodeStore.Staged staged) {
    Opt opt = layers.opt(function);
    if (opt != null) {
      long unpackedLayers = opt.parts().stream().mapToLong(code::unpackedBytes).sum();
      LayerUse.checkSize(staged.unpackedBytes(), unpackedLayers);
    }
  }

  /** The function with the code that it was changed to, on its way. */
  private FunctionImage withCode(FunctionImage before, FunctionImage changedTo, boolean publish) {
    FunctionConfiguration changed = changedTo.latest();
    FunctionImage after =
        changedTo.withLatest(
            configurations.modified(Lifecycle.step(changed, Lifecycle.UPDATING, null)));
    if (!publish || isPublished(before, changed)) {
      return after;
    }
    return after.publish(nextVersion(after));
  }

  /** Whether the newest version is the same already; then publishing makes no other. */
  private static boolean isPublished(FunctionImage function, FunctionConfiguration latest) {
    return !function.versions().isEmpty()
        && Configurations.substance(function.versions().lastEntry().getValue())
            .equals(Configurations.substance(latest));
  }

  private FunctionConfiguration nextVersion(FunctionImage function) {
    String number = String.valueOf(function.lastVersion() + 1);
    return configurations.modified(
        Lifecycle.born(function.latest().toBuilder().version(number).build()));
  }

  private static FunctionConfiguration updated(FunctionImage function, boolean publish) {
    if (!publish) {
      return function.latest();
    }
    FunctionConfiguration version = function.versions().lastEntry().getValue();
    return Shown.as(version, version.version());
  }

  private static FunctionCode source(UpdateFunctionCodeRequest request) {
    return FunctionCode.builder()
        .zipFile(request.zipFile())
        .s3Bucket(request.s3Bucket())
        .s3Key(request.s3Key())
        .sourceKMSKeyArn(request.sourceKMSKeyArn())
        .build();
  }

  /** The deployment package, which may be a layer's. */
  static byte[] zip(FunctionCode source) {
    Unsupported.check(source);
    SdkBytes zip = source.zipFile();
    if (zip == null) {
      throw Errors.invalid("Please provide a source for function code.");
    }
    byte[] bytes = zip.asByteArrayUnsafe();
    if (bytes.length > MAX_ZIP_BYTES) {
      throw Errors.zipTooLarge(MAX_ZIP_BYTES);
    }
    return bytes;
  }

  private static FunctionKey newFunction(String nameOrArn) {
    Caller caller = Caller.current();
    FunctionName name = FunctionName.parse(nameOrArn);
    if (name != null) {
      Target.requireRegion(name, caller.region());
      if (name.account() != null && !name.account().equals(caller.account())) {
        throw Errors.accessDenied(null);
      }
    }
    return Target.of(
            caller.account(),
            caller.region(),
            caller.principalArn(),
            "lambda:CreateFunction",
            nameOrArn,
            null)
        .unqualified()
        .key();
  }

  private static void requireAbsent(FunctionKey key, @Nullable FunctionImage function) {
    if (function != null) {
      throw Errors.conflict("Function already exist: " + key.name());
    }
  }

  private static Target target(String operation, String nameOrArn, @Nullable String qualifier) {
    Caller caller = Caller.current();
    return Target.of(
        caller.account(),
        caller.region(),
        caller.principalArn(),
        "lambda:" + operation,
        nameOrArn,
        qualifier);
  }

  private static FunctionKey tagged(String resource) {
    Caller caller = Caller.current();
    return Tags.function(caller.account(), caller.region(), resource);
  }

  private FunctionImage require(Target target) {
    return requireFunction(target, registry.find(target.key()));
  }

  private static FunctionImage requireFunction(Target target, @Nullable FunctionImage function) {
    if (function == null) {
      throw Errors.functionNotFound(target.arn());
    }
    return function;
  }

  private static FunctionConfiguration requireVersion(Target target, FunctionImage function) {
    FunctionConfiguration version = function.version(target.qualifier());
    if (version == null) {
      throw Errors.functionNotFound(target.arn());
    }
    return version;
  }

  private static void requireVersionNumber(String qualifier) {
    if (qualifier.equals(FunctionVersion.LATEST)) {
      throw Errors.invalid("$LATEST version cannot be deleted without deleting the function.");
    }
    boolean digits = qualifier.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits && qualifier.indexOf('$') < 0) {
      throw Errors.invalid("Deletion of aliases is not currently supported.");
    }
  }

  /** Refuses a change that was meant for another revision, or that comes during another change. */
  private static void requireChangeable(FunctionImage function, @Nullable String revisionId) {
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
