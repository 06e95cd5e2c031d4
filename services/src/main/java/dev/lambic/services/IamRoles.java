package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.iam.model.AttachedPermissionsBoundary;
import software.amazon.awssdk.services.iam.model.CreateRoleRequest;
import software.amazon.awssdk.services.iam.model.PermissionsBoundaryAttachmentType;
import software.amazon.awssdk.services.iam.model.Role;
import software.amazon.awssdk.services.iam.model.RoleLastUsed;
import software.amazon.awssdk.services.iam.model.Tag;

/** What can be done with roles. Verified against recorded answers of IAM. */
final class IamRoles {
  private static final int MAX_ROLES = 1000;
  private static final int MAX_ATTACHED = 10;
  private static final int MAX_TRUST = 2048;
  private static final int MAX_INLINE = 10_240;
  private static final int SESSION_SECONDS = 3600;

  private final Iam iam;

  IamRoles(Iam iam) {
    this.iam = iam;
  }

  /** The new role, as CreateRole shows it: what was not given is not there. */
  Role create(CreateRoleRequest request) {
    Caller caller = Caller.current();
    String name = request.roleName();
    checkTrust(request.assumeRolePolicyDocument());
    String path = Objects.requireNonNullElse(request.path(), "/");
    Role.Builder shape =
        Role.builder()
            .path(path)
            .roleName(name)
            .roleId(iam.id("AROA"))
            .arn("arn:" + caller.partition() + ":iam::" + caller.account() + ":role" + path + name)
            .createDate(iam.now())
            .assumeRolePolicyDocument(request.assumeRolePolicyDocument())
            .description(request.description())
            .maxSessionDuration(request.maxSessionDuration())
            .permissionsBoundary(boundary(request.permissionsBoundary()));
    if (!request.tags().isEmpty()) {
      shape.tags(IamTags.checked(request.tags()));
    }
    IamRole role =
        new IamRole(caller.account(), shape.build(), new TreeMap<>(), new LinkedHashMap<>());
    iam.change(() -> {
      if (iam.role(caller.account(), name).isPresent()) {
        throw IamErrors.roleExists(name);
      }
      if (iam.roles(caller.account()).size() >= MAX_ROLES) {
        throw IamErrors.limitExceeded("Cannot exceed quota for RolesPerAccount: " + MAX_ROLES);
      }
      return iam.put(role);
    });
    return encoded(role.shape()).build();
  }

  private static @Nullable AttachedPermissionsBoundary boundary(@Nullable String arn) {
    return arn == null
        ? null
        : AttachedPermissionsBoundary.builder()
            .permissionsBoundaryArn(arn)
            .permissionsBoundaryType(PermissionsBoundaryAttachmentType.PERMISSIONS_BOUNDARY_POLICY)
            .build();
  }

  private static void checkTrust(String document) {
    PolicyDocument.parse(document);
    if (size(document) > MAX_TRUST) {
      throw IamErrors.limitExceeded("Cannot exceed quota for ACLSizePerRole: " + MAX_TRUST);
    }
  }

  /** White space does not count. */
  static long size(String document) {
    return document.chars().filter(c -> c > ' ').count();
  }

  IamRole find(String name) {
    return iam.role(Caller.current().account(), name).orElseThrow(() -> IamErrors.noRole(name));
  }

  /** As GetRole shows it. */
  static Role whole(Role shape) {
    return listed(shape).toBuilder()
        .tags(shape.hasTags() ? shape.tags() : null)
        .permissionsBoundary(shape.permissionsBoundary())
        .roleLastUsed(RoleLastUsed.builder().build())
        .build();
  }

  /** As ListRoles shows it. */
  static Role listed(Role shape) {
    return encoded(shape)
        .maxSessionDuration(Objects.requireNonNullElse(shape.maxSessionDuration(), SESSION_SECONDS))
        .tags((List<Tag>) null)
        .permissionsBoundary((AttachedPermissionsBoundary) null)
        .build();
  }

  private static Role.Builder encoded(Role shape) {
    return shape.toBuilder().assumeRolePolicyDocument(encoded(shape.assumeRolePolicyDocument()));
  }

