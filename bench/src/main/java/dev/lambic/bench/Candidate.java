package dev.lambic.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;

/** The HTTP servers that are compared; the first is the floor. */
enum Candidate {
  BARE("bare blocking sockets"),
  VIRTUAL("bare, virtual threads"),
  NETTY("Netty (Lambic's http)"),
  NETTY_1("Netty, one thread"),
  HELIDON("Helidon"),
  JETTY("Jetty");

  private final String title;

  Candidate(String title) {
    this.title = title;
  }

  String title() {
    return title;
  }

  /** Starts it on a free port of 127.0.0.1. */
  EchoServer start() throws IOException {
    int cores = Runtime.getRuntime().availableProcessors();
    return switch (this) {
      case BARE -> new BareEcho(Thread.ofPlatform().daemon());
      case VIRTUAL -> new BareEcho(Thread.ofVirtual());
      case NETTY -> new NettyEcho(cores);
      case NETTY_1 -> new NettyEcho(1);
      case HELIDON -> new HelidonEcho();
      case JETTY -> new JettyEcho(cores);
    };
  }

  /** A listening channel for those servers that take one which somebody else has opened. */
  static ServerSocketChannel openChannel() throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }
}
