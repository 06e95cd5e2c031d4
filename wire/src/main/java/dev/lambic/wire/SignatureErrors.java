package dev.lambic.wire;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;

/** What AWS says about a signature that it does not accept. */
final class SignatureErrors {
  private SignatureErrors() {}

  static LambicException missing() {
    return new LambicException(
        "MissingAuthenticationTokenException", Blame.CALLER, "Missing Authentication Token");
  }

  static LambicException incomplete(String message) {
    return new LambicException("IncompleteSignatureException", Blame.CALLER, message);
  }

  static LambicException invalid(String message) {
    return new LambicException("InvalidSignatureException", Blame.CALLER, message);
  }

  static LambicException unknownKey() {
    return new LambicException(
        "UnrecognizedClientException",
        Blame.CALLER,
        "The security token included in the request is invalid.");
  }

  static LambicException expiredToken() {
    return new LambicException(
        "ExpiredTokenException",
        Blame.CALLER,
        "The security token included in the request is expired");
  }

  static LambicException mismatch(String canonicalRequest, String stringToSign) {
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check your"
            + " AWS Secret Access Key and signing method. Consult the service documentation for"
            + " details.\n\nThe Canonical String for this request should have been\n'"
            + canonicalRequest
            + "'\n\nThe String-to-Sign should have been\n'"
            + stringToSign
            + "'\n");
  }

  static LambicException foreignPage() {
    return new LambicException(
        "AccessDeniedException",
        Blame.CALLER,
        "A web page of another host must sign its requests with an access key on record.");
  }

  static LambicException foreignName() {
    return new LambicException(
        "AccessDeniedException",
        Blame.CALLER,
        "A request to a public host name must be signed with an access key on record. This machine"
            + " is localhost.");
  }

  static LambicException bodyHash() {
    return new LambicException(
        "XAmzContentSHA256Mismatch",
        Blame.CALLER,
        "The provided 'x-amz-content-sha256' header does not match what was computed.");
  }

  static LambicException unsignedHeaders() {
    return new LambicException(
        "AccessDeniedException",
        Blame.CALLER,
        "There were headers present in the request which were not signed");
  }

  static LambicException noBodyHash() {
    return new LambicException(
        "InvalidRequest",
        Blame.CALLER,
        "Missing required header for this request: x-amz-content-sha256");
  }

  static LambicException chunk() {
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check your"
            + " AWS Secret Access Key and signing method. Consult the service documentation for"
            + " details.");
  }
}
