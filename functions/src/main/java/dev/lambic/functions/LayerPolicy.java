package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;

/**
 * Who may use a version of a layer, beside its owner. Follows "Granting layer access to other
 * accounts".
 *
 * <p>The service model's patterns leave nothing in a permission that JSON would have to escape.
 */
final class LayerPolicy {
  private static final String ACTION = "lambda:GetLayerVersion";

  private LayerPolicy() {}

  /** Whether the account may use the version. There are no organizations here. */
  static boolean permits(LayerVersion version, String account) {
    return version.permissions().stream()
        .filter(permission -> permission.organizationId() == null)
        .map(AddLayerVersionPermissionRequest::principal)
        .anyMatch(who -> Statements.means(who, account));
  }

  /** The version with one more permission. */
  static LayerVersion add(
      LayerVersion version, AddLayerVersionPermissionRequest request, String newRevision) {
    requireRevision(version, request.revisionId());
    if (!request.action().equals(ACTION)) {
      throw Errors.pattern(request.action(), "action", ACTION);
    }
    for (AddLayerVersionPermissionRequest old : version.permissions()) {
      if (old.statementId().equals(request.statementId())) {
        throw Statements.duplicate(request.statementId());
      }
    }
    List<AddLayerVersionPermissionRequest> more = new ArrayList<>(version.permissions());
    more.add(
        AddLayerVersionPermissionRequest.builder()
            .statementId(request.statementId())
            .action(request.action())
            .principal(request.principal())
            .organizationId(request.organizationId())
            .build());
    return version.withPermissions(more, newRevision);
  }

  /** The version without a permission. */
  static LayerVersion remove(
      LayerVersion version, String statementId, @Nullable String revisionId, String newRevision) {
    List<AddLayerVersionPermissionRequest> fewer = new ArrayList<>(version.permissions());
    if (!fewer.removeIf(permission -> permission.statementId().equals(statementId))) {
      throw Statements.missing(statementId);
    }
    requireRevision(version, revisionId);
    return version.withPermissions(fewer, newRevision);
  }

  private static void requireRevision(LayerVersion version, @Nullable String wanted) {
    if (wanted != null && !wanted.equals(version.policyRevision())) {
      throw Errors.precondition(
          "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy"
              + " API to retrieve the latest Revision Id");
    }
  }

  /** The whole policy. */
  static String text(LayerKey key, LayerVersion version) {
    return Statements.document(
        version.permissions().stream()
            .map(permission -> statement(key, version, permission))
            .toList());
  }

  /** One statement of the policy. */
  static String statement(
      LayerKey key, LayerVersion version, AddLayerVersionPermissionRequest permission) {
    String principal =
        Statements.principal(
            permission.principal(), Caller.ofAccount(key.account(), key.region()).partition());
    return Statements.allow(
            permission.statementId(), principal, permission.action(), key.arn(version.number()))
        + (permission.organizationId() == null
            ? ""
            : ",\"Condition\":{\"StringEquals\":{\"aws:PrincipalOrgID\":\""
                + permission.organizationId()
                + "\"}}")
        + "}";
  }
}
