package dev.lambic.http;

import dev.lambic.kernel.FaultHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/1.1 listeners that share a few event-loop threads.
 *
 * <p>A listener either binds an address or takes over a channel that somebody else has bound, for
 * instance inside another network namespace. Requests of one connection are answered in their
 * order, pipelined or not. Safe for use by many threads.
 */
// Closing is awaited where it matters; Netty reports a failed close to nobody's use.
@SuppressWarnings("FutureReturnValueIgnored")
public final class HttpServer implements AutoCloseable {
  private static final Duration STALLED = Duration.ofSeconds(30);

  /** The most of a body that is decoded at once; what one read of a socket can bring. */
  private static final int PIECE_BYTES = 64 << 10;

  private final EventLoopGroup loops;
  private final FaultHandler faults;

  /** What the requests of all listeners may hold: listeners are many, memory is one. */
  private final Budget requests = new Budget(Runtime.getRuntime().maxMemory() / 3, null);

  private HttpServer(int threads, FaultHandler faults) {
    this.loops =
        new MultiThreadIoEventLoopGroup(
            threads, new DefaultThreadFactory("http", true), NioIoHandler.newFactory());
    this.faults = faults;
  }

  /**
   * Starts the threads; no address is bound yet.
   *
   * @param threads how many; few threads save wake-ups, for a thread that reads a request of one
   *     connection can then often write to another without waking anybody
   */
  public static HttpServer start(int threads, FaultHandler faults) {
    return new HttpServer(threads, faults);
  }

  /**
   * Binds the address and serves it.
   *
   * @throws IOException if the address cannot be bound
   */
  public Listener listen(InetSocketAddress address, HttpConfig config, HttpHandler handler)
      throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.bind(address, 1024);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    return listen(channel, config, handler);
  }

  /**
   * Serves a channel that is bound already and now belongs to the listener.
   *
   * @throws IOException if the channel cannot be served
   */
  public Listener listen(ServerSocketChannel bound, HttpConfig config, HttpHandler handler)
      throws IOException {
    InetSocketAddress address = (InetSocketAddress) bound.getLocalAddress();
    bound.configureBlocking(false);
    // One that is accepted while its listener closes is closed too.
    ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    Budget budget = new Budget(config.maxBufferedBytes(), requests);
    // Without an idle limit, only a request that stops half way ends the connection.
    Duration patience = config.idleTimeout().isZero() ? STALLED : config.idleTimeout();
    AtomicInteger count = new AtomicInteger();
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops)
            .channelFactory(() -> new NioServerSocketChannel(bound))
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    if (count.incrementAndGet() > config.maxConnections()) {
                      count.decrementAndGet();
                      channel.close();
                      return;
                    }
                    channel.closeFuture().addListener(closed -> count.decrementAndGet());
                    connections.add(channel);
                    channel
                        .pipeline()
                        .addLast(
                            new RequestDecoder(config, PIECE_BYTES, budget, patience.toMillis()))
                        .addLast(new HttpResponseEncoder());
                    channel
                        .pipeline()
                        .addLast(
                            new IdleStateHandler(
                                true, 0, 0, patience.toMillis(), TimeUnit.MILLISECONDS));
                    channel.pipeline().addLast(new Connection(config, budget, handler, faults));
                  }
                });
    Channel server = bootstrap.register().syncUninterruptibly().channel();
    return new Listener(server, connections, address);
  }

  /** Ends the threads and with them every listener and connection. */
  @Override
  public void close() {
    loops.shutdownGracefully(0, 2, TimeUnit.SECONDS).awaitUninterruptibly(5, TimeUnit.SECONDS);
  }

  /** One address that is being served. */
  public static final class Listener implements AutoCloseable {
    private final Channel server;
    private final ChannelGroup connections;
    private final InetSocketAddress address;

    private Listener(
        Channel server, ChannelGroup connections, @Nullable InetSocketAddress address) {
      this.server = server;
      this.connections = connections;
      this.address = address == null ? new InetSocketAddress(0) : address;
    }

    /** The address as bound, with the real port. */
    public InetSocketAddress address() {
      return address;
    }

    /** Takes no further connections; those that exist go on. */
    public void stopAccepting() {
      server.close().awaitUninterruptibly(5, TimeUnit.SECONDS);
    }

    /** Closes the address and every connection of it, without waiting. */
    @Override
    public void close() {
      server.close();
      connections.close();
    }
  }
}
