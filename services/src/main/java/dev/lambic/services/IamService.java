package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.iam.IamClient;
import software.amazon.awssdk.services.iam.model.AttachRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.AttachRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.AttachedPolicy;
import software.amazon.awssdk.services.iam.model.CreatePolicyRequest;
import software.amazon.awssdk.services.iam.model.CreatePolicyResponse;
import software.amazon.awssdk.services.iam.model.CreatePolicyVersionRequest;
import software.amazon.awssdk.services.iam.model.CreatePolicyVersionResponse;
import software.amazon.awssdk.services.iam.model.CreateRoleRequest;
import software.amazon.awssdk.services.iam.model.CreateRoleResponse;
import software.amazon.awssdk.services.iam.model.DeletePolicyRequest;
import software.amazon.awssdk.services.iam.model.DeletePolicyResponse;
import software.amazon.awssdk.services.iam.model.DeletePolicyVersionRequest;
import software.amazon.awssdk.services.iam.model.DeletePolicyVersionResponse;
import software.amazon.awssdk.services.iam.model.DeleteRolePermissionsBoundaryRequest;
import software.amazon.awssdk.services.iam.model.DeleteRolePermissionsBoundaryResponse;
import software.amazon.awssdk.services.iam.model.DeleteRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.DeleteRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.DeleteRoleRequest;
import software.amazon.awssdk.services.iam.model.DeleteRoleResponse;
import software.amazon.awssdk.services.iam.model.DetachRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.DetachRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.EntityType;
import software.amazon.awssdk.services.iam.model.GetPolicyRequest;
import software.amazon.awssdk.services.iam.model.GetPolicyResponse;
import software.amazon.awssdk.services.iam.model.GetPolicyVersionRequest;
import software.amazon.awssdk.services.iam.model.GetPolicyVersionResponse;
import software.amazon.awssdk.services.iam.model.GetRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.GetRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.GetRoleRequest;
import software.amazon.awssdk.services.iam.model.GetRoleResponse;
import software.amazon.awssdk.services.iam.model.GetUserRequest;
import software.amazon.awssdk.services.iam.model.GetUserResponse;
import software.amazon.awssdk.services.iam.model.ListAttachedRolePoliciesRequest;
import software.amazon.awssdk.services.iam.model.ListAttachedRolePoliciesResponse;
import software.amazon.awssdk.services.iam.model.ListEntitiesForPolicyRequest;
import software.amazon.awssdk.services.iam.model.ListEntitiesForPolicyResponse;
import software.amazon.awssdk.services.iam.model.ListInstanceProfilesForRoleRequest;
import software.amazon.awssdk.services.iam.model.ListInstanceProfilesForRoleResponse;
import software.amazon.awssdk.services.iam.model.ListPoliciesRequest;
import software.amazon.awssdk.services.iam.model.ListPoliciesResponse;
import software.amazon.awssdk.services.iam.model.ListPolicyTagsRequest;
import software.amazon.awssdk.services.iam.model.ListPolicyTagsResponse;
import software.amazon.awssdk.services.iam.model.ListPolicyVersionsRequest;
import software.amazon.awssdk.services.iam.model.ListPolicyVersionsResponse;
import software.amazon.awssdk.services.iam.model.ListRolePoliciesRequest;
import software.amazon.awssdk.services.iam.model.ListRolePoliciesResponse;
import software.amazon.awssdk.services.iam.model.ListRoleTagsRequest;
import software.amazon.awssdk.services.iam.model.ListRoleTagsResponse;
import software.amazon.awssdk.services.iam.model.ListRolesRequest;
import software.amazon.awssdk.services.iam.model.ListRolesResponse;
import software.amazon.awssdk.services.iam.model.PolicyRole;
import software.amazon.awssdk.services.iam.model.PolicyVersion;
import software.amazon.awssdk.services.iam.model.PutRolePermissionsBoundaryRequest;
import software.amazon.awssdk.services.iam.model.PutRolePermissionsBoundaryResponse;
import software.amazon.awssdk.services.iam.model.PutRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.PutRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.Role;
import software.amazon.awssdk.services.iam.model.SetDefaultPolicyVersionRequest;
import software.amazon.awssdk.services.iam.model.SetDefaultPolicyVersionResponse;
import software.amazon.awssdk.services.iam.model.Tag;
import software.amazon.awssdk.services.iam.model.TagPolicyRequest;
import software.amazon.awssdk.services.iam.model.TagPolicyResponse;
import software.amazon.awssdk.services.iam.model.TagRoleRequest;
import software.amazon.awssdk.services.iam.model.TagRoleResponse;
import software.amazon.awssdk.services.iam.model.UntagPolicyRequest;
import software.amazon.awssdk.services.iam.model.UntagPolicyResponse;
import software.amazon.awssdk.services.iam.model.UntagRoleRequest;
import software.amazon.awssdk.services.iam.model.UntagRoleResponse;
import software.amazon.awssdk.services.iam.model.UpdateAssumeRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.UpdateAssumeRolePolicyResponse;
import software.amazon.awssdk.services.iam.model.UpdateRoleDescriptionRequest;
import software.amazon.awssdk.services.iam.model.UpdateRoleDescriptionResponse;
import software.amazon.awssdk.services.iam.model.UpdateRoleRequest;
import software.amazon.awssdk.services.iam.model.UpdateRoleResponse;

