package dev.lambic.functions;

import dev.lambic.kernel.Ids;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.AliasRoutingConfiguration;
import software.amazon.awssdk.services.lambda.model.CreateAliasRequest;
import software.amazon.awssdk.services.lambda.model.CreateAliasResponse;
import software.amazon.awssdk.services.lambda.model.DeleteAliasRequest;
import software.amazon.awssdk.services.lambda.model.DeleteAliasResponse;
import software.amazon.awssdk.services.lambda.model.GetAliasRequest;
import software.amazon.awssdk.services.lambda.model.GetAliasResponse;
import software.amazon.awssdk.services.lambda.model.ListAliasesRequest;
import software.amazon.awssdk.services.lambda.model.ListAliasesResponse;
import software.amazon.awssdk.services.lambda.model.UpdateAliasRequest;
import software.amazon.awssdk.services.lambda.model.UpdateAliasResponse;

/**
 * The operations on aliases, for {@link FunctionService}, whose promises are theirs too.
 *
 * <p>An alias is attached to its own name ({@link Kind#ALIAS}); with it goes all that was attached
 * to it. Follows "Create an alias for a Lambda function" and answers recorded from Lambda.
 */
final class AliasService {
  private final Ids ids;
  private final FunctionRegistry registry;
  private final Lookup lookup;

  AliasService(Ids ids, FunctionRegistry registry) {
    this.ids = ids;
    this.registry = registry;
    this.lookup = new Lookup(registry);
  }

  CreateAliasResponse create(CreateAliasRequest request) {
    Target target = target("CreateAlias", request.functionName());
    String arn = target.key().arn() + ":" + request.name();
    AliasConfiguration alias =
        AliasConfiguration.builder()
            .aliasArn(arn)
            .name(request.name())
            .functionVersion(request.functionVersion())
            .description(request.description() == null ? "" : request.description())
            .routingConfig(routing(request.routingConfig()))
            .revisionId(ids.uuid())
            .build();
    requireSensible(alias);
    registry.change(
        target.key(),
        before -> {
          FunctionImage function = requireVersions(target, before, alias);
          if (function.attached(Kind.ALIAS, alias.name()) != null) {
            throw Errors.conflict("Alias already exists: " + arn);
          }
          return with(function, alias);
        });
    return Shown.in(CreateAliasResponse.builder(), alias);
  }

  GetAliasResponse get(GetAliasRequest request) {
    Target target = target("GetAlias", request.functionName());
    AliasConfiguration alias = lookup.require(target).attached(Kind.ALIAS, request.name());
    if (alias == null) {
      throw Errors.notFound("Cannot find alias arn: " + target.key().arn() + ":" + request.name());
    }
    return Shown.in(GetAliasResponse.builder(), alias);
  }

  ListAliasesResponse list(ListAliasesRequest request) {
    Target target = target("ListAliases", request.functionName());
    SortedMap<String, AliasConfiguration> aliases =
        lookup.require(target).attachments().all(Kind.ALIAS);
    if (request.marker() != null) {
      aliases = aliases.tailMap(Pages.last(request.marker()) + '\0');
    }
    String version = request.functionVersion();
    Predicate<AliasConfiguration> wanted =
        alias -> version == null || alias.functionVersion().equals(version);
    Pages.Page<AliasConfiguration> page =
        Pages.cut(
            aliases.values().stream().filter(wanted).toList(),
            request.maxItems(),
            AliasConfiguration::name);
    return ListAliasesResponse.builder().aliases(page.items()).nextMarker(page.next()).build();
  }

  UpdateAliasResponse update(UpdateAliasRequest request) {
    Target target = target("UpdateAlias", request.functionName());
    FunctionImage changed =
        registry.change(
            target.key(),
            before -> {
              FunctionImage function = Lookup.requireFunction(target, before);
              AliasConfiguration alias = function.attached(Kind.ALIAS, request.name());
              if (alias == null) {
                throw Errors.notFound(
                    "Alias not found: " + target.key().arn() + ":" + request.name());
              }
              if (request.revisionId() != null
                  && !request.revisionId().equals(alias.revisionId())) {
                throw Errors.revisionMismatch();
              }
              AliasConfiguration next = changed(alias, request);
              requireSensible(next);
              FunctionImage after = with(requireVersions(target, function, next), next);
              if (after.attached(Kind.PROVISIONED, next.name()) != null) {
                ConcurrencyService.requireProvisionable(after, next.name());
              }
              return after;
            });
    return Shown.in(
        UpdateAliasResponse.builder(),
        Objects.requireNonNull(
            Lookup.requireFunction(target, changed).attached(Kind.ALIAS, request.name())));
  }

  /** Even an update that names nothing makes another revision. */
  private AliasConfiguration changed(AliasConfiguration alias, UpdateAliasRequest request) {
    AliasConfiguration.Builder changed = alias.toBuilder().revisionId(ids.uuid());
    if (request.functionVersion() != null) {
      changed.functionVersion(request.functionVersion());
    }
    if (request.description() != null) {
      changed.description(request.description());
    }
    if (request.routingConfig() != null) {
      changed.routingConfig(routing(request.routingConfig()));
    }
    return changed.build();
  }

  /** That there is no such alias is no error. */
  DeleteAliasResponse delete(DeleteAliasRequest request) {
    Target target = target("DeleteAlias", request.functionName());
    registry.change(
        target.key(),
        before -> {
          FunctionImage function = Lookup.requireFunction(target, before);
          return function.attached(Kind.ALIAS, request.name()) == null
              ? function
              : function.withAttachments(function.attachments().withoutQualifier(request.name()));
        });
    return DeleteAliasResponse.builder().build();
  }

  private static Target target(String operation, String nameOrArn) {
    return Lookup.target(operation, nameOrArn, null).unqualified();
  }

  private static FunctionImage with(FunctionImage function, AliasConfiguration alias) {
    return function.withAttachments(function.attachments().with(Kind.ALIAS, alias.name(), alias));
  }

  /** The routing as answers show it: not at all if there are no weights in it. */
  private static @Nullable AliasRoutingConfiguration routing(
      @Nullable AliasRoutingConfiguration routing) {
    return routing == null || routing.additionalVersionWeights().isEmpty() ? null : routing;
  }

  private static void requireSensible(AliasConfiguration alias) {
    Map<String, Double> weights = Routing.weights(alias);
    if (weights.size() > 1) {
      throw Errors.invalid("Number of items in AdditionalVersionWeights cannot be greater than 1");
    }
    String version = alias.functionVersion();
    if (!weights.isEmpty() && version.equals(FunctionVersion.LATEST)) {
      throw Errors.invalidUntyped(
          "$LATEST is not supported for an alias pointing to more than 1 version");
    }
    if (weights.containsKey(version)) {
      throw Errors.invalid(
          "Invalid function version "
              + version
              + ". Function version "
              + version
              + " is already included in routing configuration.");
    }
  }

  /** Refuses an alias that points to what is not there. */
  private static FunctionImage requireVersions(
      Target target, @Nullable FunctionImage function, AliasConfiguration alias) {
    if (function == null || !function.hasVersion(alias.functionVersion())) {
      throw Errors.functionNotFound(target.key().arn() + ":" + alias.functionVersion());
    }
    for (String version : Routing.weights(alias).keySet()) {
      if (!function.hasVersion(version)) {
        throw Errors.functionNotFound(target.key().arn() + ":" + version);
      }
    }
    return function;
  }
}
