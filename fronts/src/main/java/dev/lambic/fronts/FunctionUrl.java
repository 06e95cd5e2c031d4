package dev.lambic.fronts;

import dev.lambic.invocation.FunctionImage;
import dev.lambic.wire.Caller;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One function URL as it is configured at a moment. Immutable.
 *
 * @param id the first part of its host
 * @param region where its function is
 * @param signed whether requests must be signed
 * @param streamed whether answers go out as they are made
 * @param cors what pages of other hosts may do; null leaves that to the function
 * @param permits whether somebody may invoke the function by this URL; null is who did not sign
 * @param target finds what to run, for one request; throws a {@link
 *     dev.lambic.kernel.LambicException} with Lambda's code if nothing can be run
 */
public record FunctionUrl(
    String id,
    String region,
    boolean signed,
    boolean streamed,
    @Nullable Cors cors,
    Predicate<@Nullable Caller> permits,
    Supplier<Target> target) {
  /**
   * What a request runs.
   *
   * @param invokedArn the ARN that the function sees
   * @param traced whether it is sampled for tracing unless the client decides
   */
  public record Target(FunctionImage image, String invokedArn, boolean traced) {}
}