/**
 * IAM as far as roles need it: roles, their trust, their own and attached policies, and customers'
 * managed policies.
 *
 * <p>Follows the IAM API Reference. Policies are kept and shown, but do not restrict anybody; only
 * who may assume a role is looked at. Called on a thread for each request, with the caller bound to
 * it; safe for use by many threads.
 */
public final class IamService implements IamClient {
  private final IamRoles roles;
  private final IamPolicies policies;

  /** The service over the roles and policies. */
  public IamService(Iam iam) {
    roles = new IamRoles(iam);
    policies = new IamPolicies(iam);
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {
    // Its state belongs to who opened it.
  }

  @Override
  public CreateRoleResponse createRole(CreateRoleRequest request) {
    return CreateRoleResponse.builder().role(roles.create(request)).build();
  }

  @Override
  public GetRoleResponse getRole(GetRoleRequest request) {
    return GetRoleResponse.builder()
        .role(IamRoles.whole(roles.find(request.roleName()).shape()))
        .build();
  }

  @Override
  public ListRolesResponse listRoles(ListRolesRequest request) {
    IamPage<IamRole> page = roles.list(request.pathPrefix(), request.marker(), request.maxItems());
    return ListRolesResponse.builder()
        .roles(page.items().stream().map(role -> IamRoles.listed(role.shape())).toList())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  @Override
  public DeleteRoleResponse deleteRole(DeleteRoleRequest request) {
    roles.delete(request.roleName());
    return DeleteRoleResponse.builder().build();
  }

  @Override
  public UpdateRoleResponse updateRole(UpdateRoleRequest request) {
    roles.update(request.roleName(), request.description(), request.maxSessionDuration());
    return UpdateRoleResponse.builder().build();
  }

  @Override
  public UpdateRoleDescriptionResponse updateRoleDescription(UpdateRoleDescriptionRequest request) {
    Role role = roles.update(request.roleName(), request.description(), null);
    return UpdateRoleDescriptionResponse.builder().role(IamRoles.listed(role)).build();
  }

  @Override
  public UpdateAssumeRolePolicyResponse updateAssumeRolePolicy(
      UpdateAssumeRolePolicyRequest request) {
    roles.setTrust(request.roleName(), request.policyDocument());
    return UpdateAssumeRolePolicyResponse.builder().build();
  }

  @Override
  public PutRolePermissionsBoundaryResponse putRolePermissionsBoundary(
      PutRolePermissionsBoundaryRequest request) {
    roles.setBoundary(request.roleName(), request.permissionsBoundary());
    return PutRolePermissionsBoundaryResponse.builder().build();
  }

  @Override
  public DeleteRolePermissionsBoundaryResponse deleteRolePermissionsBoundary(
      DeleteRolePermissionsBoundaryRequest request) {
    roles.setBoundary(request.roleName(), null);
    return DeleteRolePermissionsBoundaryResponse.builder().build();
  }

  @Override
  public TagRoleResponse tagRole(TagRoleRequest request) {
    roles.tag(request.roleName(), request.tags());
    return TagRoleResponse.builder().build();
  }

  @Override
  public UntagRoleResponse untagRole(UntagRoleRequest request) {
    roles.untag(request.roleName(), request.tagKeys());
    return UntagRoleResponse.builder().build();
  }

  @Override
  public ListRoleTagsResponse listRoleTags(ListRoleTagsRequest request) {
    IamPage<Tag> page =
        tags(roles.find(request.roleName()).shape().tags(), request.marker(), request.maxItems());
    return ListRoleTagsResponse.builder()
        .tags(page.items())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  private static IamPage<Tag> tags(List<Tag> all, @Nullable String marker, @Nullable Integer max) {
    return IamPage.of(
        all.stream().sorted(Comparator.comparing(Tag::key)).toList(), Tag::key, marker, max);
  }

  @Override
  public PutRolePolicyResponse putRolePolicy(PutRolePolicyRequest request) {
    roles.putPolicy(request.roleName(), request.policyName(), request.policyDocument());
    return PutRolePolicyResponse.builder().build();
  }

  @Override
  public GetRolePolicyResponse getRolePolicy(GetRolePolicyRequest request) {
    return GetRolePolicyResponse.builder()
        .roleName(request.roleName())
        .policyName(request.policyName())
        .policyDocument(roles.policy(request.roleName(), request.policyName()))
        .build();
  }

  @Override
  public ListRolePoliciesResponse listRolePolicies(ListRolePoliciesRequest request) {
    IamPage<String> page =
        IamPage.of(
            List.copyOf(roles.find(request.roleName()).inline().keySet()),
            name -> name,
            request.marker(),
            request.maxItems());
    return ListRolePoliciesResponse.builder()
        .policyNames(page.items())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  @Override
  public DeleteRolePolicyResponse deleteRolePolicy(DeleteRolePolicyRequest request) {
    roles.deletePolicy(request.roleName(), request.policyName());
    return DeleteRolePolicyResponse.builder().build();
  }

  @Override
  public AttachRolePolicyResponse attachRolePolicy(AttachRolePolicyRequest request) {
    roles.attach(request.roleName(), request.policyArn());
    return AttachRolePolicyResponse.builder().build();
  }

  @Override
  public DetachRolePolicyResponse detachRolePolicy(DetachRolePolicyRequest request) {
    roles.detach(request.roleName(), request.policyArn());
    return DetachRolePolicyResponse.builder().build();
  }

  @Override
  public ListAttachedRolePoliciesResponse listAttachedRolePolicies(
      ListAttachedRolePoliciesRequest request) {
    IamPage<String> page =
        IamPage.of(
            roles.find(request.roleName()).attached().keySet().stream()
                .filter(arn -> pathOf(arn).startsWith(or(request.pathPrefix(), "/")))
                .sorted()
                .toList(),
            arn -> arn,
            request.marker(),
            request.maxItems());
    return ListAttachedRolePoliciesResponse.builder()
        .attachedPolicies(
            page.items().stream()
                .map(arn ->
                    AttachedPolicy.builder()
                        .policyName(arn.substring(arn.lastIndexOf('/') + 1))
                        .policyArn(arn)
                        .build())
                .toList())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  private static String pathOf(String policyArn) {
    return policyArn.substring(policyArn.indexOf('/'), policyArn.lastIndexOf('/') + 1);
  }

  private static String or(@Nullable String text, String other) {
    return text == null ? other : text;
  }

  /** A role has none: instance profiles cannot be made. */
  @Override
  public ListInstanceProfilesForRoleResponse listInstanceProfilesForRole(
      ListInstanceProfilesForRoleRequest request) {
    roles.find(request.roleName());
    return ListInstanceProfilesForRoleResponse.builder()
        .instanceProfiles(List.of())
        .isTruncated(false)
        .build();
  }

  @Override
  public CreatePolicyResponse createPolicy(CreatePolicyRequest request) {
    return CreatePolicyResponse.builder().policy(policies.create(request)).build();
  }

  @Override
  public GetPolicyResponse getPolicy(GetPolicyRequest request) {
    return GetPolicyResponse.builder()
        .policy(policies.whole(policies.find(request.policyArn())))
        .build();
  }

  @Override
  public ListPoliciesResponse listPolicies(ListPoliciesRequest request) {
    IamPage<IamPolicy> page =
        policies.list(
            request.scope(),
            Boolean.TRUE.equals(request.onlyAttached()),
            request.pathPrefix(),
            request.marker(),
            request.maxItems());
    return ListPoliciesResponse.builder()
        .policies(page.items().stream().map(policies::listed).toList())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  @Override
  public DeletePolicyResponse deletePolicy(DeletePolicyRequest request) {
    policies.delete(request.policyArn());
    return DeletePolicyResponse.builder().build();
  }

  @Override
  public CreatePolicyVersionResponse createPolicyVersion(CreatePolicyVersionRequest request) {
    return CreatePolicyVersionResponse.builder()
        .policyVersion(
            policies.addVersion(
                request.policyArn(),
                request.policyDocument(),
                Boolean.TRUE.equals(request.setAsDefault())))
        .build();
  }

  @Override
  public GetPolicyVersionResponse getPolicyVersion(GetPolicyVersionRequest request) {
    return GetPolicyVersionResponse.builder()
        .policyVersion(policies.version(request.policyArn(), request.versionId()))
        .build();
  }

  @Override
  public ListPolicyVersionsResponse listPolicyVersions(ListPolicyVersionsRequest request) {
    List<PolicyVersion> versions = policies.find(request.policyArn()).versions();
    return ListPolicyVersionsResponse.builder()
        .versions(versions.stream().map(IamPolicies::withoutDocument).toList())
        .isTruncated(false)
        .build();
  }

  @Override
  public SetDefaultPolicyVersionResponse setDefaultPolicyVersion(
      SetDefaultPolicyVersionRequest request) {
    policies.setDefaultVersion(request.policyArn(), request.versionId());
    return SetDefaultPolicyVersionResponse.builder().build();
  }

  @Override
  public DeletePolicyVersionResponse deletePolicyVersion(DeletePolicyVersionRequest request) {
    policies.deleteVersion(request.policyArn(), request.versionId());
    return DeletePolicyVersionResponse.builder().build();
  }

  @Override
  public TagPolicyResponse tagPolicy(TagPolicyRequest request) {
    policies.tag(request.policyArn(), request.tags());
    return TagPolicyResponse.builder().build();
  }

  @Override
  public UntagPolicyResponse untagPolicy(UntagPolicyRequest request) {
    policies.untag(request.policyArn(), request.tagKeys());
    return UntagPolicyResponse.builder().build();
  }

  @Override
  public ListPolicyTagsResponse listPolicyTags(ListPolicyTagsRequest request) {
    IamPage<Tag> page =
        tags(
            policies.find(request.policyArn()).shape().tags(),
            request.marker(),
            request.maxItems());
    return ListPolicyTagsResponse.builder()
        .tags(page.items())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  @Override
  public ListEntitiesForPolicyResponse listEntitiesForPolicy(ListEntitiesForPolicyRequest request) {
    String arn = request.policyArn();
    if (!arn.contains("::aws:policy/")) {
      policies.find(arn);
    }
    boolean wanted = request.entityFilter() == null || request.entityFilter() == EntityType.ROLE;
    IamPage<IamRole> page =
        IamPage.of(
            wanted ? roles.withPolicy(arn, or(request.pathPrefix(), "/")) : List.of(),
            IamRole::name,
            request.marker(),
            request.maxItems());
    return ListEntitiesForPolicyResponse.builder()
        .policyGroups(List.of())
        .policyUsers(List.of())
        .policyRoles(
            page.items().stream()
                .map(role ->
                    PolicyRole.builder()
                        .roleName(role.name())
                        .roleId(role.shape().roleId())
                        .build())
                .toList())
        .isTruncated(page.truncated())
        .marker(page.marker())
        .build();
  }

  /** There are no users; who asks without a name is an account's root or a role's session. */
  @Override
  public GetUserResponse getUser(GetUserRequest request) {
    if (request.userName() != null) {
      throw IamErrors.noUser(request.userName());
    }
    Caller caller = Caller.current();
    if (!caller.principalArn().endsWith(":root")) {
      throw IamErrors.notAUser();
    }
    return GetUserResponse.builder()
        .user(user -> user.userId(caller.account()).arn(caller.principalArn()))
        .build();
  }
}
