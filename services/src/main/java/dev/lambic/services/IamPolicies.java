package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.iam.model.CreatePolicyRequest;
import software.amazon.awssdk.services.iam.model.Policy;
import software.amazon.awssdk.services.iam.model.PolicyScopeType;
import software.amazon.awssdk.services.iam.model.PolicyVersion;
import software.amazon.awssdk.services.iam.model.Tag;

/** What can be done with managed policies of customers. Those of AWS itself are not known. */
final class IamPolicies {
  private static final int MAX_POLICIES = 1500;
  private static final int MAX_SIZE = 6144;
  private static final int MAX_VERSIONS = 5;

  private final Iam iam;

  IamPolicies(Iam iam) {
    this.iam = iam;
  }

  /** The new policy, as CreatePolicy shows it. */
  Policy create(CreatePolicyRequest request) {
    Caller caller = Caller.current();
    check(request.policyDocument());
    String path = Objects.requireNonNullElse(request.path(), "/");
    String arn =
        "arn:"
            + caller.partition()
            + ":iam::"
            + caller.account()
            + ":policy"
            + path
            + request.policyName();
    Policy.Builder shape =
        Policy.builder()
            .policyName(request.policyName())
            .policyId(iam.id("ANPA"))
            .arn(arn)
            .path(path)
            .defaultVersionId("v1")
            .permissionsBoundaryUsageCount(0)
            .isAttachable(true)
            .description(request.description())
            .createDate(iam.now())
            .updateDate(iam.now());
    if (!request.tags().isEmpty()) {
      shape.tags(IamTags.checked(request.tags()));
    }
    IamPolicy policy =
        new IamPolicy(
            caller.account(),
            shape.build(),
            List.of(version(1, request.policyDocument(), true)),
            1);
    iam.change(() -> {
      List<IamPolicy> all = iam.policies(caller.account());
      if (all.stream()
          .anyMatch(one -> one.shape().policyName().equalsIgnoreCase(request.policyName()))) {
        throw IamErrors.policyExists(request.policyName());
      }
      if (all.size() >= MAX_POLICIES) {
        throw IamErrors.limitExceeded(
            "Cannot exceed quota for PoliciesPerAccount: " + MAX_POLICIES);
      }
      return iam.put(policy);
    });
    return whole(policy).copy(edit -> edit.description(null));
  }

  private PolicyVersion version(int number, String document, boolean isDefault) {
    return PolicyVersion.builder()
        .versionId("v" + number)
        .isDefaultVersion(isDefault)
        .document(document)
        .createDate(iam.now())
        .build();
  }

  private static void check(String document) {
    PolicyDocument.parse(document);
    if (IamRoles.size(document) > MAX_SIZE) {
      throw IamErrors.limitExceeded("Cannot exceed quota for PolicySize: " + MAX_SIZE);
    }
  }

  IamPolicy find(String arn) {
    return iam.policy(Caller.current().account(), arn).orElseThrow(() -> IamErrors.noPolicy(arn));
  }

  /** As GetPolicy shows it. */
  Policy whole(IamPolicy policy) {
    return counted(policy).build();
  }

  /** As ListPolicies shows it. */
  Policy listed(IamPolicy policy) {
    return counted(policy).tags((List<Tag>) null).build();
  }

  private Policy.Builder counted(IamPolicy policy) {
    return policy.shape().toBuilder()
        .attachmentCount(iam.attachments(policy.account(), policy.arn()));
  }

  IamPage<IamPolicy> list(
      @Nullable PolicyScopeType scope,
      boolean onlyAttached,
      @Nullable String pathPrefix,
      @Nullable String marker,
      @Nullable Integer max) {
    String account = Caller.current().account();
    String prefix = Objects.requireNonNullElse(pathPrefix, "/");
    List<IamPolicy> policies =
        scope == PolicyScopeType.AWS
            ? List.of()
            : iam.policies(account).stream()
                .filter(policy -> policy.shape().path().startsWith(prefix))
                .filter(policy -> !onlyAttached || iam.attachments(account, policy.arn()) > 0)
                .toList();
    return IamPage.of(policies, policy -> policy.shape().policyName(), marker, max);
  }

