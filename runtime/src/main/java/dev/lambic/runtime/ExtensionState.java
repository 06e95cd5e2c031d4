package dev.lambic.runtime;

import dev.lambic.kernel.Transitions;
import java.util.EnumSet;

/** The states of an extension, named as Lambda names them in logs. */
enum ExtensionState {
  /** Its process runs and has not registered; an internal one never shows this. */
  STARTED("Started"),
  /** It has registered and has not asked for an event yet. */
  REGISTERED("Registered"),
  /** Waits for an event. */
  READY("Ready"),
  /** Has an event. */
  RUNNING("Running"),
  /** Has said that it cannot initialise. */
  INIT_ERROR("InitError"),
  /** Has said that it will end. */
  EXIT_ERROR("ExitError"),
  /** Could not be started. */
  LAUNCH_ERROR("LaunchError"),
  /** Its process has ended. */
  EXITED("Exited");

  private final String word;

  ExtensionState(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  /** Which state may follow which. */
  static Transitions<ExtensionState> table() {
    return Transitions.named("extension", ExtensionState.class)
        .from(STARTED, EnumSet.of(REGISTERED, LAUNCH_ERROR, EXITED))
        .from(REGISTERED, EnumSet.of(READY, INIT_ERROR, EXIT_ERROR, EXITED))
        .from(READY, EnumSet.of(RUNNING, EXIT_ERROR, EXITED))
        .from(RUNNING, EnumSet.of(READY, EXIT_ERROR, EXITED))
        .from(INIT_ERROR, EnumSet.of(EXITED))
        .from(EXIT_ERROR, EnumSet.of(EXITED))
        .build();
  }
}
