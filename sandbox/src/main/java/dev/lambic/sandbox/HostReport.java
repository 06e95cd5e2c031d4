package dev.lambic.sandbox;

import java.util.List;

/** What this host can isolate and limit. */
public record HostReport(List<Guarantee> guarantees) {
  public HostReport {
    guarantees = List.copyOf(guarantees);
  }

  /** Whether sandboxes can be made, if perhaps with a guarantee weakened. */
  public boolean usable() {
    return guarantees.stream().noneMatch(one -> one.required() && !one.holds());
  }

  /** Whether every guarantee holds. */
  public boolean complete() {
    return guarantees.stream().allMatch(Guarantee::holds);
  }
}
