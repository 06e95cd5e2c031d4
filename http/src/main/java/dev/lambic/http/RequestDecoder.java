package dev.lambic.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.util.AsciiString;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Decodes the requests of one connection, and charges what it holds of a head, of the size of a
 * chunk or of trailers until they are whole. A whole head is charged by whoever gets it.
 *
 * <p>Netty's decoder bounds the length of a head. Beside memory this one bounds the work: a head
 * has a bounded number of fields, each on one line (RFC 9112 has servers refuse others, and each
 * line more copies all those before it), a line is searched for its end once however small the
 * pieces are in which it comes, and a head that is not whole in time ends the connection.
 */
final class RequestDecoder extends HttpRequestDecoder {
  /** What a field costs in memory besides its characters. */
  static final int FIELD_BYTES = 256;

  /** The most fields of a head or of trailers. */
  static final int MAX_FIELDS = 500;

  /** The most that is neither head nor body: the size of a chunk, or trailers. */
  private static final int MAX_BETWEEN = 256 << 10;

  /** What is decoded at once of what is not a head. */
  private static final int SOME_BYTES = 8 << 10;

  /** Up to here Netty's copy of the longest line so far is not worth a charge. */
  private static final int SHORT_LINE = 1 << 10;

  private final Budget budget;
  private final int maxHeadBytes;
  private final long patienceMillis;

  /** Whether a request line or a header is next, and not a body. */
  private boolean inHead = true;

  private boolean failed;

  /** Bytes that were decoded of what is not whole, and its fields. */
  private int decoded;

  private int fields;

  /** How many of the undecoded bytes are known to have no end of a line. */
  private int searched;

  /** The longest line so far, for which Netty's decoder keeps room. */
  private int longest;

  private long charged;
  private @Nullable Future<?> deadline;

  /**
   * A decoder.
   *
   * @param patienceMillis in what time a head must be whole
   */
  RequestDecoder(HttpConfig config, int maxPieceBytes, Budget budget, long patienceMillis) {
    super(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(config.maxHeadBytes())
            .setMaxHeaderSize(config.maxHeadBytes())
            .setMaxChunkSize(maxPieceBytes));
    this.budget = budget;
    this.maxHeadBytes = config.maxHeadBytes();
    this.patienceMillis = patienceMillis;
  }

  /** There is no room in memory for more of a head. */
  static final class OverBudget extends Exception {
    private static final long serialVersionUID = 1L;
  }

