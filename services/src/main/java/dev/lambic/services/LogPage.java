package dev.lambic.services;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/**
 * Finds the first events of a query in its order, holding never more than fit on one page.
 *
 * <p>Blocks come by the time of their first event and may overlap, so an event found later can
 * belong before one found earlier. Whatever does not fit marks a bound, and nothing at the bound or
 * beyond it belongs to this page.
 */
final class LogPage {
  /** AWS's limit of a page: bytes of the events, with their overhead. */
  static final int MAX_BYTES = 1 << 20;

  /** How much may be looked through for one page; then it ends early. */
  private static final long MAX_SCAN_BYTES = 256L << 20;

  private final LogQuery query;
  private final Comparator<LogPosition> order;
  private final TreeMap<LogPosition, LogEvent> kept;
  private LogPosition bound;
  private boolean more;
  private long bytes;
  private long scanned;

  LogPage(LogQuery query) {
    this.query = query;
    this.order = query.forward() ? Comparator.naturalOrder() : Comparator.reverseOrder();
    this.kept = new TreeMap<>(order);
    this.bound = query.forward() ? LogPosition.LAST : new LogPosition(-1, 0);
  }

  /** Whether a block that begins at this time, or one after it, can add anything. */
  boolean needs(long first) {
    if (query.forward() ? first > bound.timestamp() : latest(first) < bound.timestamp()) {
      return false;
    }
    if (scanned > MAX_SCAN_BYTES) {
      LogPosition end =
          query.forward()
              ? LogPosition.at(first)
              : new LogPosition(latest(first), Long.MAX_VALUE - 1);
      boolean progress =
          query.forward() ? end.compareTo(query.from()) > 0 : end.compareTo(query.to()) < 0;
      if (progress) {
        endAt(end);
        return false;
      }
    }
    return true;
  }

  private static long latest(long first) {
    return first + LogBlock.SPAN_MILLIS;
  }

  /** Whether a block of these times can have events of the page. */
  boolean overlaps(long first, long last) {
    return last >= query.from().timestamp()
        && first <= query.to().timestamp()
        && (query.forward() || last >= bound.timestamp());
  }

  /** Looks through a block. */
  void offer(String stream, long id, long first, long ingested, byte[] data) {
    scanned += data.length;
    LogBlock.unpack(
        id,
        first,
        data,
        new LogBlock.Sink() {
          @Override
          public boolean wants(LogPosition position) {
            return position.compareTo(query.from()) >= 0
                && position.compareTo(query.to()) < 0
                && order.compare(position, bound) < 0;
          }

          @Override
          public void take(LogPosition position, String message) {
            if (query.filter().test(message)) {
              keep(new LogEvent(position, stream, ingested, message));
            }
          }
        });
  }

  private void keep(LogEvent event) {
    kept.put(event.position(), event);
    bytes += size(event);
    while (kept.size() > query.limit() || (bytes > MAX_BYTES && kept.size() > 1)) {
      endAt(kept.lastKey());
    }
  }

  private void endAt(LogPosition end) {
    more = true;
    bound = end;
    while (!kept.isEmpty() && order.compare(kept.lastKey(), end) >= 0) {
      bytes -= size(kept.pollLastEntry().getValue());
    }
  }

  /** At least the bytes of the text in UTF-8 where it is plain, which is near enough. */
  private static int size(LogEvent event) {
    return event.message().length() + LogEvent.OVERHEAD_BYTES;
  }

  /** The events, in the order of the query. */
  List<LogEvent> events() {
    return new ArrayList<>(kept.values());
  }

  /** Whether there may be more events. */
  boolean more() {
    return more;
  }

  /** Where the next page begins; going backward, the position behind its last event. */
  LogPosition rest() {
    return query.forward() ? bound : bound.next();
  }
}
