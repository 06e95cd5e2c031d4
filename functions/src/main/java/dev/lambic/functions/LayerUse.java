package dev.lambic.functions;

import dev.lambic.wire.Caller;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.Layer;

/**
 * The layers that a function is about to get: checked, and kept on this machine until the function
 * that has them is recorded. Used by one thread.
 */
final class LayerUse implements AutoCloseable {
  private static final int MAX_LAYERS = 5;
  private static final String PATTERN =
      "((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}"
          + ":layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))";

  private final List<Layer> layers = new ArrayList<>();
  private final List<CodeStore.Lease> leases = new ArrayList<>();
  private long unpackedBytes;

  private LayerUse() {}

  /**
   * Checks the wish for layers.
   *
   * @param arns of layer versions
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException if AWS would refuse it
   */
  static LayerUse of(List<String> arns, LayerRegistry registry, CodeStore code) {
    if (arns.size() > MAX_LAYERS) {
      throw Errors.invalid("Cannot reference more than " + MAX_LAYERS + " layers.");
    }
    LayerUse use = new LayerUse();
    try {
      Map<LayerKey, String> seen = new HashMap<>();
      for (String text : arns) {
        LayerArn arn = parse(text);
        String other = seen.putIfAbsent(arn.key(), text);
        LayerVersion version = find(Caller.current(), arn, text, registry);
        if (other != null) {
          throw Errors.invalid(
              "Two different versions of the same layer are not allowed to be referenced in the"
                  + " same function. "
                  + other
                  + " and "
                  + text
                  + " are versions of the same layer.");
        }
        use.add(text, version, code);
      }
      return use;
    } catch (RuntimeException e) {
      use.close();
      throw e;
    }
  }

  private static LayerArn parse(String text) {
    if (text.contains(":awslayer:")) {
      throw Errors.invalid("Layer version " + text + " does not exist.");
    }
    LayerArn arn = LayerArn.parse(text);
    if (arn == null) {
      throw Errors.pattern(text, "layers", PATTERN);
    }
    return arn;
  }

  private static LayerVersion find(
      Caller caller, LayerArn arn, String text, LayerRegistry registry) {
    boolean reachable = arn.key().region().equals(caller.region());
    @Nullable LayerVersion version = registry.find(arn);
    if (!arn.key().account().equals(caller.account())) {
      if (!reachable || version == null || !LayerPolicy.permits(version, caller.account())) {
        throw LayerService.denied(caller, "lambda:GetLayerVersion", text);
      }
      return version;
    }
    if (!reachable) {
      throw Errors.invalid(
          "Layers are not in the same region as the function. Layers are expected to be in region "
              + caller.region()
              + ".");
    }
    if (version == null) {
      throw Errors.invalid("Layer version " + text + " does not exist.");
    }
    return version;
  }

  private void add(String arn, LayerVersion version, CodeStore code) {
    leases.add(code.hold(version.codeId()));
    code.ensure(version.codeId());
    unpackedBytes += code.unpackedBytes(version.codeId());
    layers.add(Layer.builder().arn(arn).codeSize(version.size()).build());
  }

  /** As the function's configuration shows them. */
  List<Layer> layers() {
    return layers;
  }

  /** Refuses layers that are too large together with the code. */
  void checkSize(long unpackedCode) {
    if (!layers.isEmpty()) {
      checkSize(unpackedCode, unpackedBytes);
    }
  }

  static void checkSize(long unpackedCode, long unpackedLayers) {
    long sum = unpackedCode + unpackedLayers;
    if (sum > Unzip.MAX_BYTES) {
      throw Errors.invalid(
          "Function code combined with layers exceeds the maximum allowed size of "
              + Unzip.MAX_BYTES
              + " bytes. The actual size is "
              + sum
              + " bytes.");
    }
  }

  @Override
  public void close() {
    leases.forEach(CodeStore.Lease::close);
  }
}
