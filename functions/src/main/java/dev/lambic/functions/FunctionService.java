package dev.lambic.functions;

import dev.lambic.kernel.LambicException;
import dev.lambic.store.Records;
import dev.lambic.wire.Caller;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.AddPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddPermissionResponse;
import software.amazon.awssdk.services.lambda.model.CreateAliasRequest;
import software.amazon.awssdk.services.lambda.model.CreateAliasResponse;
import software.amazon.awssdk.services.lambda.model.CreateCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.CreateCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.CreateEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.CreateFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteAliasRequest;
import software.amazon.awssdk.services.lambda.model.DeleteAliasResponse;
import software.amazon.awssdk.services.lambda.model.DeleteCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.DeleteEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.DeleteProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsRequest;
import software.amazon.awssdk.services.lambda.model.GetAccountSettingsResponse;
import software.amazon.awssdk.services.lambda.model.GetAliasRequest;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.GetEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRecursionConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionRecursionConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetFunctionUrlConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionByArnResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionPolicyResponse;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.GetLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.GetPolicyRequest;
import software.amazon.awssdk.services.lambda.model.GetPolicyResponse;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigRequest;
import software.amazon.awssdk.services.lambda.model.GetRuntimeManagementConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListAliasesRequest;
import software.amazon.awssdk.services.lambda.model.ListAliasesResponse;
import software.amazon.awssdk.services.lambda.model.ListCodeSigningConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListCodeSigningConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ListEventSourceMappingsRequest;
import software.amazon.awssdk.services.lambda.model.ListEventSourceMappingsResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionEventInvokeConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionEventInvokeConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionUrlConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionUrlConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsByCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsByCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.ListFunctionsRequest;
import software.amazon.awssdk.services.lambda.model.ListFunctionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsRequest;
import software.amazon.awssdk.services.lambda.model.ListLayerVersionsResponse;
import software.amazon.awssdk.services.lambda.model.ListLayersRequest;
import software.amazon.awssdk.services.lambda.model.ListLayersResponse;
import software.amazon.awssdk.services.lambda.model.ListProvisionedConcurrencyConfigsRequest;
import software.amazon.awssdk.services.lambda.model.ListProvisionedConcurrencyConfigsResponse;
import software.amazon.awssdk.services.lambda.model.ListTagsRequest;
import software.amazon.awssdk.services.lambda.model.ListTagsResponse;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionRequest;
import software.amazon.awssdk.services.lambda.model.ListVersionsByFunctionResponse;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishLayerVersionResponse;
import software.amazon.awssdk.services.lambda.model.PublishVersionRequest;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionConcurrencyRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionConcurrencyResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutFunctionRecursionConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutFunctionRecursionConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutProvisionedConcurrencyConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutProvisionedConcurrencyConfigResponse;
import software.amazon.awssdk.services.lambda.model.PutRuntimeManagementConfigRequest;
import software.amazon.awssdk.services.lambda.model.PutRuntimeManagementConfigResponse;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionRequest;
import software.amazon.awssdk.services.lambda.model.RemoveLayerVersionPermissionResponse;
import software.amazon.awssdk.services.lambda.model.RemovePermissionRequest;
import software.amazon.awssdk.services.lambda.model.RemovePermissionResponse;
import software.amazon.awssdk.services.lambda.model.TagResourceRequest;
import software.amazon.awssdk.services.lambda.model.TagResourceResponse;
import software.amazon.awssdk.services.lambda.model.UntagResourceRequest;
import software.amazon.awssdk.services.lambda.model.UntagResourceResponse;
import software.amazon.awssdk.services.lambda.model.UpdateAliasRequest;
import software.amazon.awssdk.services.lambda.model.UpdateAliasResponse;
import software.amazon.awssdk.services.lambda.model.UpdateCodeSigningConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateCodeSigningConfigResponse;
import software.amazon.awssdk.services.lambda.model.UpdateEventSourceMappingRequest;
import software.amazon.awssdk.services.lambda.model.UpdateEventSourceMappingResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionEventInvokeConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionEventInvokeConfigResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionUrlConfigRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionUrlConfigResponse;

