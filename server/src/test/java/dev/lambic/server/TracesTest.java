package dev.lambic.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.Ticker;
import org.junit.jupiter.api.Test;

final class TracesTest {
  private final Traces traces = new Traces(Ticker.system());

  @Test
  void makesATraceWhereThereIsNone() {
    assertThat(traces.next(null, false))
        .matches("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0");
  }

  @Test
  void keepsTheCallersRootAndDecision() {
    String root = "1-5759e988-bd862e3fe1be46a994272793";
    assertThat(traces.next("Root=" + root + ";Sampled=1", false))
        .matches("Root=" + root + ";Parent=[0-9a-f]{16};Sampled=1");
  }

  @Test
  void samplesWhatWantsToBeTracedUnlessTheCallerDecides() {
    assertThat(traces.next(null, true)).endsWith(";Sampled=1");
    assertThat(traces.next("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=?", true))
        .endsWith(";Sampled=1");
    assertThat(traces.next("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0", true))
        .endsWith(";Sampled=0");
  }

  @Test
  void passesNothingElseOn() {
    assertThat(traces.next("Root=1\r\nX-Evil: 1; Parent=\"x\" ;Sampled=?;Foo=bar", false))
        .matches("Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0");
  }
}
