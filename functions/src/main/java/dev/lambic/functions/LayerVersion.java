package dev.lambic.functions;

import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.AddLayerVersionPermissionRequest;

/**
 * One version of a layer. Immutable but for its policy and its end.
 *
 * @param number 1 or more; never given twice
 * @param description empty if none was given
 * @param created in AWS's form
 * @param codeId the package's name in the {@link CodeStore}
 * @param size the package's size in bytes
 * @param runtimes for lists only; AWS does not enforce them
 * @param architectures for lists only; AWS does not enforce them
 * @param license null if none was given
 * @param deleted whether only functions that had it before still see it
 * @param policyRevision changes with the permissions; null if there are none
 * @param permissions who else may use it, in the order in which they were given
 */
record LayerVersion(
    long number,
    String description,
    String created,
    String codeId,
    long size,
    List<String> runtimes,
    List<String> architectures,
    @Nullable String license,
    boolean deleted,
    @Nullable String policyRevision,
    List<AddLayerVersionPermissionRequest> permissions) {
  /** Copies the lists. */
  LayerVersion {
    runtimes = List.copyOf(runtimes);
    architectures = List.copyOf(architectures);
    permissions = List.copyOf(permissions);
  }

  /** As functions that have it see it after its end; nobody else may use it. */
  LayerVersion withEnd() {
    return new LayerVersion(
        number,
        description,
        created,
        codeId,
        size,
        runtimes,
        architectures,
        license,
        true,
        null,
        List.of());
  }

  /** With other permissions. */
  LayerVersion withPermissions(
      List<AddLayerVersionPermissionRequest> permissions, String policyRevision) {
    return new LayerVersion(
        number,
        description,
        created,
        codeId,
        size,
        runtimes,
        architectures,
        license,
        deleted,
        permissions.isEmpty() ? null : policyRevision,
        permissions);
  }
}
