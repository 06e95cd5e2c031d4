package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.CreateFunctionResponse;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionRequest;
import software.amazon.awssdk.services.lambda.model.DeleteFunctionResponse;
import software.amazon.awssdk.services.lambda.model.FunctionCode;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.PackageType;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionCodeResponse;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationRequest;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;

/**
 * The operations that make, change and delete functions, for {@link FunctionService}, whose
 * promises are theirs too.
 */
final class FunctionChanges {
  private final String architecture;
  private final CodeStore code;
  private final PackageSource packages;
  private final Neighbours neighbours;
  private final ContainerImages containers;
  private final Configurations configurations;
  private final Validation validation;
  private final Preparation preparation;
  private final Publisher publisher;
  private final FunctionRegistry registry;
  private final LayerRegistry layers;
  private final SigningService signing;
  private final Lookup lookup;

  FunctionChanges(
      String architecture,
      CodeStore code,
      Neighbours neighbours,
      ContainerImages containers,
      Configurations configurations,
      Validation validation,
      Preparation preparation,
      Publisher publisher,
      FunctionRegistry registry,
      LayerRegistry layers,
      SigningService signing) {
    this.architecture = architecture;
    this.code = code;
    this.neighbours = neighbours;
    this.packages = new PackageSource(code, neighbours);
    this.containers = containers;
    this.configurations = configurations;
    this.validation = validation;
    this.preparation = preparation;
    this.publisher = publisher;
    this.registry = registry;
    this.layers = layers;
    this.signing = signing;
    this.lookup = new Lookup(registry);
  }

  CreateFunctionResponse create(CreateFunctionRequest request) {
    FunctionKey key = newFunction(request.functionName());
    UpdateFunctionConfigurationRequest settings = Configurations.settings(request);
    validation.create(key, request, settings);
    neighbours.checkRole(request.role());
    String signingArn = request.codeSigningConfigArn();
    if (signingArn != null) {
      signing.checkNew(signingArn, request.packageType() == PackageType.IMAGE, key.name());
    }
    if (request.packageType() == PackageType.IMAGE) {
      return createFromImage(key, request, settings);
    }
    requireAbsent(key, registry.find(key));
    FunctionConfiguration bare = Configurations.merge(key, defaults(key, request), settings);
    KeptSettings.checkMerged(bare);
    FunctionCode source = request.code() == null ? FunctionCode.builder().build() : request.code();
    CodeStore.Staged staged = code.stage(packages.read(source));
    try (LayerUse use = LayerUse.of(settings.layers(), layers, code)) {
      use.checkSize(staged.unpackedBytes());
      staged.keep();
      FunctionConfiguration whole =
          Configurations.withLayers(
              Configurations.withCode(bare, staged.codeId(), staged.size()), use.layers());
      FunctionConfiguration latest = configurations.modified(Lifecycle.born(whole));
      FunctionImage bareImage = new FunctionImage(key, latest, request.tags());
      FunctionImage created =
          signingArn == null ? bareImage : SigningService.attach(bareImage, signingArn);
      CreateFunctionResponse response = add(created, Boolean.TRUE.equals(request.publish()));
      preparation.start(registry, key, latest, staged);
      return response;
    } catch (RuntimeException e) {
      staged.close();
      throw e;
    }
  }

  /** What a new function is before its settings, with what no update can change. */
  private FunctionConfiguration defaults(FunctionKey key, CreateFunctionRequest request) {
    FunctionConfiguration plain = configurations.defaults(key, architecture);
    return request.tenancyConfig() == null
        ? plain
        : plain.toBuilder().tenancyConfig(request.tenancyConfig()).build();
  }

  private CreateFunctionResponse createFromImage(
      FunctionKey key, CreateFunctionRequest request, UpdateFunctionConfigurationRequest settings) {
    FunctionCode source = request.code() == null ? FunctionCode.builder().build() : request.code();
    requireAbsent(key, registry.find(key));
    ImageSource image = image(source, "creating");
    FunctionConfiguration bare =
        Configurations.merge(
            key,
            defaults(key, request).toBuilder().packageType(PackageType.IMAGE).build(),
            settings);
    KeptSettings.checkMerged(bare);
    FunctionConfiguration latest =
        configurations.modified(Lifecycle.born(Configurations.withImage(bare, image)));
    FunctionImage created = new FunctionImage(key, latest, request.tags(), image);
    CreateFunctionResponse response = add(created, Boolean.TRUE.equals(request.publish()));
    preparation.start(registry, key, image);
    return response;
  }

