package dev.lambic.wire;

/** How much a request has to prove about who sends it. */
public enum AuthMode {
  /**
   * For a listener on loopback: an access key that is on record must sign correctly, any other is
   * taken as it is, and a request without a signature is served too, unless a web page of another
   * host sent it.
   */
  ACCEPT,
  /** Every request carries a valid signature of an access key that is on record. */
  ENFORCE
}
