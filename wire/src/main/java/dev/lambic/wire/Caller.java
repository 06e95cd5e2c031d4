package dev.lambic.wire;

import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/**
 * Who calls an operation, and in which region.
 *
 * <p>While a service's method runs for a request, {@link #current} gives its caller. Code that
 * calls a service in-process says on whose behalf with {@link #run}.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param accessKeyId null for a request without a signature
 * @param principalArn the user, role session or account
 */
public record Caller(
    String account, String region, @Nullable String accessKeyId, String principalArn) {
  private static final ScopedValue<Caller> CURRENT = ScopedValue.newInstance();

  /** The root of an account, without an access key. */
  public static Caller ofAccount(String account, String region) {
    return new Caller(
        account, region, null, "arn:" + partition(region) + ":iam::" + account + ":root");
  }

  /**
   * The caller whose request the current thread serves.
   *
   * @throws IllegalStateException if there is none, which is a bug of the code that calls
   */
  public static Caller current() {
    if (!CURRENT.isBound()) {
      throw new IllegalStateException("no caller is bound to this thread");
    }
    return CURRENT.get();
  }

  /** Runs the work with this as the current caller. */
  public <T extends @Nullable Object> T run(Callable<T> work) throws Exception {
    return ScopedValue.where(CURRENT, this).call(work::call);
  }

  /** The partition of the region, as the second part of an ARN: {@code aws} nearly always. */
  public String partition() {
    return partition(region);
  }

  private static String partition(String region) {
    if (region.startsWith("cn-")) {
      return "aws-cn";
    }
    return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
  }
}
