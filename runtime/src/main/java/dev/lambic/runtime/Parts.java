package dev.lambic.runtime;

import java.util.List;

/**
 * What was measured of an invocation within its environment.
 *
 * @param runtime how long the answer took to begin, to be given, and the runtime to ask for more;
 *     empty if the handler gave no result
 * @param extensions how long extensions took after that; empty if there are none
 * @param producedBytes size of the result
 */
public record Parts(
    List<PlatformEvent.Span> runtime, List<PlatformEvent.Span> extensions, long producedBytes) {
  /** Nothing was measured. */
  public static final Parts NONE = new Parts(List.of(), List.of(), 0);

  /** Copies the spans. */
  public Parts {
    runtime = List.copyOf(runtime);
    extensions = List.copyOf(extensions);
  }
}