  void delete(String arn) {
    iam.change(() -> {
      IamPolicy policy = find(arn);
      if (iam.attachments(policy.account(), arn) > 0) {
        throw IamErrors.deleteConflict("Cannot delete a policy attached to entities.");
      }
      if (policy.versions().size() > 1) {
        throw IamErrors.deleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete"
                + " the policy's versions. The default version is deleted with the policy.");
      }
      iam.delete(policy);
      return policy;
    });
  }

  /** The version as CreatePolicyVersion shows it, without its document. */
  PolicyVersion addVersion(String arn, String document, boolean asDefault) {
    check(document);
    IamPolicy changed =
        change(
            arn,
            policy -> {
              if (policy.versions().size() >= MAX_VERSIONS) {
                throw IamErrors.limitExceeded(
                    "A managed policy can have up to "
                        + MAX_VERSIONS
                        + " versions. Before you create a new version, you must delete an existing"
                        + " version.");
              }
              int number = policy.lastVersion() + 1;
              List<PolicyVersion> versions = new ArrayList<>();
              versions.add(version(number, document, false));
              versions.addAll(policy.versions());
              IamPolicy more = new IamPolicy(policy.account(), policy.shape(), versions, number);
              return asDefault ? withDefault(more, "v" + number) : updated(more);
            });
    return withoutDocument(changed.versions().getFirst());
  }

  private IamPolicy withDefault(IamPolicy policy, String version) {
    require(policy, version);
    List<PolicyVersion> versions =
        policy.versions().stream()
            .map(one -> one.copy(edit -> edit.isDefaultVersion(one.versionId().equals(version))))
            .toList();
    return updated(
        new IamPolicy(
            policy.account(),
            policy.shape().copy(edit -> edit.defaultVersionId(version)),
            versions,
            policy.lastVersion()));
  }

  private IamPolicy updated(IamPolicy policy) {
    return new IamPolicy(
        policy.account(),
        policy.shape().copy(edit -> edit.updateDate(iam.now())),
        policy.versions(),
        policy.lastVersion());
  }

  private static PolicyVersion require(IamPolicy policy, String version) {
    return policy.versions().stream()
        .filter(one -> one.versionId().equals(version))
        .findFirst()
        .orElseThrow(() -> IamErrors.noPolicyVersion(policy.arn(), version));
  }

  void setDefaultVersion(String arn, String version) {
    change(arn, policy -> withDefault(policy, version));
  }

  void deleteVersion(String arn, String version) {
    change(
        arn,
        policy -> {
          if (require(policy, version).isDefaultVersion()) {
            throw IamErrors.deleteConflict("Cannot delete the default version of a policy.");
          }
          List<PolicyVersion> versions = new ArrayList<>(policy.versions());
          versions.removeIf(one -> one.versionId().equals(version));
          return new IamPolicy(policy.account(), policy.shape(), versions, policy.lastVersion());
        });
  }

  /** With its document as it travels. */
  PolicyVersion version(String arn, String version) {
    PolicyVersion found = require(find(arn), version);
    return found.copy(edit -> edit.document(IamRoles.encoded(found.document())));
  }

  static PolicyVersion withoutDocument(PolicyVersion version) {
    return version.copy(edit -> edit.document(null));
  }

  void tag(String arn, List<Tag> tags) {
    change(arn, policy -> tagged(policy, IamTags.added(policy.shape().tags(), tags)));
  }

  void untag(String arn, List<String> keys) {
    change(arn, policy -> tagged(policy, IamTags.removed(policy.shape().tags(), keys)));
  }

  private static IamPolicy tagged(IamPolicy policy, List<Tag> tags) {
    return new IamPolicy(
        policy.account(),
        policy.shape().copy(edit -> edit.tags(tags)),
        policy.versions(),
        policy.lastVersion());
  }

  private IamPolicy change(String arn, UnaryOperator<IamPolicy> change) {
    return iam.changePolicy(Caller.current().account(), arn, change);
  }
}
