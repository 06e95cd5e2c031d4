package dev.lambic.images;

import java.time.Duration;

/**
 * How long a registry may take.
 *
 * @param answer until its answer begins
 * @param document for all of a manifest, token or configuration
 * @param blob for all of a layer
 * @param pull for all of an image
 */
record Patience(Duration answer, Duration document, Duration blob, Duration pull) {
  static final Patience STANDARD =
      new Patience(
          Duration.ofSeconds(30),
          Duration.ofSeconds(30),
          Duration.ofMinutes(15),
          Duration.ofMinutes(30));
}
