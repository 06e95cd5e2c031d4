package dev.lambic.bench;

import java.io.IOException;

/** A running HTTP server that answers every POST with the body that came. */
interface EchoServer extends AutoCloseable {
  /** The port on 127.0.0.1. */
  int port();

  /** Listens on one more port, as Lambic does for every environment. */
  void listenMore() throws IOException;

  @Override
  void close();
}
