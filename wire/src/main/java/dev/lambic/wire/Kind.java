package dev.lambic.wire;

/** What a member of a shape holds. */
enum Kind {
  STRING,
  BYTE,
  SHORT,
  INTEGER,
  LONG,
  FLOAT,
  DOUBLE,
  BIG_DECIMAL,
  BOOLEAN,
  INSTANT,
  BYTES,
  STRUCTURE,
  LIST,
  MAP,
  DOCUMENT
}
