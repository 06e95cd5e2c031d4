package dev.lambic.http;

import dev.lambic.kernel.FaultHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpContentException;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One client connection: collects requests and sends their answers in order.
 *
 * <p>All fields belong to the connection's event loop. While an answer is due, decoded requests
 * wait in a short queue and reading stops, so a client that pipelines without end holds no memory.
 * A body that is taken in pieces is read only while its receiver wants more.
 */
// A failed write also closes the channel, which is what every write here would wait for.
@SuppressWarnings("FutureReturnValueIgnored")
final class Connection extends ChannelInboundHandlerAdapter {
  /** Requests that may wait behind the one being answered before reading stops. */
  private static final int MAX_WAITING = 16;

  /** Requests of one connection that are handed out before the others have their turn. */
  private static final int MAX_AT_ONCE = 16;

  /** How long a client that is still sending has to read why its request was refused. */
  private static final long LINGER_MILLIS = 5000;

  private static final long SLICE_MILLIS = 1000;

  /** What may be offered of an answer before there is no room, and what must be left for room. */
  private static final int MAX_UNSENT = 128 << 10;

  private static final int FEW_UNSENT = 32 << 10;

  /** The longest body that is copied behind its head, so that both are one write. */
  private static final int JOINED = 16 << 10;

  private static final String OVER_BUDGET = "Too many requests are in memory. Try again later.";
  private static final byte[] NO_BODY = new byte[0];

  private final HttpConfig config;
  private final Budget budget;
  private final HttpHandler handler;
  private final FaultHandler faults;
  private final ArrayDeque<Arrived> waiting = new ArrayDeque<>();

  private @Nullable Arriving arriving;
  private @Nullable Exchange current;
  private @Nullable Incoming receiving;
  private boolean reading;
  private boolean flushDue;
  private boolean heldBack;
  private boolean handingOut;
  private boolean closing;
  private boolean unread;
  private @Nullable ChannelHandlerContext behindEncoder;

