package dev.lambic.wire;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Checks the signatures of a body in the encoding {@code aws-chunked} without changing it: each
 * piece continues the signature of the one before.
 *
 * <p>Follows "Signature calculations for the Authorization header: transferring payload in multiple
 * chunks" of the S3 API Reference. For use by one thread.
 */
final class ChunkCheck implements BodyCheck {
  private static final int MAX_LINE = 8 << 10;

  /** All trailers together, which are kept until their signature comes. */
  private static final int MAX_TRAILERS = 8 << 10;

  private static final String SIGNATURE = ";chunk-signature=";
  private static final String TRAILER_SIGNATURE = "x-amz-trailer-signature:";
  private static final String EMPTY_HASH = SigningKeys.hash(new byte[0]);

  private enum State {
    HEAD,
    DATA,
    AFTER_DATA,
    TRAILER
  }

  private final AwsChunked.Signer signer;
  private final StringBuilder line = new StringBuilder();
  private final StringBuilder trailers = new StringBuilder();
  private final MessageDigest digest;
  private State state = State.HEAD;
  private String previous;
  private String given = "";
  private boolean trailerSigned;
  private long left;

  ChunkCheck(AwsChunked.Signer signer) {
    this.signer = signer;
    this.previous = signer.seed().value();
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public void bytes(byte[] bytes, int from, int length) {
    int at = from;
    int end = from + length;
    while (at < end) {
      if (state == State.DATA) {
        int taken = (int) Math.min(left, end - at);
        digest.update(bytes, at, taken);
        left -= taken;
        at += taken;
        if (left == 0) {
          checkPiece();
          state = State.AFTER_DATA;
        }
      } else {
        char c = (char) (bytes[at++] & 0xff);
        if (c == '\n') {
          if (!line.isEmpty() && line.charAt(line.length() - 1) == '\r') {
            line.setLength(line.length() - 1);
          }
          String whole = line.toString();
          line.setLength(0);
          line(whole);
        } else if (line.length() == MAX_LINE) {
          throw AwsChunked.incomplete();
        } else {
          line.append(c);
        }
      }
    }
  }

  private void line(String text) {
    switch (state) {
      case HEAD -> head(text);
      case AFTER_DATA -> {
        if (!text.isEmpty()) {
          throw AwsChunked.incomplete();
        }
        state = State.HEAD;
      }
      case TRAILER -> trailer(text);
      case DATA -> throw new IllegalStateException("data has no lines");
    }
  }

  private void head(String text) {
    int semicolon = text.indexOf(';');
    int found = text.indexOf(SIGNATURE);
    given = found < 0 ? "" : text.substring(found + SIGNATURE.length());
    try {
      left = Long.parseLong(semicolon < 0 ? text : text.substring(0, semicolon), 16);
    } catch (NumberFormatException e) {
      throw AwsChunked.incomplete();
    }
    if (left < 0) {
      throw AwsChunked.incomplete();
    }
    if (left > 0) {
      state = State.DATA;
    } else {
      checkPiece();
      state = State.TRAILER;
    }
  }

  private void checkPiece() {
    String hash = HexFormat.of().formatHex(digest.digest());
    expect("AWS4-HMAC-SHA256-PAYLOAD", EMPTY_HASH + '\n' + hash, given);
    previous = given;
  }

  private void trailer(String text) {
    if (text.regionMatches(true, 0, TRAILER_SIGNATURE, 0, TRAILER_SIGNATURE.length())) {
      byte[] signed = trailers.toString().getBytes(StandardCharsets.ISO_8859_1);
      expect(
          "AWS4-HMAC-SHA256-TRAILER",
          SigningKeys.hash(signed),
          text.substring(TRAILER_SIGNATURE.length()).strip());
      trailerSigned = true;
    } else if (!text.isEmpty()) {
      int colon = text.indexOf(':');
      if (colon < 0) {
        throw AwsChunked.incomplete();
      }
      trailers
          .append(text, 0, colon)
          .append(':')
          .append(text.substring(colon + 1).strip())
          .append('\n');
      if (trailers.length() > MAX_TRAILERS) {
        throw AwsChunked.incomplete();
      }
    }
  }

  private void expect(String algorithm, String hashes, String signature) {
    Signature seed = signer.seed();
    String text =
        algorithm + '\n' + seed.time() + '\n' + seed.scope() + '\n' + previous + '\n' + hashes;
    byte[] wanted =
        signer.keys().sign(signer.key(), seed, text).getBytes(StandardCharsets.ISO_8859_1);
    if (!MessageDigest.isEqual(wanted, signature.getBytes(StandardCharsets.ISO_8859_1))) {
      throw SignatureErrors.chunk();
    }
  }

  @Override
  public void end() {
    if (!line.isEmpty() && state == State.TRAILER) {
      String rest = line.toString();
      line.setLength(0);
      trailer(rest);
    }
    if (state != State.TRAILER) {
      throw AwsChunked.incomplete();
    }
    if (!trailers.isEmpty() && !trailerSigned) {
      throw SignatureErrors.chunk();
    }
  }

  /** What the head of a request with such a body has to say of its content. */
  static boolean announced(String contentHash) {
    return contentHash.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  }
}
