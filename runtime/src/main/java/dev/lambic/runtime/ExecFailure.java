package dev.lambic.runtime;

import dev.lambic.sandbox.SandboxException;

/** Why a program could not be executed, in the words of Lambda's errors. */
final class ExecFailure {
  private ExecFailure() {}

  static String reason(SandboxException cause) {
    return switch (cause.errno()) {
      case 2 -> "no such file or directory";
      case 8 -> "exec format error";
      case 13 -> "permission denied";
      case 20 -> "not a directory";
      default -> String.valueOf(cause.getMessage());
    };
  }
}
