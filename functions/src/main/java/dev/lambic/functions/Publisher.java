package dev.lambic.functions;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;

/** Makes versions out of what {@code $LATEST} is, and knows when there would be nothing new. */
final class Publisher {
  private final Configurations configurations;

  Publisher(Configurations configurations) {
    this.configurations = configurations;
  }

  /**
   * The newest version, if publishing would only repeat it; null if something is new.
   *
   * <p>That a version was given a description of its own makes it no other one.
   *
   * @param latest what would be published
   */
  static @Nullable FunctionConfiguration unchanged(
      FunctionImage function, FunctionConfiguration latest) {
    FunctionConfiguration newest = function.versions().get(function.lastVersion());
    if (newest == null) {
      return null;
    }
    String description = function.attached(Kind.PUBLISHED_DESCRIPTION, newest.version());
    FunctionConfiguration from =
        description == null ? newest : newest.toBuilder().description(description).build();
    return Configurations.substance(from).equals(Configurations.substance(latest)) ? newest : null;
  }

  /** The function with one more version, whose code is on its way. */
  FunctionImage publish(FunctionImage function) {
    return function.publish(configurations.modified(Lifecycle.born(next(function))));
  }

  /**
   * The function with one more version, which is what {@code $LATEST} is, ready at once if that is
   * and no snapshot of it is to be made.
   *
   * @param description instead of the one of {@code $LATEST}; null to keep that
   */
  FunctionImage publish(
      FunctionImage function, LayerRegistry layers, @Nullable String description) {
    FunctionConfiguration version = next(function);
    if (description != null) {
      version = version.toBuilder().description(description).build();
    }
    if (Lifecycle.of(version) != Lifecycle.ACTIVE || Configurations.hasSnapshots(version)) {
      version = Lifecycle.born(version);
    }
    FunctionImage after = function.publish(configurations.modified(version));
    String former = function.latest().description();
    if (!Objects.equals(version.description(), former)) {
      after =
          after.withAttachments(
              after.attachments().with(Kind.PUBLISHED_DESCRIPTION, version.version(), former));
    }
    return FunctionRegistry.advance(after, layers, unchanged -> unchanged);
  }

  private static FunctionConfiguration next(FunctionImage function) {
    String number = String.valueOf(function.lastVersion() + 1);
    return function.latest().toBuilder().version(number).build();
  }
}
