package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.Comparator;

/**
 * Where something lives that belongs to no function: event source mappings, code signing
 * configurations.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param id what AWS calls it by, without a slash
 */
record OwnedKey(String account, String region, String id) {
  /** Those of an account in a region stand together, by their ids. */
  static final Comparator<OwnedKey> ORDER =
      Comparator.comparing(OwnedKey::account)
          .thenComparing(OwnedKey::region)
          .thenComparing(OwnedKey::id);

  /** Of the caller's account and region. */
  static OwnedKey own(String id) {
    Caller caller = Caller.current();
    return new OwnedKey(caller.account(), caller.region(), id);
  }

  /**
   * Its ARN, which begins with the partition that the region implies.
   *
   * @param type such as {@code event-source-mapping}
   */
  String arn(String type) {
    return "arn:"
        + Caller.ofAccount(account, region).partition()
        + ":lambda:"
        + region
        + ":"
        + account
        + ":"
        + type
        + ":"
        + id;
  }

  String recordKey() {
    return account + "/" + region + "/" + id;
  }

  static OwnedKey ofRecordKey(String recordKey) {
    String[] parts = recordKey.split("/", -1);
    if (parts.length != 3) {
      throw new IllegalArgumentException("not the key of a record: " + recordKey);
    }
    return new OwnedKey(parts[0], parts[1], parts[2]);
  }
}
