package dev.lambic.functions;

import dev.lambic.wire.Caller;

/**
 * Where a layer lives. Its ARN begins with the partition that the region implies.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param name the plain name
 */
record LayerKey(String account, String region, String name) {
  /** The layer's ARN without a version. */
  String arn() {
    return "arn:"
        + Caller.ofAccount(account, region).partition()
        + ":lambda:"
        + region
        + ":"
        + account
        + ":layer:"
        + name;
  }

  /** The ARN of one of its versions. */
  String arn(long version) {
    return arn() + ":" + version;
  }

  /** The key of its record; no part can contain a slash. */
  String recordKey() {
    return account + "/" + region + "/" + name;
  }

  static LayerKey ofRecordKey(String recordKey) {
    String[] parts = recordKey.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not the key of a layer: " + recordKey);
    }
    return new LayerKey(parts[0], parts[1], parts[2]);
  }
}