  /** A document as it travels in answers: percent-encoded as RFC 3986 has it. */
  static String encoded(String document) {
    return URLEncoder.encode(document, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }

  IamPage<IamRole> list(
      @Nullable String pathPrefix, @Nullable String marker, @Nullable Integer max) {
    String prefix = Objects.requireNonNullElse(pathPrefix, "/");
    List<IamRole> roles =
        iam.roles(Caller.current().account()).stream()
            .filter(role -> role.shape().path().startsWith(prefix))
            .toList();
    return IamPage.of(roles, IamRole::name, marker, max);
  }

  /** The roles below a path that have a policy attached, by name. */
  List<IamRole> withPolicy(String arn, String pathPrefix) {
    return iam.roles(Caller.current().account()).stream()
        .filter(role -> role.attached().containsKey(arn))
        .filter(role -> role.shape().path().startsWith(pathPrefix))
        .toList();
  }

  void delete(String name) {
    iam.change(() -> {
      IamRole role = find(name);
      if (!role.attached().isEmpty()) {
        throw IamErrors.deleteConflict("Cannot delete entity, must detach all policies first.");
      }
      if (!role.inline().isEmpty()) {
        throw IamErrors.deleteConflict("Cannot delete entity, must delete policies first.");
      }
      iam.delete(role);
      return role;
    });
  }

  void setTrust(String name, String document) {
    checkTrust(document);
    shape(name, shape -> shape.assumeRolePolicyDocument(document));
  }

  /** Leaves alone what is null. */
  Role update(String name, @Nullable String description, @Nullable Integer maxSessionDuration) {
    return shape(
        name,
        shape -> {
          if (description != null) {
            shape.description(description);
          }
          if (maxSessionDuration != null) {
            shape.maxSessionDuration(maxSessionDuration);
          }
        });
  }

  void setBoundary(String name, @Nullable String arn) {
    shape(name, shape -> shape.permissionsBoundary(boundary(arn)));
  }

  void tag(String name, List<Tag> tags) {
    change(name, role -> role.with(tagged(role.shape(), IamTags.added(role.shape().tags(), tags))));
  }

  void untag(String name, List<String> keys) {
    change(
        name, role -> role.with(tagged(role.shape(), IamTags.removed(role.shape().tags(), keys))));
  }

  private static Role tagged(Role shape, List<Tag> tags) {
    return shape.toBuilder().tags(tags.isEmpty() ? null : tags).build();
  }

  private Role shape(String name, Consumer<Role.Builder> edit) {
    return change(name, role -> role.with(role.shape().copy(edit))).shape();
  }

  private IamRole change(String name, UnaryOperator<IamRole> change) {
    return iam.changeRole(Caller.current().account(), name, change);
  }

  void putPolicy(String name, String policy, String document) {
    PolicyDocument.parse(document);
    change(
        name,
        role -> {
          SortedMap<String, String> inline = new TreeMap<>(role.inline());
          inline.put(policy, document);
          if (inline.values().stream().mapToLong(IamRoles::size).sum() > MAX_INLINE) {
            throw IamErrors.limitExceeded(
                "Maximum policy size of " + MAX_INLINE + " bytes exceeded for role " + name);
          }
          return role.withInline(inline);
        });
  }

  /** The document as it travels. */
  String policy(String name, String policy) {
    String document = find(name).inline().get(policy);
    if (document == null) {
      throw IamErrors.noRolePolicy(policy);
    }
    return encoded(document);
  }

  void deletePolicy(String name, String policy) {
    change(
        name,
        role -> {
          SortedMap<String, String> inline = new TreeMap<>(role.inline());
          if (inline.remove(policy) == null) {
            throw IamErrors.noRolePolicy(policy);
          }
          return role.withInline(inline);
        });
  }

  /** Policies of AWS itself may be attached whether or not anything is known of them. */
  void attach(String name, String arn) {
    change(
        name,
        role -> {
          boolean aws = arn.matches("arn:aws[a-z-]*:iam::aws:policy/.+");
          if (!aws && iam.policy(role.account(), arn).isEmpty()) {
            throw IamErrors.noAttachablePolicy(arn);
          }
          SequencedMap<String, String> attached = new LinkedHashMap<>(role.attached());
          attached.put(arn, arn.substring(arn.lastIndexOf('/') + 1));
          if (attached.size() > MAX_ATTACHED) {
            throw IamErrors.limitExceeded(
                "Cannot exceed quota for PoliciesPerRole: " + MAX_ATTACHED);
          }
          return role.withAttached(attached);
        });
  }

  void detach(String name, String arn) {
    change(
        name,
        role -> {
          SequencedMap<String, String> attached = new LinkedHashMap<>(role.attached());
          if (attached.remove(arn) == null) {
            throw IamErrors.noPolicy(arn);
          }
          return role.withAttached(attached);
        });
  }
}
