package dev.lambic.wire;

/** The part of a message that carries a member. */
enum Place {
  BODY,
  QUERY,
  /** A map here stands for all headers that begin with its name. */
  HEADER,
  PATH,
  STATUS
}
