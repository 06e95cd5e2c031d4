package dev.lambic.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;

/** The JSON parser and its limits. */
final class Json {
  /** Deeper nesting than in any shape; a limit for documents, which are of any form. */
  static final int MAX_DEPTH = 200;

  /** More than the longest body that a listener takes. */
  private static final int MAX_STRING = 128 << 20;

  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(MAX_STRING)
                  .build())
          .build();

  private Json() {}
}
