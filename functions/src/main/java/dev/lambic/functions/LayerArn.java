package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A version of a layer as its ARN names it.
 *
 * @param key the layer
 * @param version its number; 0 or more
 */
record LayerArn(LayerKey key, long version) {
  private static final String PLAIN = "[a-zA-Z0-9-_]+";
  private static final Pattern NAME = Pattern.compile(PLAIN);
  private static final Pattern LAYER =
      Pattern.compile("arn:[^:]*:lambda:([^:]+):(\\d{12}):layer:(" + PLAIN + ")");
  private static final Pattern VERSION = Pattern.compile(LAYER.pattern() + ":([0-9]{1,18})");
  private static final String NAME_PATTERN =
      "(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}"
          + ":layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+";

  /** The version that the ARN names; null if it names none that could exist here. */
  static @Nullable LayerArn parse(String arn) {
    Matcher matcher = VERSION.matcher(arn);
    if (!matcher.matches()) {
      return null;
    }
    return new LayerArn(
        new LayerKey(matcher.group(2), matcher.group(1), matcher.group(3)),
        Long.parseLong(matcher.group(4)));
  }

  /**
   * The layer that a request's LayerName means, which may be a name or an ARN.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException for another region
   */
  static LayerKey layer(Caller caller, String nameOrArn) {
    if (NAME.matcher(nameOrArn).matches()) {
      return new LayerKey(caller.account(), caller.region(), nameOrArn);
    }
    Matcher matcher = LAYER.matcher(nameOrArn);
    if (!matcher.matches()) {
      throw Errors.pattern(nameOrArn, "layerName", NAME_PATTERN);
    }
    LayerKey key = new LayerKey(matcher.group(2), matcher.group(1), matcher.group(3));
    requireRegion(caller, key);
    return key;
  }

  /** Refuses a layer of another region. */
  static void requireRegion(Caller caller, LayerKey key) {
    if (!key.region().equals(caller.region())) {
      throw Errors.notFound(
          "Layers from '"
              + key.region()
              + "' are not reachable in this region ('"
              + caller.region()
              + "')");
    }
  }
}
