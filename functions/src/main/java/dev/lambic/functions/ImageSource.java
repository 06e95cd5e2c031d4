package dev.lambic.functions;

import dev.lambic.wire.JsonCodec;
import software.amazon.awssdk.services.lambda.model.FunctionCodeLocation;

/**
 * The container image of a function version.
 *
 * @param uri as the caller named it
 * @param resolvedUri the same place with the digest that it had then
 * @param digest SHA-256 of the image's manifest, in hexadecimal
 */
record ImageSource(String uri, String resolvedUri, String digest) {
  /** As GetFunction shows it, and as it is recorded. */
  FunctionCodeLocation location() {
    return FunctionCodeLocation.builder()
        .repositoryType("ECR")
        .imageUri(uri)
        .resolvedImageUri(resolvedUri)
        .build();
  }

  byte[] encode() {
    return JsonCodec.write(location());
  }

  static ImageSource decode(byte[] record) {
    return of(JsonCodec.read(FunctionCodeLocation.builder(), record));
  }

  /** Of what {@link #location} gives. */
  static ImageSource of(FunctionCodeLocation location) {
    String resolved = location.resolvedImageUri();
    return new ImageSource(
        location.imageUri(), resolved, resolved.substring(resolved.lastIndexOf(':') + 1));
  }
}
