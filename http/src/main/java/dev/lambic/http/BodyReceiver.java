package dev.lambic.http;

/**
 * Takes the body of one request as it arrives.
 *
 * <p>Called on one thread of the server, in order, which it must not block. Pieces do not match the
 * client's chunks. After {@link #end} or {@link #broken} nothing follows; after an answer that was
 * given earlier neither does anything, and the connection ends with that answer.
 */
public interface BodyReceiver {
  /** The next bytes, at least one; the array belongs to the receiver. */
  void piece(byte[] bytes);

  /** The body is whole; it may be that no piece came before. The trailers may be empty. */
  void end(Headers trailers);

  /**
   * The body will never be whole: the connection ended, or what came was no HTTP. An answer may
   * still reach the client in the second case.
   *
   * @param reason for a person
   */
  void broken(String reason);
}
