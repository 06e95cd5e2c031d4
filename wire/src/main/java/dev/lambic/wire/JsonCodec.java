package dev.lambic.wire;

import dev.lambic.kernel.LambicException;
import software.amazon.awssdk.core.SdkPojo;
import software.amazon.awssdk.utils.builder.SdkBuilder;

/**
 * AWS SDK model objects as JSON, for records.
 *
 * <p>Keys are the names of the service model. Everything that the SDK's class can hold comes back
 * as it was: an empty list or map is told apart from one that was never set, and times keep their
 * nanoseconds. Members that a class does not know (any more) are skipped. Safe for use by many
 * threads.
 */
public final class JsonCodec {
  private static final JsonReader READER = new JsonReader(JsonReader.Keys.MODEL);

  private JsonCodec() {}

  /** The object in UTF-8. */
  public static byte[] write(SdkPojo object) {
    return JsonWriter.write(object, JsonReader.Keys.MODEL);
  }

  /**
   * The object that was written.
   *
   * @param builder an empty builder of its class, such as {@code FunctionConfiguration.builder()}
   * @throws IllegalArgumentException if the bytes are not what {@link #write} wrote
   */
  public static <T extends SdkPojo, B extends SdkPojo & SdkBuilder<B, T>> T read(
      B builder, byte[] json) {
    try {
      READER.read(json, builder);
    } catch (LambicException e) {
      throw new IllegalArgumentException("no " + builder.getClass() + ": " + e.getMessage(), e);
    }
    return builder.build();
  }
}
