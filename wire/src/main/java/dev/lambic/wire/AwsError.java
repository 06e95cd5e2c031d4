package dev.lambic.wire;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.LambicException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.SdkPojo;

/**
 * An error as a client shall see it, before it has the form of a protocol.
 *
 * @param code such as {@code ResourceNotFoundException}
 * @param status demanded by the error itself; 0 leaves it to the code
 * @param blame for codes that no table knows
 * @param message for a person, or null
 * @param shape how the service's model describes it; null for errors that all services share
 * @param members further members by their model name
 * @param modelled the SDK's exception, for members that are no plain strings; null where there is
 *     none
 */
record AwsError(
    String code,
    int status,
    Blame blame,
    @Nullable String message,
    @Nullable ErrorShape shape,
    Map<String, String> members,
    @Nullable SdkPojo modelled) {

  /** The error that stands for what was thrown; a bug is reported and hidden. */
  static AwsError of(Throwable thrown, ConstraintData data, FaultHandler faults) {
    if (thrown instanceof AwsServiceException e) {
      String code = code(e, data);
      boolean detailed = e.awsErrorDetails() != null;
      return new AwsError(
          code,
          e.statusCode(),
          Blame.CALLER,
          detailed ? e.awsErrorDetails().errorMessage() : e.getMessage(),
          data.errors().get(code),
          Map.of(),
          e);
    }
    if (thrown instanceof LambicException e) {
      return new AwsError(
          e.code(), 0, e.blame(), e.getMessage(), data.errors().get(e.code()), e.members(), null);
    }
    faults.fault("an AWS request", thrown);
    return new AwsError(
        "ServiceException",
        500,
        Blame.PLATFORM,
        "Service encountered an internal error",
        data.errors().get("ServiceException"),
        Map.of(),
        null);
  }

  private static String code(AwsServiceException e, ConstraintData data) {
    if (e.awsErrorDetails() != null && e.awsErrorDetails().errorCode() != null) {
      return e.awsErrorDetails().errorCode();
    }
    // The SDK appends "Exception" to the names of shapes that lack it.
    String name = e.getClass().getSimpleName();
    String shorter =
        name.endsWith("Exception") ? name.substring(0, name.length() - "Exception".length()) : name;
    return !data.errors().containsKey(name) && data.errors().containsKey(shorter) ? shorter : name;
  }
}
