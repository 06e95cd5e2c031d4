package dev.lambic.functions;

import dev.lambic.kernel.Transitions;
import java.util.EnumSet;

/**
 * The life of an event source mapping, in AWS's words. What is deleted at last has no state any
 * more.
 */
enum MappingState {
  CREATING("Creating"),
  ENABLED("Enabled"),
  DISABLED("Disabled"),
  UPDATING("Updating"),
  ENABLING("Enabling"),
  DISABLING("Disabling"),
  DELETING("Deleting");

  static final Transitions<MappingState> TABLE =
      Transitions.named("event source mapping", MappingState.class)
          .from(CREATING, EnumSet.of(ENABLED, DISABLED))
          .from(ENABLED, EnumSet.of(UPDATING, DISABLING, DELETING))
          .from(DISABLED, EnumSet.of(UPDATING, ENABLING, DELETING))
          .from(UPDATING, EnumSet.of(ENABLED, DISABLED))
          .from(ENABLING, EnumSet.of(ENABLED))
          .from(DISABLING, EnumSet.of(DISABLED))
          .build();

  private final String shown;

  MappingState(String shown) {
    this.shown = shown;
  }

  /** The state that AWS calls so. */
  static MappingState of(String shown) {
    for (MappingState state : values()) {
      if (state.shown.equals(shown)) {
        return state;
      }
    }
    throw new IllegalArgumentException("no state of a mapping: " + shown);
  }

  String shown() {
    return shown;
  }

  /** Whether something is on its way. */
  boolean inProgress() {
    return this != ENABLED && this != DISABLED;
  }

  /** The state of a mapping at rest. */
  static MappingState rest(boolean enabled) {
    return enabled ? ENABLED : DISABLED;
  }

  /** The state in which a change of a mapping at rest is shown. */
  MappingState change(boolean enabled) {
    if (rest(enabled) == this) {
      return UPDATING;
    }
    return enabled ? ENABLING : DISABLING;
  }
}
