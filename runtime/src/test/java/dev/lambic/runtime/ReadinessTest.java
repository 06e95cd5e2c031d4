package dev.lambic.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Everybody has to wait, whoever is the last. */
final class ReadinessTest {
  private final AtomicBoolean extensions = new AtomicBoolean();
  private final Readiness readiness = new Readiness(extensions::get);

  @Test
  void waitsForTheExtensions() {
    assertThat(readiness.runtimeWaits(0)).isFalse();
    assertThat(readiness.extensionWaits()).isFalse();
    extensions.set(true);
    assertThat(readiness.extensionWaits()).isTrue();
    assertThat(readiness.extensionWaits()).isFalse();
  }

  @Test
  void waitsForTheRuntime() {
    extensions.set(true);
    assertThat(readiness.extensionWaits()).isFalse();
    assertThat(readiness.runtimeWaits(0)).isTrue();
    assertThat(readiness.working()).isEqualTo(1);
    assertThat(readiness.extensionWaits()).isFalse();
    assertThat(readiness.runtimeWaits(1)).isTrue();
  }

  @Test
  void heedsNoRuntimeThatHasGotAnEventMeanwhile() {
    extensions.set(true);
    assertThat(readiness.working()).isEqualTo(1);
    assertThat(readiness.runtimeWaits(0)).isFalse();
    assertThat(readiness.extensionWaits()).isFalse();
    assertThat(readiness.runtimeWaits(1)).isTrue();
  }
}