  /** Makes a new function known, with its first version if that is to be published. */
  private CreateFunctionResponse add(FunctionImage created, boolean publish) {
    FunctionKey key = created.key();
    FunctionImage whole = publish ? publisher.publish(created) : created;
    Runnable add =
        () ->
            registry.change(
                key,
                before -> {
                  requireAbsent(key, before);
                  return whole;
                });
    String signingArn = whole.attached(Kind.CODE_SIGNING, Attachments.FUNCTION);
    if (signingArn == null) {
      add.run();
    } else {
      signing.addNew(signingArn, key.name(), add);
    }
    // AWS answers with the version, but with the function's own ARN.
    return Shown.in(CreateFunctionResponse.builder(), whole.all().getLast());
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

  UpdateFunctionCodeResponse updateCode(UpdateFunctionCodeRequest request) {
    Target target = Lookup.target("UpdateFunctionCode", request.functionName(), null).unqualified();
    FunctionImage seen = lookup.require(target);
    if (Configurations.isContainer(seen.latest())) {
      return updateImage(target, seen, request);
    }
    if (request.imageUri() != null) {
      throw Errors.invalid(
          "Please don't provide ImageUri when updating a function with packageType Zip.");
    }
    Unsupported.check(request);
    signing.checkDeployment(seen);
    validation.architectures(request.architecturesAsStrings());
    validation.updatable(seen.latest().runtimeAsString());
    Lookup.requireChangeable(seen, request.revisionId());
    CodeStore.Staged staged = code.stage(packages.read(source(request)));
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
                    FunctionImage current = Lookup.requireFunction(target, before);
                    Lookup.requireChangeable(current, request.revisionId());
                    signing.checkDeployment(current);
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
    Lookup.requireChangeable(seen, request.revisionId());
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
              FunctionImage current = Lookup.requireFunction(target, before);
              Lookup.requireChangeable(current, request.revisionId());
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

  UpdateFunctionConfigurationResponse updateConfiguration(
      UpdateFunctionConfigurationRequest request) {
    Target target =
        Lookup.target("UpdateFunctionConfiguration", request.functionName(), null).unqualified();
    validation.update(request);
    if (request.role() != null) {
      neighbours.checkRole(request.role());
    }
    try (LayerUse use = LayerUse.of(request.layers(), layers, code)) {
      FunctionImage after =
          registry.change(
              target.key(),
              before -> {
                FunctionImage current = Lookup.requireFunction(target, before);
                Validation.packageSettings(Configurations.isContainer(current.latest()), request);
                Lookup.requireChangeable(current, request.revisionId());
                FunctionConfiguration merged =
                    Configurations.merge(target.key(), current.latest(), request);
                KeptSettings.checkMerged(merged);
                validation.updatable(merged.runtimeAsString());
                if (request.hasLayers()) {
                  signing.checkLayers(current, request.layers());
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

  DeleteFunctionResponse delete(DeleteFunctionRequest request) {
    Target target = Lookup.target("DeleteFunction", request.functionName(), request.qualifier());
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
          List<String> aliases = Routing.aliases(before, qualifier);
          if (!aliases.isEmpty()) {
            throw Errors.conflict(
                "Unable to delete version because the following aliases reference it: " + aliases);
          }
          return before.versions().containsKey(number) ? before.withoutVersion(number) : before;
        });
    return DeleteFunctionResponse.builder().statusCode(204).build();
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
    return !publish || Publisher.unchanged(before, changed) != null
        ? after
        : publisher.publish(after);
  }

  private static FunctionConfiguration updated(FunctionImage function, boolean publish) {
    if (!publish) {
      return function.latest();
    }
    FunctionConfiguration version = function.all().getLast();
    return Shown.as(version, version.version());
  }

  private static FunctionCode source(UpdateFunctionCodeRequest request) {
    return FunctionCode.builder()
        .zipFile(request.zipFile())
        .s3Bucket(request.s3Bucket())
        .s3Key(request.s3Key())
        .s3ObjectVersion(request.s3ObjectVersion())
        .sourceKMSKeyArn(request.sourceKMSKeyArn())
        .build();
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

  private static void requireVersionNumber(String qualifier) {
    if (qualifier.equals(FunctionVersion.LATEST)) {
      throw Errors.invalid("$LATEST version cannot be deleted without deleting the function.");
    }
    boolean digits = qualifier.chars().allMatch(c -> c >= '0' && c <= '9');
    if (!digits && qualifier.indexOf('$') < 0) {
      throw Errors.invalid("Deletion of aliases is not currently supported.");
    }
  }
}
