package dev.lambic.wire;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A secret on record, and whom it stands for.
 *
 * @param secret the secret access key
 * @param account twelve digits
 * @param principalArn the user, role session or account that signs with it
 * @param sessionToken what requests must carry beside the signature; null for a long-term key
 * @param expires when a temporary key ends; null means never
 */
public record AccessKey(
    String secret,
    String account,
    String principalArn,
    @Nullable String sessionToken,
    @Nullable Instant expires) {
  /** A long-term key of the account's root. */
  public static AccessKey ofAccount(String secret, String account) {
    return new AccessKey(secret, account, "arn:aws:iam::" + account + ":root", null, null);
  }

  /** Says whose key it is, never the secrets. */
  @Override
  public String toString() {
    return "AccessKey[" + principalArn + "]";
  }
}
