package dev.lambic.functions;

import dev.lambic.wire.JsonCodec;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.GetFunctionResponse;

/**
 * What {@code $LATEST} of a function with a container image is run from while an update of it is on
 * its way or has failed. Recorded with the update, so that a version that could be run can be run
 * after a crash too.
 *
 * @param configuration the last one that was active
 * @param image its image
 */
record Former(FunctionConfiguration configuration, ImageSource image) {
  /**
   * The function after a change, with what it has to keep of before, or without if that is over.
   */
  static FunctionImage kept(@Nullable FunctionImage before, FunctionImage after) {
    if (!isNeeded(after.latest())) {
      return after.attached(Kind.FORMER, FunctionVersion.LATEST) == null
          ? after
          : after.withAttachments(after.attachments().without(Kind.FORMER, FunctionVersion.LATEST));
    }
    if (before == null || Lifecycle.of(before.latest()) != Lifecycle.ACTIVE) {
      return after;
    }
    ImageSource image = Objects.requireNonNull(before.images().get(FunctionVersion.LATEST));
    return after.withAttachments(
        after
            .attachments()
            .with(Kind.FORMER, FunctionVersion.LATEST, new Former(before.latest(), image)));
  }

  private static boolean isNeeded(FunctionConfiguration latest) {
    Lifecycle now = Lifecycle.of(latest);
    return Configurations.isContainer(latest)
        && (now == Lifecycle.UPDATING || now == Lifecycle.UPDATE_FAILED);
  }

  /** Of a function, or null. */
  static @Nullable Former of(FunctionImage function) {
    return function.attached(Kind.FORMER, FunctionVersion.LATEST);
  }

  /** The function with this as what runs, unless something newer does. */
  FunctionImage running(FunctionImage function) {
    if (function.ready().containsKey(FunctionVersion.LATEST)) {
      return function;
    }
    Map<String, FunctionVersion> ready = new HashMap<>(function.ready());
    ready.put(FunctionVersion.LATEST, Configurations.ready(function.key(), configuration, null));
    return function.withReady(ready);
  }

  byte[] encode() {
    return JsonCodec.write(
        GetFunctionResponse.builder().configuration(configuration).code(image.location()).build());
  }

  static Former decode(byte[] record) {
    GetFunctionResponse shape = JsonCodec.read(GetFunctionResponse.builder(), record);
    return new Former(shape.configuration(), ImageSource.of(shape.code()));
  }
}
