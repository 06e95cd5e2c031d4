package dev.lambic.functions;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.wire.JsonCodec;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.services.lambda.model.CodeSigningConfig;
import software.amazon.awssdk.services.lambda.model.CodeSigningPolicy;
import software.amazon.awssdk.services.lambda.model.ListTagsResponse;

/**
 * A code signing configuration at one moment. Immutable; every change makes another one.
 *
 * <p>Its record is a line with its form, a line with AWS's shape, and a line with AWS's ListTags
 * shape.
 *
 * @param shape what AWS shows of it
 * @param tags in the order in which they were given
 */
record SigningConfig(CodeSigningConfig shape, Map<String, String> tags) {
  /** In ARNs. */
  static final String TYPE = "code-signing-config";

  private static final String TEXT_FORM = "lambic code signing configuration 1";

  static final OwnedRegistry.Form<SigningConfig> FORM =
      new OwnedRegistry.Form<>() {
        @Override
        public byte[] encode(SigningConfig config) {
          return String.join(
                  "\n",
                  TEXT_FORM,
                  new String(JsonCodec.write(config.shape), UTF_8),
                  new String(
                      JsonCodec.write(ListTagsResponse.builder().tags(config.tags).build()), UTF_8))
              .getBytes(UTF_8);
        }

        @Override
        public SigningConfig decode(OwnedKey key, byte[] bytes) {
          String[] lines = new String(bytes, UTF_8).split("\n", -1);
          if (lines.length != 3 || !lines[0].equals(TEXT_FORM)) {
            throw new IllegalStateException(
                "the record of code signing configuration "
                    + key.recordKey()
                    + " has an unknown form");
          }
          return new SigningConfig(
              JsonCodec.read(CodeSigningConfig.builder(), lines[1].getBytes(UTF_8)),
              JsonCodec.read(ListTagsResponse.builder(), lines[2].getBytes(UTF_8)).tags());
        }
      };

  /** Copies the tags. */
  SigningConfig {
    tags = Collections.unmodifiableMap(new LinkedHashMap<>(tags));
  }

  /** Whether what bears no accepted signature is refused. */
  boolean enforces() {
    return shape.codeSigningPolicies().untrustedArtifactOnDeployment() == CodeSigningPolicy.ENFORCE;
  }
}
