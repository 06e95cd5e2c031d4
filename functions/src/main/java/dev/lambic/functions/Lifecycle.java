package dev.lambic.functions;

import dev.lambic.kernel.Transitions;
import java.util.EnumSet;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.State;

/**
 * The life of a function version, as its State and LastUpdateStatus tell it.
 *
 * <p>Follows "Lambda function states". A version that failed becomes active when the server starts
 * again and finds, or rebuilds, its code.
 */
enum Lifecycle {
  /** Created; its code is on its way. */
  PENDING,
  /** Ready. */
  ACTIVE,
  /** Ready in its former shape; the new one is on its way. */
  UPDATING,
  /** Ready in its former shape; the new one did not come about. */
  UPDATE_FAILED,
  /** Never became ready, or its code is lost. */
  FAILED;

  static final Transitions<Lifecycle> TABLE =
      Transitions.named("function version", Lifecycle.class)
          .from(PENDING, EnumSet.of(ACTIVE, FAILED))
          .from(ACTIVE, EnumSet.of(UPDATING, FAILED))
          .from(UPDATING, EnumSet.of(ACTIVE, UPDATE_FAILED, FAILED))
          .from(UPDATE_FAILED, EnumSet.of(UPDATING, ACTIVE, FAILED))
          .from(FAILED, EnumSet.of(ACTIVE))
          .build();

  private static final String CREATING = "Creating";
  private static final String CREATING_REASON = "The function is being created.";
  private static final String INTERNAL_ERROR = "InternalError";

  /**
   * Why a version is not what it should be.
   *
   * @param code one of AWS's reason codes
   * @param reason what a person should know
   */
  record Failure(String code, String reason) {
    static Failure internal(String reason) {
      return new Failure(INTERNAL_ERROR, reason);
    }
  }

  /** The state of a version. */
  static Lifecycle of(FunctionConfiguration version) {
    return switch (version.state()) {
      case PENDING -> PENDING;
      case FAILED -> FAILED;
      default ->
          switch (version.lastUpdateStatus()) {
            case IN_PROGRESS -> UPDATING;
            case FAILED -> UPDATE_FAILED;
            default -> ACTIVE;
          };
    };
  }

  /** Whether something is on its way. */
  boolean inProgress() {
    return this == PENDING || this == UPDATING;
  }

  /** A version at the begin of its life. */
  static FunctionConfiguration born(FunctionConfiguration version) {
    return PENDING.shownIn(version, null);
  }

  /**
   * The version in its next state.
   *
   * @param failure for a failure, what has failed
   */
  static FunctionConfiguration step(
      FunctionConfiguration version, Lifecycle to, @Nullable Failure failure) {
    return TABLE.step(of(version), to).shownIn(version, failure);
  }

  private FunctionConfiguration shownIn(FunctionConfiguration version, @Nullable Failure failure) {
    String reason = failure == null ? null : failure.reason;
    String code = failure == null ? INTERNAL_ERROR : failure.code;
    FunctionConfiguration.Builder shown = version.toBuilder();
    switch (this) {
      case PENDING -> {
        state(shown, State.PENDING, CREATING_REASON, CREATING);
        update(shown, null, null, null);
      }
      case ACTIVE -> {
        state(shown, State.ACTIVE, null, null);
        update(shown, LastUpdateStatus.SUCCESSFUL, null, null);
      }
      case UPDATING -> {
        state(shown, State.ACTIVE, null, null);
        update(shown, LastUpdateStatus.IN_PROGRESS, CREATING_REASON, CREATING);
      }
      case UPDATE_FAILED -> {
        state(shown, State.ACTIVE, null, null);
        update(shown, LastUpdateStatus.FAILED, reason, code);
      }
      case FAILED -> {
        state(shown, State.FAILED, reason, code);
        update(shown, null, null, null);
      }
    }
    return shown.build();
  }

  private static void state(
      FunctionConfiguration.Builder shown,
      State state,
      @Nullable String reason,
      @Nullable String code) {
    shown.state(state).stateReason(reason).stateReasonCode(code);
  }

  private static void update(
      FunctionConfiguration.Builder shown,
      @Nullable LastUpdateStatus status,
      @Nullable String reason,
      @Nullable String code) {
    shown.lastUpdateStatus(status).lastUpdateStatusReason(reason).lastUpdateStatusReasonCode(code);
  }
}
