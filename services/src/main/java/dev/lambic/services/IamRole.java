package dev.lambic.services;

import java.util.SequencedMap;
import java.util.SortedMap;
import software.amazon.awssdk.services.iam.model.Role;

/**
 * A role with everything that belongs to it. Immutable; the maps are never changed.
 *
 * @param account twelve digits
 * @param shape as GetRole answers, but with the trust policy as it was given
 * @param inline documents of the role's own policies by name
 * @param attached names of managed policies by ARN, in the order in which they were attached
 */
record IamRole(
    String account,
    Role shape,
    SortedMap<String, String> inline,
    SequencedMap<String, String> attached) {

  String name() {
    return shape.roleName();
  }

  IamRole with(Role newShape) {
    return new IamRole(account, newShape, inline, attached);
  }

  IamRole withInline(SortedMap<String, String> policies) {
    return new IamRole(account, shape, policies, attached);
  }

  IamRole withAttached(SequencedMap<String, String> policies) {
    return new IamRole(account, shape, inline, policies);
  }
}
