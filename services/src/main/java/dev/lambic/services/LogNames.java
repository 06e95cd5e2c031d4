package dev.lambic.services;

import dev.lambic.wire.Caller;
import org.jspecify.annotations.Nullable;

/** Names and ARNs of log groups and streams, and what is demanded of them. */
final class LogNames {
  private static final int MAX_LENGTH = 512;

  private LogNames() {}

  static LogGroupKey key(Caller caller, String name) {
    return new LogGroupKey(caller.account(), caller.region(), name);
  }

  /** The group of a request that may name it or give its ARN, but not both. */
  static LogGroupKey key(Caller caller, @Nullable String name, @Nullable String identifier) {
    if (name != null && identifier != null) {
      throw LogErrors.nameAndArn();
    }
    if (name == null && identifier == null) {
      throw LogErrors.invalid("Either logGroupName or logGroupIdentifier must be given.");
    }
    if (name != null) {
      checkLength(name);
      return key(caller, name);
    }
    return identifier != null && identifier.startsWith("arn:")
        ? ofArn(caller, identifier)
        : key(caller, String.valueOf(identifier));
  }

  /** The group of an ARN, which must be the caller's. */
  static LogGroupKey ofArn(Caller caller, String arn) {
    String prefix = arnOfGroup(caller, "");
    if (!arn.startsWith(prefix)) {
      throw LogErrors.noGroup();
    }
    return key(caller, arn.substring(prefix.length()));
  }

  static String arnOfGroup(Caller caller, String group) {
    return "arn:"
        + caller.partition()
        + ":logs:"
        + caller.region()
        + ":"
        + caller.account()
        + ":log-group:"
        + group;
  }

  static String arnOfStream(Caller caller, String group, String stream) {
    return arnOfGroup(caller, group) + ":log-stream:" + stream;
  }

  static void checkLength(String name) {
    if (name.length() > MAX_LENGTH) {
      throw LogErrors.invalid(
          "Invalid LogGroup or LogStream, both must have length less than or equal to "
              + MAX_LENGTH
              + ".");
    }
  }
}