/**
 * Lambda's control plane, as the SDK's own interface: functions, their versions, aliases and tags,
 * and layers.
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

  private final Ambient ambient;
  private final CodeStore code;
  private final ContainerImages containers;
  private final CodeDownloads downloads;
  private final Preparation preparation;
  private final FunctionRegistry registry;
  private final LayerRegistry layers;
  private final LayerService layerService;
  private final MappingService mappingService;
  private final SigningService signing;
  private final Notices notices = new Notices();
  private final Neighbours neighbours = new Neighbours();
  private final FunctionChanges changes;
  private final FunctionReads reads;
  private final ConcurrencyService concurrency;
  private final VersionService versions;
  private final AliasService aliases;
  private final TagService tags;
  private final PolicyService policies;
  private final EventInvokeService eventInvoke;
  private final UrlService urls;
  private final RecursionService recursion;
  private final RuntimeManagementService runtimeManagement;
  private final ScheduledExecutorService janitor;

  private FunctionService(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      ProvisionedEnvironments environments,
      Ambient ambient,
      ExecutorService preparing) {
    this.containers = containers;
    this.ambient = ambient;
    this.code = CodeStore.open(config.directory(), ambient.ticker(), GRACE);
    this.downloads =
        CodeDownloads.open(records, code, ambient.ticker(), ambient.ids(), config.endpoint());
    Configurations configurations = new Configurations(ambient.ticker(), ambient.ids());
    Validation validation = new Validation(runtimes, config.architecture(), ambient.ticker());
    FunctionRecords functions = new FunctionRecords(records);
    List<FunctionImage> kept = functions.load();
    CodeUsage usage = new CodeUsage(config.codeBytes());
    this.layers = LayerRegistry.open(new LayerRecords(records), kept, usage);
    this.layerService =
        new LayerService(layers, code, neighbours, downloads, configurations, ambient);
    this.preparation =
        new Preparation(code, containers, layers, configurations, ambient, preparing);
    this.registry =
        new FunctionRegistry(
            functions, layers, usage, preparation.recover(functions, kept), ambient.chance());
    Publisher publisher = new Publisher(configurations);
    this.mappingService =
        new MappingService(
            registry,
            OwnedRegistry.open(records, "event-source-mapping", Mapping.FORM),
            notices,
            ambient,
            preparing);
    this.signing =
        new SigningService(
            registry,
            OwnedRegistry.open(records, "code-signing-config", SigningConfig.FORM),
            configurations,
            ambient);
    this.changes =
        new FunctionChanges(
            config.architecture(),
            code,
            neighbours,
            containers,
            configurations,
            validation,
            preparation,
            publisher,
            registry,
            layers,
            signing);
    this.reads = new FunctionReads(config.concurrency(), downloads, registry, usage);
    this.versions = new VersionService(publisher, preparation, registry, layers);
    this.aliases = new AliasService(ambient.ids(), registry);
    this.tags = new TagService(registry, mappingService, signing, configurations);
    this.concurrency =
        new ConcurrencyService(config.concurrency(), registry, environments, ambient);
    this.policies = new PolicyService(registry, configurations, ambient);
    this.eventInvoke = new EventInvokeService(registry, ambient.ticker(), notices);
    this.urls = new UrlService(registry, ambient.ticker(), config.endpoint());
    this.recursion = new RecursionService(registry);
    this.runtimeManagement = new RuntimeManagementService(registry);
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
   * @param environments knows of environments that are made ahead
   * @throws LambicException if records or directory cannot be used
   */
  public static FunctionService open(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      ProvisionedEnvironments environments,
      Ambient ambient) {
    ExecutorService preparing =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("preparation ", 0).factory());
    return open(config, records, runtimes, containers, environments, ambient, preparing);
  }

  /** As the public one, but preparing where the caller says. */
  static FunctionService open(
      FunctionsConfig config,
      Records records,
      RuntimeSupport runtimes,
      ContainerImages containers,
      ProvisionedEnvironments environments,
      Ambient ambient,
      ExecutorService preparing) {
    FunctionService service =
        new FunctionService(
            config, records, runtimes, containers, environments, ambient, preparing);
    service.preparation.resume(service.registry);
    // collectCode reports what goes wrong by itself, so nothing is lost with the future.
    Future<?> _ =
        service.janitor.scheduleWithFixedDelay(
            service::collectCode, GRACE.toSeconds(), GRACE.toSeconds(), TimeUnit.SECONDS);
    return service;
  }

  /** Has snapshots made of versions that ask for it from now on, and looks at those there are. */
  public void snapshots(Snapshots maker) {
    preparation.use(maker, registry);
  }

  /** A version that had a snapshot was started without one, so it gets another; returns at once. */
  public void snapshotIsLost(String account, String region, String name, String version) {
    preparation.remake(registry, new FunctionKey(account, region, name), version);
  }

  /** Finds what invocations run. */
  public FunctionDirectory directory() {
    return registry;
  }

  /** Tells how asynchronous invocations are treated. */
  public EventDirectory events() {
    return eventInvoke;
  }

  /** Finds what requests to function URLs run. */
  public UrlDirectory urls() {
    return registry.urls();
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

  /** Lets code come from S3, and roles be refused that do not let Lambda in. */
  public void use(CodeObjects objects, ExecutionRoles roles) {
    neighbours.use(objects, roles);
  }

  /**
   * Tells what a person at this server should know, each only once: of settings that were accepted
   * but have no effect yet.
   */
  public void notices(Consumer<String> sink) {
    notices.listen(sink);
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
    CreateFunctionResponse made = changes.create(request);
    KeptSettings.tell(notices, Configurations.settings(request));
    return made;
  }

  @Override
  public GetFunctionResponse getFunction(GetFunctionRequest request) {
    return reads.get(request);
  }

  @Override
  public GetFunctionConfigurationResponse getFunctionConfiguration(
      GetFunctionConfigurationRequest request) {
    return reads.getConfiguration(request);
  }

  @Override
  public ListFunctionsResponse listFunctions(ListFunctionsRequest request) {
    return reads.list(request);
  }

  @Override
  public UpdateFunctionCodeResponse updateFunctionCode(UpdateFunctionCodeRequest request) {
    return changes.updateCode(request);
  }

  @Override
  public UpdateFunctionConfigurationResponse updateFunctionConfiguration(
      UpdateFunctionConfigurationRequest request) {
    UpdateFunctionConfigurationResponse changed = changes.updateConfiguration(request);
    KeptSettings.tell(notices, request);
    return changed;
  }

  @Override
  public DeleteFunctionResponse deleteFunction(DeleteFunctionRequest request) {
    return changes.delete(request);
  }

  @Override
  public PublishVersionResponse publishVersion(PublishVersionRequest request) {
    return versions.publish(request);
  }

  @Override
  public ListVersionsByFunctionResponse listVersionsByFunction(
      ListVersionsByFunctionRequest request) {
    return versions.list(request);
  }

  @Override
  public CreateAliasResponse createAlias(CreateAliasRequest request) {
    return aliases.create(request);
  }

  @Override
  public GetAliasResponse getAlias(GetAliasRequest request) {
    return aliases.get(request);
  }

  @Override
  public ListAliasesResponse listAliases(ListAliasesRequest request) {
    return aliases.list(request);
  }

  @Override
  public UpdateAliasResponse updateAlias(UpdateAliasRequest request) {
    return aliases.update(request);
  }

  @Override
  public DeleteAliasResponse deleteAlias(DeleteAliasRequest request) {
    return aliases.delete(request);
  }

  @Override
  public GetAccountSettingsResponse getAccountSettings(GetAccountSettingsRequest request) {
    return reads.accountSettings(request);
  }

  @Override
  public PutFunctionConcurrencyResponse putFunctionConcurrency(
      PutFunctionConcurrencyRequest request) {
    return concurrency.put(request);
  }

  @Override
  public GetFunctionConcurrencyResponse getFunctionConcurrency(
      GetFunctionConcurrencyRequest request) {
    return concurrency.get(request);
  }

  @Override
  public DeleteFunctionConcurrencyResponse deleteFunctionConcurrency(
      DeleteFunctionConcurrencyRequest request) {
    return concurrency.delete(request);
  }

  @Override
  public PutProvisionedConcurrencyConfigResponse putProvisionedConcurrencyConfig(
      PutProvisionedConcurrencyConfigRequest request) {
    return concurrency.put(request);
  }

  @Override
  public GetProvisionedConcurrencyConfigResponse getProvisionedConcurrencyConfig(
      GetProvisionedConcurrencyConfigRequest request) {
    return concurrency.get(request);
  }

  @Override
  public DeleteProvisionedConcurrencyConfigResponse deleteProvisionedConcurrencyConfig(
      DeleteProvisionedConcurrencyConfigRequest request) {
    return concurrency.delete(request);
  }

  @Override
  public ListProvisionedConcurrencyConfigsResponse listProvisionedConcurrencyConfigs(
      ListProvisionedConcurrencyConfigsRequest request) {
    return concurrency.list(request);
  }

  @Override
  public ListTagsResponse listTags(ListTagsRequest request) {
    return tags.list(request);
  }

  @Override
  public TagResourceResponse tagResource(TagResourceRequest request) {
    return tags.tag(request);
  }

  @Override
  public UntagResourceResponse untagResource(UntagResourceRequest request) {
    return tags.untag(request);
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
  public CreateEventSourceMappingResponse createEventSourceMapping(
      CreateEventSourceMappingRequest request) {
    return mappingService.create(request);
  }

  @Override
  public GetEventSourceMappingResponse getEventSourceMapping(GetEventSourceMappingRequest request) {
    return mappingService.get(request);
  }

  @Override
  public UpdateEventSourceMappingResponse updateEventSourceMapping(
      UpdateEventSourceMappingRequest request) {
    return mappingService.update(request);
  }

  @Override
  public DeleteEventSourceMappingResponse deleteEventSourceMapping(
      DeleteEventSourceMappingRequest request) {
    return mappingService.delete(request);
  }

  @Override
  public ListEventSourceMappingsResponse listEventSourceMappings(
      ListEventSourceMappingsRequest request) {
    return mappingService.list(request);
  }

  @Override
  public CreateCodeSigningConfigResponse createCodeSigningConfig(
      CreateCodeSigningConfigRequest request) {
    return signing.create(request);
  }

  @Override
  public GetCodeSigningConfigResponse getCodeSigningConfig(GetCodeSigningConfigRequest request) {
    return signing.get(request);
  }

  @Override
  public UpdateCodeSigningConfigResponse updateCodeSigningConfig(
      UpdateCodeSigningConfigRequest request) {
    return signing.update(request);
  }

  @Override
  public DeleteCodeSigningConfigResponse deleteCodeSigningConfig(
      DeleteCodeSigningConfigRequest request) {
    return signing.delete(request);
  }

  @Override
  public ListCodeSigningConfigsResponse listCodeSigningConfigs(
      ListCodeSigningConfigsRequest request) {
    return signing.list(request);
  }

  @Override
  public ListFunctionsByCodeSigningConfigResponse listFunctionsByCodeSigningConfig(
      ListFunctionsByCodeSigningConfigRequest request) {
    return signing.listFunctions(request);
  }

  @Override
  public PutFunctionCodeSigningConfigResponse putFunctionCodeSigningConfig(
      PutFunctionCodeSigningConfigRequest request) {
    return signing.put(request);
  }

  @Override
  public GetFunctionCodeSigningConfigResponse getFunctionCodeSigningConfig(
      GetFunctionCodeSigningConfigRequest request) {
    return signing.get(request);
  }

  @Override
  public DeleteFunctionCodeSigningConfigResponse deleteFunctionCodeSigningConfig(
      DeleteFunctionCodeSigningConfigRequest request) {
    return signing.delete(request);
  }

  @Override
  public AddPermissionResponse addPermission(AddPermissionRequest request) {
    return policies.add(request);
  }

  @Override
  public GetPolicyResponse getPolicy(GetPolicyRequest request) {
    return policies.get(request);
  }

  @Override
  public RemovePermissionResponse removePermission(RemovePermissionRequest request) {
    return policies.remove(request);
  }

  @Override
  public CreateFunctionUrlConfigResponse createFunctionUrlConfig(
      CreateFunctionUrlConfigRequest request) {
    return urls.create(request);
  }

  @Override
  public GetFunctionUrlConfigResponse getFunctionUrlConfig(GetFunctionUrlConfigRequest request) {
    return urls.get(request);
  }

  @Override
  public UpdateFunctionUrlConfigResponse updateFunctionUrlConfig(
      UpdateFunctionUrlConfigRequest request) {
    return urls.update(request);
  }

  @Override
  public DeleteFunctionUrlConfigResponse deleteFunctionUrlConfig(
      DeleteFunctionUrlConfigRequest request) {
    return urls.delete(request);
  }

  @Override
  public ListFunctionUrlConfigsResponse listFunctionUrlConfigs(
      ListFunctionUrlConfigsRequest request) {
    return urls.list(request);
  }

  @Override
  public PutFunctionEventInvokeConfigResponse putFunctionEventInvokeConfig(
      PutFunctionEventInvokeConfigRequest request) {
    return eventInvoke.put(request);
  }

  @Override
  public UpdateFunctionEventInvokeConfigResponse updateFunctionEventInvokeConfig(
      UpdateFunctionEventInvokeConfigRequest request) {
    return eventInvoke.update(request);
  }

  @Override
  public GetFunctionEventInvokeConfigResponse getFunctionEventInvokeConfig(
      GetFunctionEventInvokeConfigRequest request) {
    return eventInvoke.get(request);
  }

  @Override
  public DeleteFunctionEventInvokeConfigResponse deleteFunctionEventInvokeConfig(
      DeleteFunctionEventInvokeConfigRequest request) {
    return eventInvoke.delete(request);
  }

  @Override
  public ListFunctionEventInvokeConfigsResponse listFunctionEventInvokeConfigs(
      ListFunctionEventInvokeConfigsRequest request) {
    return eventInvoke.list(request);
  }

  @Override
  public PutFunctionRecursionConfigResponse putFunctionRecursionConfig(
      PutFunctionRecursionConfigRequest request) {
    return recursion.put(request);
  }

  @Override
  public GetFunctionRecursionConfigResponse getFunctionRecursionConfig(
      GetFunctionRecursionConfigRequest request) {
    return recursion.get(request);
  }

  @Override
  public PutRuntimeManagementConfigResponse putRuntimeManagementConfig(
      PutRuntimeManagementConfigRequest request) {
    return runtimeManagement.put(request);
  }

  @Override
  public GetRuntimeManagementConfigResponse getRuntimeManagementConfig(
      GetRuntimeManagementConfigRequest request) {
    return runtimeManagement.get(request);
  }
}