  /** What has come of a head's lines. */
  private enum Lines {
    NONE,
    SOME,
    FOLDED
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) throws Exception {
    if (failed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    Lines lines = inHead ? look(in) : Lines.SOME;
    if (lines == Lines.FOLDED) {
      fail(ctx, in, out, new IllegalArgumentException("a field on several lines"));
      return;
    }
    int had = out.size();
    int before = in.readerIndex();
    // A line that is too long is refused by Netty before its end.
    if (inHead && (lines == Lines.SOME || in.readableBytes() > maxHeadBytes)) {
      super.decode(ctx, in, out);
    } else if (!inHead) {
      decodeSome(ctx, in, out);
    }
    boolean whole = out.size() > had;
    boolean folded = !inHead && !whole && isFolded(in, before, decoded > 0);
    decoded += in.readerIndex() - before;
    if (folded) {
      fail(ctx, in, out, new IllegalArgumentException("a trailer on several lines"));
      return;
    }
    for (Object made : out.subList(had, out.size())) {
      decoded = 0;
      fields = 0;
      inHead = made instanceof LastHttpContent || (inHead && !(made instanceof HttpRequest));
      failed |= made instanceof HttpObject object && object.decoderResult().isFailure();
    }
    searched = whole || !inHead ? 0 : in.readableBytes();
    int held = whole ? 0 : decoded + in.readableBytes();
    if (!inHead) {
      longest = Math.max(longest, held);
    }
    if (!charge(held + (long) (whole ? 0 : fields) * FIELD_BYTES + longestBytes())) {
      fail(ctx, in, out, new OverBudget());
    } else if (!inHead && held > MAX_BETWEEN) {
      fail(ctx, in, out, new TooLongHttpHeaderException("more than " + MAX_BETWEEN + " bytes"));
    } else {
      limit(ctx, inHead && held > 0);
    }
  }

  /**
   * Decodes what is not a head, few bytes at once: trailers look like anything else before they are
   * read, and these are not many to be read before they are looked at.
   */
  private void decodeSome(ChannelHandlerContext ctx, ByteBuf in, List<Object> out)
      throws Exception {
    int end = in.writerIndex();
    int begin = in.readerIndex();
    int had = out.size();
    int some = SOME_BYTES;
    boolean more;
    do {
      int upTo = (int) Math.min(end, (long) begin + some);
      in.writerIndex(upTo);
      try {
        super.decode(ctx, in, out);
      } finally {
        in.writerIndex(end);
      }
      more = upTo < end && in.readerIndex() == begin && out.size() == had;
      some *= 2; // a line is longer
    } while (more);
  }

  /** Whether one of the lines that were decoded goes on with the one before it. */
  private static boolean isFolded(ByteBuf in, int from, boolean afterLine) {
    int end = in.readerIndex();
    int line = afterLine ? from : nextLine(in, from, end);
    while (line < end) {
      byte first = in.getByte(line);
      if (first == ' ' || first == '\t') {
        return true;
      }
      line = nextLine(in, line, end);
    }
    return false;
  }

  private static int nextLine(ByteBuf in, int from, int end) {
    int lineEnd = in.indexOf(from, end, (byte) '\n');
    return lineEnd < 0 ? end : lineEnd + 1;
  }

  private long longestBytes() {
    return longest <= SHORT_LINE ? 0 : 2L * Integer.highestOneBit(longest);
  }

  /** Looks at the lines up to the end of the head, each byte once. */
  private Lines look(ByteBuf in) {
    int end = in.writerIndex();
    int line = in.readerIndex();
    boolean first = decoded == 0;
    while (first && line < end && isSkipped(in.getByte(line))) {
      line++;
    }
    Lines found = line > in.readerIndex() ? Lines.SOME : Lines.NONE;
    int from = Math.max(line, in.readerIndex() + searched);
    while (line < end) {
      byte begin = in.getByte(line);
      if (!first && (begin == ' ' || begin == '\t')) {
        return Lines.FOLDED;
      }
      int lineEnd = in.indexOf(from, end, (byte) '\n');
      if (lineEnd < 0) {
        return found;
      }
      found = Lines.SOME;
      longest = Math.max(longest, lineEnd - line);
      if (lineEnd == line || (lineEnd == line + 1 && begin == '\r')) {
        return found; // what follows is no part of this head
      }
      line = lineEnd + 1;
      from = line;
      first = false;
    }
    return found;
  }

  /** Whether Netty skips the byte before a request line. */
  private static boolean isSkipped(byte value) {
    return (value >= 0 && value <= ' ') || value == 0x7f;
  }

  /** Lets go of all that came and takes no more. */
  private void fail(ChannelHandlerContext ctx, ByteBuf in, List<Object> out, Exception why)
      throws Exception {
    failed = true;
    in.skipBytes(in.readableBytes());
    reset();
    super.decode(ctx, Unpooled.EMPTY_BUFFER, new ArrayList<>());
    charge(Math.min(charged, longestBytes()));
    limit(ctx, false);
    var broken = new DefaultFullHttpRequest(HttpVersion.HTTP_1_0, HttpMethod.GET, "/bad-request");
    broken.setDecoderResult(DecoderResult.failure(why));
    out.add(broken);
  }

  @Override
  protected AsciiString splitHeaderName(byte[] bytes, int start, int length) {
    if (++fields > MAX_FIELDS) {
      throw new TooLongHttpHeaderException("more than " + MAX_FIELDS + " fields");
    }
    return super.splitHeaderName(bytes, start, length);
  }

  private boolean charge(long bytes) {
    if (bytes < charged) {
      budget.giveBack(charged - bytes);
    } else if (bytes > charged && !budget.take(bytes - charged)) {
      return false;
    }
    charged = bytes;
    return true;
  }

  /** Begins or ends the time that there is for what is not whole. */
  private void limit(ChannelHandlerContext ctx, boolean unfinished) {
    Future<?> running = deadline;
    if (unfinished && running == null) {
      deadline = ctx.executor().schedule(() -> tooLate(ctx), patienceMillis, TimeUnit.MILLISECONDS);
    } else if (!unfinished && running != null) {
      running.cancel(false);
      deadline = null;
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for the close
  private void tooLate(ChannelHandlerContext ctx) {
    deadline = null;
    if (ctx.channel().config().isAutoRead()) {
      ctx.close();
    } else {
      // It is we who do not read.
      limit(ctx, true);
    }
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext ctx) throws Exception {
    limit(ctx, false);
    charge(0);
    super.handlerRemoved0(ctx);
  }
}
