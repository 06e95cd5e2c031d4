package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddPermissionRequest;
import software.amazon.awssdk.services.lambda.model.AddPermissionResponse;
import software.amazon.awssdk.services.lambda.model.AliasConfiguration;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetPolicyRequest;
import software.amazon.awssdk.services.lambda.model.GetPolicyResponse;
import software.amazon.awssdk.services.lambda.model.RemovePermissionRequest;
import software.amazon.awssdk.services.lambda.model.RemovePermissionResponse;

/**
 * The operations on the resource policies of functions, for {@link FunctionService}, whose promises
 * are theirs too.
 *
 * <p>A policy's revision is the one of what it is for, which changes with it.
 */
final class PolicyService {
  private final FunctionRegistry registry;
  private final Configurations configurations;
  private final Ambient ambient;

  PolicyService(FunctionRegistry registry, Configurations configurations, Ambient ambient) {
    this.registry = registry;
    this.configurations = configurations;
    this.ambient = ambient;
  }

  AddPermissionResponse add(AddPermissionRequest request) {
    Target target = Lookup.target("AddPermission", request.functionName(), request.qualifier());
    FunctionImage after =
        registry.change(
            target.key(),
            before -> {
              FunctionImage current =
                  Lookup.requireFunction(new Target(target.key(), null), before);
              if (FunctionVersion.LATEST.equals(target.qualifier())) {
                throw Errors.invalid("We currently do not support adding policies for $LATEST.");
              }
              String revision = revision(current, target);
              if (request.revisionId() != null && !request.revisionId().equals(revision)) {
                throw Errors.precondition(
                    "The Revision Id provided does not match the latest Revision Id. Call the"
                        + " GetPolicy API to retrieve the latest Revision Id");
              }
              return changed(
                  current,
                  target,
                  FunctionPolicy.with(policy(current, target), request, target.arn()));
            });
    FunctionPolicy policy = Objects.requireNonNull(policy(Objects.requireNonNull(after), target));
    return AddPermissionResponse.builder()
        .statement(FunctionPolicy.text(policy.statements().getLast(), target.arn()))
        .build();
  }

  GetPolicyResponse get(GetPolicyRequest request) {
    Target target = Lookup.target("GetPolicy", request.functionName(), request.qualifier());
    FunctionImage function = registry.find(target.key());
    if (function == null) {
      throw Errors.functionNotFound(target.key().arn());
    }
    String revision = revision(function, target);
    FunctionPolicy policy = policy(function, target);
    if (policy == null) {
      throw Errors.notFound("The resource you requested does not exist.");
    }
    return GetPolicyResponse.builder()
        .policy(policy.text(resource(target)))
        .revisionId(revision)
        .build();
  }

  RemovePermissionResponse remove(RemovePermissionRequest request) {
    Target target = Lookup.target("RemovePermission", request.functionName(), request.qualifier());
    registry.change(
        target.key(),
        before -> {
          if (before == null) {
            throw Errors.notFound("No policy found for: " + target.key().arn());
          }
          String revision = revision(before, target);
          FunctionPolicy policy = policy(before, target);
          if (policy == null) {
            throw Statements.noPolicy();
          }
          if (!policy.has(request.statementId())) {
            throw Statements.missing(request.statementId());
          }
          if (request.revisionId() != null && !request.revisionId().equals(revision)) {
            throw Errors.revisionMismatch();
          }
          return changed(before, target, policy.without(request.statementId()));
        });
    return RemovePermissionResponse.builder().build();
  }

  /** Whether what is meant permits the action to a caller of another account. */
  static boolean allows(
      @Nullable FunctionImage function, Target target, Caller caller, String action) {
    FunctionPolicy policy = function == null ? null : policy(function, target);
    return policy != null && policy.allows(caller, action, null);
  }

  /** What qualifiers mean to policies: {@code $LATEST} is the function itself. */
  private static String place(Target target) {
    return target.qualifier() == null || target.qualifier().equals(FunctionVersion.LATEST)
        ? Attachments.FUNCTION
        : target.qualifier();
  }

  private static String resource(Target target) {
    String place = place(target);
    return place.isEmpty() ? target.key().arn() : target.key().arn() + ":" + place;
  }

  private static @Nullable FunctionPolicy policy(FunctionImage function, Target target) {
    return function.attached(Kind.POLICY, place(target));
  }

  /** The revision of the function, version or alias; refuses what is not there. */
  private static String revision(FunctionImage function, Target target) {
    String qualifier = target.qualifier();
    FunctionConfiguration version =
        qualifier == null || qualifier.equals(FunctionVersion.LATEST)
            ? function.latest()
            : numbered(function, qualifier);
    if (version != null) {
      return version.revisionId();
    }
    AliasConfiguration alias = function.attached(Kind.ALIAS, Objects.requireNonNull(qualifier));
    if (alias != null) {
      return alias.revisionId();
    }
    throw Lookup.noSuchQualifier(target);
  }

  private static @Nullable FunctionConfiguration numbered(
      FunctionImage function, String qualifier) {
    Long number = FunctionImage.number(qualifier);
    return number == null ? null : function.versions().get(number);
  }

  private FunctionImage changed(
      FunctionImage before, Target target, @Nullable FunctionPolicy policy) {
    String place = place(target);
    Attachments attachments =
        policy == null
            ? before.attachments().without(Kind.POLICY, place)
            : before.attachments().with(Kind.POLICY, place, policy);
    AliasConfiguration alias = attachments.get(Kind.ALIAS, place);
    if (alias != null) {
      AliasConfiguration revised = alias.toBuilder().revisionId(ambient.ids().uuid()).build();
      return before.withAttachments(attachments.with(Kind.ALIAS, place, revised));
    }
    String version = place.isEmpty() ? FunctionVersion.LATEST : place;
    return before
        .mapAll(one -> one.version().equals(version) ? configurations.revised(one) : one)
        .withAttachments(attachments);
  }
}
