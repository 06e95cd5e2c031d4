package dev.lambic.functions;

/** Who may act in a role. Safe for use by many threads. */
@FunctionalInterface
public interface ExecutionRoles {
  /** Whether Lambda may assume the role, as far as anything is known of it. */
  boolean isAssumable(String roleArn);

  /** Where nothing is known of roles. */
  static ExecutionRoles all() {
    return role -> true;
  }
}
