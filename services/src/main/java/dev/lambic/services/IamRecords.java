package dev.lambic.services;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.store.Records;
import dev.lambic.wire.JsonCodec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.services.iam.model.AttachedPolicy;
import software.amazon.awssdk.services.iam.model.Policy;
import software.amazon.awssdk.services.iam.model.PolicyVersion;
import software.amazon.awssdk.services.iam.model.PutRolePolicyRequest;
import software.amazon.awssdk.services.iam.model.Role;

/**
 * Roles and policies as records, one for each.
 *
 * <p>A role's record is a line with its form, a line with AWS's shape of it, then a line for each
 * policy: the request that put one of its own, or the shape of one that is attached. A policy's
 * record is a line with its form and its last version's number, a line with AWS's shape, and a line
 * for each version.
 */
final class IamRecords {
  private static final String ROLE = "iam-role";
  private static final String POLICY = "iam-policy";
  private static final String ROLE_FORM = "lambic role 1";
  private static final String POLICY_FORM = "lambic policy 1 ";
  private static final String INLINE = "inline ";
  private static final String ATTACHED = "attached ";

  private final Records records;

  IamRecords(Records records) {
    this.records = records;
  }

  List<IamRole> roles() {
    return records.transaction(in -> {
      List<IamRole> roles = new ArrayList<>();
      for (Records.Entry entry : in.scan(ROLE)) {
        roles.add(role(entry.key(), new String(entry.value(), UTF_8).split("\n", -1)));
      }
      return roles;
    });
  }

  List<IamPolicy> policies() {
    return records.transaction(in -> {
      List<IamPolicy> policies = new ArrayList<>();
      for (Records.Entry entry : in.scan(POLICY)) {
        policies.add(policy(entry.key(), new String(entry.value(), UTF_8).split("\n", -1)));
      }
      return policies;
    });
  }

  void put(IamRole role) {
    StringBuilder text = new StringBuilder(ROLE_FORM).append('\n').append(json(role.shape()));
    role.inline()
        .forEach((name, document) ->
            text.append('\n')
                .append(INLINE)
                .append(
                    json(
                        PutRolePolicyRequest.builder()
                            .policyName(name)
                            .policyDocument(document)
                            .build())));
    role.attached()
        .forEach((arn, name) ->
            text.append('\n')
                .append(ATTACHED)
                .append(json(AttachedPolicy.builder().policyArn(arn).policyName(name).build())));
    records.transaction(in -> {
      in.put(ROLE, key(role), text.toString().getBytes(UTF_8));
      return null;
    });
  }

  void delete(IamRole role) {
    records.transaction(in -> in.delete(ROLE, key(role)));
  }

  void put(IamPolicy policy) {
    StringBuilder text =
        new StringBuilder(POLICY_FORM)
            .append(policy.lastVersion())
            .append('\n')
            .append(json(policy.shape()));
    for (PolicyVersion version : policy.versions()) {
      text.append('\n').append(json(version));
    }
    records.transaction(in -> {
      in.put(POLICY, policy.account() + "/" + policy.arn(), text.toString().getBytes(UTF_8));
      return null;
    });
  }

  void delete(IamPolicy policy) {
    records.transaction(in -> in.delete(POLICY, policy.account() + "/" + policy.arn()));
  }

  private static String key(IamRole role) {
    return role.account() + "/" + role.name();
  }

  private static String account(String key) {
    return key.substring(0, key.indexOf('/'));
  }

  private static String json(SdkPojo shape) {
    return new String(JsonCodec.write(shape), UTF_8);
  }

  private static IamRole role(String key, String[] lines) {
    if (lines.length < 2 || !lines[0].equals(ROLE_FORM)) {
      throw new IllegalStateException("the record of role " + key + " has an unknown form");
    }
    SortedMap<String, String> inline = new TreeMap<>();
    SequencedMap<String, String> attached = new LinkedHashMap<>();
    for (int i = 2; i < lines.length; i++) {
      if (lines[i].startsWith(INLINE)) {
        byte[] json = lines[i].substring(INLINE.length()).getBytes(UTF_8);
        PutRolePolicyRequest own = JsonCodec.read(PutRolePolicyRequest.builder(), json);
        inline.put(own.policyName(), own.policyDocument());
      } else {
        byte[] json = lines[i].substring(ATTACHED.length()).getBytes(UTF_8);
        AttachedPolicy managed = JsonCodec.read(AttachedPolicy.builder(), json);
        attached.put(managed.policyArn(), managed.policyName());
      }
    }
    Role shape = JsonCodec.read(Role.builder(), lines[1].getBytes(UTF_8));
    return new IamRole(account(key), shape, inline, attached);
  }

  private static IamPolicy policy(String key, String[] lines) {
    if (lines.length < 3 || !lines[0].startsWith(POLICY_FORM)) {
      throw new IllegalStateException("the record of policy " + key + " has an unknown form");
    }
    List<PolicyVersion> versions = new ArrayList<>();
    for (int i = 2; i < lines.length; i++) {
      versions.add(JsonCodec.read(PolicyVersion.builder(), lines[i].getBytes(UTF_8)));
    }
    return new IamPolicy(
        account(key),
        JsonCodec.read(Policy.builder(), lines[1].getBytes(UTF_8)),
        versions,
        Integer.parseInt(lines[0].substring(POLICY_FORM.length())));
  }
}