  Connection(HttpConfig config, Budget budget, HttpHandler handler, FaultHandler faults) {
    this.config = config;
    this.budget = budget;
    this.handler = handler;
    this.faults = faults;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      if (closing || !(message instanceof HttpObject object)) {
        return;
      }
      reading = true;
      if (object.decoderResult().isFailure()) {
        refuse(ctx, object);
        return;
      }
      if (object instanceof io.netty.handler.codec.http.HttpRequest head) {
        begin(ctx, head);
      }
      if (object instanceof HttpContent content) {
        append(ctx, content);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void refuse(ChannelHandlerContext ctx, HttpObject object) {
    Throwable cause = object.decoderResult().cause();
    if (cause instanceof RequestDecoder.OverBudget) {
      refuse(ctx, 503, OVER_BUDGET);
    } else {
      boolean tooLong = cause instanceof TooLongHttpContentException;
      refuse(ctx, tooLong ? 413 : 400, "The request is not valid HTTP.");
    }
  }

  private void refuse(ChannelHandlerContext ctx, int status, String reason) {
    closing = true;
    unread = true;
    Arriving broken = arriving;
    arriving = null;
    HttpRequest head = null;
    int reserved = 0;
    if (broken != null) {
      head = broken.head;
      budget.giveBack(broken.body.length);
      reserved = broken.handOver() - broken.body.length;
    }
    if (broken != null && broken.incoming != null) {
      // Its handler was told of it already, or will be in its turn, and answers.
      broken.incoming.fail(reason);
      deliver(ctx, broken.incoming);
    } else {
      waiting.add(new Arrived(null, head, status, reason, false, false, reserved, null));
    }
    next(ctx);
  }

  private void begin(ChannelHandlerContext ctx, io.netty.handler.codec.http.HttpRequest message) {
    if (!message.uri().startsWith("/")) {
      // The forms of RFC 9112 for proxies name a server. A handler expects a path and a query.
      refuse(ctx, 400, "The request target is not a path.");
      return;
    }
    long announced = HttpUtil.getContentLength(message, -1L);
    HttpRequest head = head(ctx, message);
    boolean keepAlive = HttpUtil.isKeepAlive(message);
    int headBytes = head.headBytes();
    if (!budget.take(headBytes)) {
      refuse(ctx, 503, OVER_BUDGET);
      return;
    }
    if (handler.wantsPieces(head)) {
      Incoming incoming = new Incoming(() -> resumed(ctx));
      Arriving request = new Arriving(head, announced, keepAlive, headBytes, incoming);
      arriving = request;
      waiting.add(request.arrived());
      next(ctx);
      return;
    }
    arriving = new Arriving(head, announced, keepAlive, headBytes, null);
    if (announced > config.maxBodyBytes()) {
      refuse(ctx, 413, "The request body is too large.");
      return;
    }
    if (HttpUtil.is100ContinueExpected((HttpMessage) message)) {
      goOn(ctx);
    }
  }

  /** Tells a client that waits for it to send the body. */
  private static void goOn(ChannelHandlerContext ctx) {
    ctx.writeAndFlush(
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE, Unpooled.EMPTY_BUFFER));
  }

  private static HttpRequest head(
      ChannelHandlerContext ctx, io.netty.handler.codec.http.HttpRequest message) {
    SocketAddress remote = ctx.channel().remoteAddress();
    String method = message.method().name();
    return new HttpRequest(method, message.uri(), fields(message.headers()), NO_BODY, remote);
  }

  private static Headers fields(HttpHeaders from) {
    Headers headers = Headers.empty();
    for (Map.Entry<String, String> field : from) {
      headers.add(field.getKey(), field.getValue());
    }
    return headers;
  }

  private void append(ChannelHandlerContext ctx, HttpContent content) {
    Arriving request = arriving;
    if (request == null) {
      return;
    }
    if (request.incoming != null) {
      appendPiece(ctx, request.incoming, content);
      return;
    }
    ByteBuf bytes = content.content();
    int more = bytes.readableBytes();
    if (more > 0) {
      if ((long) request.length + more > config.maxBodyBytes()) {
        refuse(ctx, 413, "The request body is too large.");
        return;
      }
      if (request.length + more > request.body.length) {
        long announced = request.announced;
        // Grown as bytes really come: an announcement alone must not cost memory.
        long doubled = Math.min(2L * request.body.length, config.maxBodyBytes());
        int grown = Math.max(request.length + more, (int) doubled);
        int wanted = announced > 0 && announced <= 4L * grown ? (int) announced : grown;
        if (!budget.take(wanted - request.body.length)) {
          refuse(ctx, 503, OVER_BUDGET);
          return;
        }
        request.reserved += wanted - request.body.length;
        request.body = Arrays.copyOf(request.body, wanted);
      }
      bytes.readBytes(request.body, request.length, more);
      request.length += more;
    }
    if (content instanceof LastHttpContent) {
      arriving = null;
      waiting.add(request.arrived());
      next(ctx);
    }
  }

  private void appendPiece(ChannelHandlerContext ctx, Incoming incoming, HttpContent content) {
    boolean now = incoming.add(content.content());
    if (content instanceof LastHttpContent last) {
      arriving = null;
      incoming.end(fields(last.trailingHeaders()));
      now = true;
    }
    if (now) {
      deliver(ctx, incoming);
      readOrNot(ctx);
    }
  }

  private void deliver(ChannelHandlerContext ctx, Incoming incoming) {
    try {
      incoming.deliver();
    } catch (Throwable bug) {
      incoming.drop();
      faults.fault("HTTP receiver", bug);
      Exchange exchange = current;
      if (exchange != null && exchange.incoming == incoming) {
        exchange.failed();
      } else {
        ctx.close();
      }
    }
  }

  private void resumed(ChannelHandlerContext ctx) {
    try {
      ctx.executor().execute(() -> deliverCurrent(ctx));
    } catch (RejectedExecutionException e) {
      // The server is closed, and with it every connection.
      return;
    }
  }

  private void deliverCurrent(ChannelHandlerContext ctx) {
    Incoming incoming = receiving;
    if (incoming != null) {
      deliver(ctx, incoming);
      readOrNot(ctx);
    }
  }

  /** Hands out waiting requests until an answer is due. */
  private void next(ChannelHandlerContext ctx) {
    if (handingOut || current != null) {
      readOrNot(ctx);
      // An answer given at once comes back here; the loop that asked for it goes on.
      return;
    }
    handingOut = true;
    try {
      for (int handedOut = 0; !waiting.isEmpty() && current == null; handedOut++) {
        if (!ctx.channel().isWritable()) {
          // Who asks without reading the answers gets no more of them; writability brings us back.
          return;
        }
        if (handedOut == MAX_AT_ONCE) {
          // The other connections of this thread come first.
          ctx.executor().execute(() -> next(ctx));
          return;
        }
        handOut(ctx, waiting.remove());
      }
    } finally {
      handingOut = false;
      readOrNot(ctx);
    }
  }

  /** Reads on only while few requests wait and the client takes its answers. */
  private void readOrNot(ChannelHandlerContext ctx) {
    if (closing) {
      return;
    }
    Incoming incoming = arriving == null ? null : arriving.incoming;
    boolean wanted =
        waiting.size() < MAX_WAITING
            && ctx.channel().isWritable()
            && (incoming == null || incoming.isWanted());
    if (ctx.channel().config().isAutoRead() != wanted) {
      ctx.channel().config().setAutoRead(wanted);
    }
  }

  private void handOut(ChannelHandlerContext ctx, Arrived arrived) {
    Exchange exchange = new Exchange(ctx, arrived);
    current = exchange;
    HttpRequest request = arrived.request();
    Incoming incoming = arrived.incoming();
    try {
      if (request == null) {
        handler.refuse(arrived.status(), arrived.reason(), arrived.refused(), exchange);
      } else if (incoming != null) {
        if (!incoming.isWhole()
            && "100-continue".equalsIgnoreCase(request.headers().get("Expect"))) {
          goOn(ctx);
        }
        receiving = incoming;
        incoming.begin(handler.receive(request, incoming, exchange));
        deliver(ctx, incoming);
      } else {
        handler.handle(request, exchange);
      }
    } catch (Throwable bug) {
      faults.fault("HTTP handler", bug);
      exchange.failed();
    }
  }

  private void dropArriving() {
    Arriving request = arriving;
    arriving = null;
    if (request != null) {
      budget.giveBack(request.handOver());
    }
  }

  private void dropWaiting() {
    waiting.forEach(arrived -> budget.giveBack(arrived.reserved()));
    waiting.clear();
  }

  private void flush(ChannelHandlerContext ctx) {
    if (reading) {
      // One flush for every answer that this read makes.
      flushDue = true;
    } else {
      heldBack = false;
      ctx.flush();
    }
  }

  /** Sends an answer that may wait for the next, unless that one is due or may be by now. */
  private void flushHeldBack(ChannelHandlerContext ctx) {
    if (heldBack && !reading && current == null) {
      flush(ctx);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    deliverCurrent(ctx);
    reading = false;
    if (flushDue) {
      flushDue = false;
      flush(ctx);
    } else {
      flushHeldBack(ctx);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    Exchange exchange = current;
    current = null;
    dropWaiting();
    dropArriving();
    closing = true;
    if (exchange != null) {
      budget.giveBack(exchange.reserved);
      exchange.gone();
    }
    Incoming incoming = receiving;
    if (incoming != null) {
      incoming.fail("The connection ended.");
      deliver(ctx, incoming);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    Exchange exchange = current;
    if (exchange != null && ctx.channel().isWritable()) {
      exchange.writable();
    }
    next(ctx);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (!(event instanceof IdleStateEvent)) {
      return;
    }
    boolean limited = !config.idleTimeout().isZero();
    Exchange exchange = current;
    if (exchange == null ? arriving != null || limited : limited && exchange.isStalled()) {
      ctx.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (!(cause instanceof IOException)) {
      faults.fault("HTTP connection", cause);
    }
    ctx.close();
  }

  /** One request and its answer; the way back may be used from any thread. */
  private final class Exchange implements Responder, BodySink {
    private final ChannelHandlerContext ctx;
    private final boolean keepAlive;
    private final boolean head;
    private final int reserved;
    private final @Nullable Incoming incoming;
    private final Object lock = new Object();
    private boolean answered;
    private boolean gone;
    private long unsent;
    private @Nullable Runnable abortAction;
    private @Nullable Runnable readyAction;

    Exchange(ChannelHandlerContext ctx, Arrived arrived) {
      this.ctx = ctx;
      this.keepAlive = arrived.keepAlive();
      this.head = arrived.head();
      this.reserved = arrived.reserved();
      this.incoming = arrived.incoming();
    }

    /** Whether the client is to read or to send, when it has done neither for the idle time. */
    boolean isStalled() {
      synchronized (lock) {
        if (unsent > 0) {
          return true;
        }
      }
      return incoming != null && !incoming.isWhole() && incoming.isWanted();
    }

    @Override
    public void send(int status, Headers headers, byte[] body) {
      claim();
      run(() -> sendNow(status, headers, body, false));
    }

    @Override
    public void sendWithNext(int status, Headers headers, byte[] body) {
      claim();
      run(() -> sendNow(status, headers, body, true));
    }

    /** The handler threw: a plain 500 if nothing was answered yet, else the answer stands. */
    void failed() {
      synchronized (lock) {
        if (answered) {
          return;
        }
        answered = true;
      }
      run(() -> sendNow(500, Headers.empty(), NO_BODY, false));
    }

    private void sendNow(int status, Headers headers, byte[] body, boolean mayWait) {
      if (current != this) {
        return;
      }
      byte[] start = AnswerHead.bytes(status, headers, body.length, isLast());
      byte[] content = head || !AnswerHead.hasBody(status) ? NO_BODY : body;
      ByteBuf joined;
      if (content.length <= JOINED) {
        joined = ctx.alloc().ioBuffer(start.length + content.length);
        joined.writeBytes(start).writeBytes(content);
      } else {
        joined = Unpooled.wrappedBuffer(content);
        raw().write(Unpooled.wrappedBuffer(start));
      }
      finish(joined, mayWait);
    }

    /** Whether nothing is answered after this. */
    private boolean isLast() {
      return isEarly() || !keepAlive || (closing && waiting.isEmpty());
    }

    /** Whether the answer comes before the request has come to its end. */
    private boolean isEarly() {
      return incoming != null && !incoming.isWhole();
    }

    /** Writes behind the encoder, which is for bodies in pieces only. */
    private ChannelHandlerContext raw() {
      ChannelHandlerContext known = behindEncoder;
      if (known == null) {
        known = ctx.pipeline().context(RequestDecoder.class);
        behindEncoder = known;
      }
      return known;
    }

    private void finish(Object last, boolean mayWait) {
      current = null;
      budget.giveBack(reserved);
      boolean close = isLast();
      boolean early = isEarly();
      if (incoming != null) {
        incoming.drop();
        receiving = null;
      }
      unread |= early;
      var written = last instanceof ByteBuf ? raw().write(last) : ctx.write(last);
      if (close) {
        closing = true;
        dropWaiting();
        written.addListener(unread ? this::linger : ChannelFutureListener.CLOSE);
        ctx.flush();
        return;
      }
      heldBack |= mayWait;
      if (!mayWait) {
        flush(ctx);
      }
      next(ctx);
      flushHeldBack(ctx);
    }

    /**
     * Closes once the client has read the answer. A client that is still sending would lose it
     * otherwise, for closing with unread bytes resets the connection.
     */
    private void linger(Future<? super Void> written) {
      if (!written.isSuccess()) {
        ctx.close();
        return;
      }
      ((SocketChannel) ctx.channel()).shutdownOutput();
      ctx.channel().config().setAutoRead(true);
      ctx.executor().schedule(() -> ctx.close(), LINGER_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public BodySink begin(int status, Headers headers) {
      claim();
      run(() -> {
        if (current != this) {
          return;
        }
        HttpResponseStatus line = HttpResponseStatus.valueOf(status);
        // An answer to HEAD is over with its fields, also for the encoder.
        io.netty.handler.codec.http.HttpResponse response =
            head
                ? new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, line, Unpooled.EMPTY_BUFFER)
                : new io.netty.handler.codec.http.DefaultHttpResponse(HttpVersion.HTTP_1_1, line);
        headers.forEach((name, value) -> response.headers().add(name, value));
        if (!head && !response.headers().contains(HttpHeaderNames.CONTENT_LENGTH)) {
          HttpUtil.setTransferEncodingChunked(response, true);
        }
        if (!keepAlive) {
          response.headers().set(HttpHeaderNames.CONNECTION, "close");
        }
        ctx.writeAndFlush(response);
      });
      return this;
    }

    @Override
    public void write(byte[] piece) throws IOException {
      if (!ctx.executor().inEventLoop()) {
        awaitWritable();
      }
      run(() -> {
        if (current == this && !head) {
          ctx.writeAndFlush(
              new io.netty.handler.codec.http.DefaultHttpContent(Unpooled.wrappedBuffer(piece)));
        }
      });
    }

    @Override
    public boolean offer(byte[] piece) {
      boolean room;
      synchronized (lock) {
        if (gone) {
          return true;
        }
        unsent += piece.length;
        room = unsent < MAX_UNSENT;
      }
      run(() -> {
        if (current == this && !head) {
          ctx.write(
                  new io.netty.handler.codec.http.DefaultHttpContent(Unpooled.wrappedBuffer(piece)))
              .addListener(written -> sent(piece.length));
          flush(ctx);
        } else {
          sent(piece.length);
        }
      });
      return room;
    }

    private void sent(int length) {
      Runnable action = null;
      synchronized (lock) {
        unsent -= length;
        if (unsent <= FEW_UNSENT) {
          action = readyAction;
          readyAction = null;
        }
      }
      if (action != null) {
        action.run();
      }
    }

    @Override
    public void onReady(Runnable action) {
      boolean now;
      synchronized (lock) {
        now = gone || unsent <= FEW_UNSENT;
        readyAction = now ? null : action;
      }
      if (now) {
        action.run();
      }
    }

    private void awaitWritable() throws IOException {
      boolean patient = config.idleTimeout().isZero();
      long left = config.idleTimeout().toMillis();
      synchronized (lock) {
        while (!gone && !ctx.channel().isWritable()) {
          if (!patient && left <= 0) {
            ctx.close();
            throw new IOException("the client does not read");
          }
          try {
            // In slices, so that a lost notification costs a look and not the answer.
            long slice = patient ? SLICE_MILLIS : Math.min(left, SLICE_MILLIS);
            lock.wait(slice);
            left -= slice;
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the client was slow", e);
          }
        }
        if (gone) {
          throw new IOException("the client has gone");
        }
      }
    }

    @Override
    public void end(Headers trailers) {
      run(() -> {
        if (current == this && head) {
          finish(Unpooled.EMPTY_BUFFER, false);
        } else if (current == this) {
          LastHttpContent last =
              new io.netty.handler.codec.http.DefaultLastHttpContent(Unpooled.EMPTY_BUFFER);
          trailers.forEach((name, value) -> last.trailingHeaders().add(name, value));
          finish(last, false);
        }
      });
    }

    @Override
    public void abort() {
      run(ctx::close);
    }

    @Override
    public boolean isOpen() {
      synchronized (lock) {
        return !gone && ctx.channel().isActive();
      }
    }

    @Override
    public void onAbort(Runnable action) {
      boolean now;
      synchronized (lock) {
        now = gone;
        if (!now) {
          abortAction = action;
        }
      }
      if (now) {
        action.run();
      }
    }

    void gone() {
      Runnable action;
      Runnable ready;
      synchronized (lock) {
        gone = true;
        action = abortAction;
        ready = readyAction;
        abortAction = null;
        readyAction = null;
        lock.notifyAll();
      }
      if (action != null) {
        action.run();
      }
      if (ready != null) {
        ready.run();
      }
    }

    void writable() {
      synchronized (lock) {
        lock.notifyAll();
      }
    }

    private void claim() {
      synchronized (lock) {
        if (answered) {
          throw new IllegalStateException("the request is answered already");
        }
        answered = true;
      }
    }

    private void run(Runnable action) {
      if (ctx.executor().inEventLoop()) {
        guarded(action);
      } else {
        try {
          ctx.executor().execute(() -> guarded(action));
        } catch (RejectedExecutionException e) {
          gone();
        }
      }
    }

    /** An answer that cannot be written must not leave its client waiting. */
    private void guarded(Runnable action) {
      try {
        action.run();
      } catch (Throwable bug) {
        faults.fault("HTTP answer", bug);
        ctx.close();
      }
    }
  }
}
