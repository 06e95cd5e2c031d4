package dev.lambic.wire;

import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkPojo;

/**
 * One member of a shape: where it travels, what it holds, and how to reach it.
 *
 * <p>The element of a list and the value of a map are members without a place of their own.
 *
 * @param name as in the service model, such as {@code FunctionName}
 * @param wireName the key, header (or prefix of headers), label or parameter
 * @param time the format that the model demands; null means the default of the protocol and place
 * @param payload whether it is the whole body
 * @param jsonText whether it is JSON, sent as a string
 * @param element of a list or map, else null
 * @param flat whether the elements of a list or map lie directly in its parent, in XML and forms
 * @param keyName what a map's key is called there; empty for everything else
 * @param getter gives null for what was never set
 * @param setter changes a builder
 * @param constructor gives a builder for a structure
 */
record Member(
    String name,
    String wireName,
    Place place,
    Kind kind,
    @Nullable TimeFormat time,
    boolean payload,
    boolean jsonText,
    @Nullable Member element,
    boolean flat,
    String keyName,
    Function<SdkPojo, @Nullable Object> getter,
    BiConsumer<SdkPojo, @Nullable Object> setter,
    Supplier<SdkPojo> constructor) {

  @Nullable Object get(SdkPojo from) {
    return getter.apply(from);
  }

  void set(SdkPojo builder, @Nullable Object value) {
    setter.accept(builder, value);
  }

  Member elementOf() {
    if (element == null) {
      throw new IllegalStateException(name + " holds no elements");
    }
    return element;
  }
}
