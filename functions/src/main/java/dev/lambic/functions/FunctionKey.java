package dev.lambic.functions;

import dev.lambic.wire.Caller;

/**
 * Where a function lives. Its ARN begins with the partition that the region implies.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param name the plain name
 */
record FunctionKey(String account, String region, String name) {
  /** The function's ARN without a qualifier. */
  String arn() {
    return "arn:"
        + Caller.ofAccount(account, region).partition()
        + ":lambda:"
        + region
        + ":"
        + account
        + ":function:"
        + name;
  }

  /** The key of its record; no part can contain a slash. */
  String recordKey() {
    return account + "/" + region + "/" + name;
  }

  static FunctionKey ofRecordKey(String recordKey) {
    String[] parts = recordKey.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not the key of a function: " + recordKey);
    }
    return new FunctionKey(parts[0], parts[1], parts[2]);
  }
}
