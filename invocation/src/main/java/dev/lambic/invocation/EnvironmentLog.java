package dev.lambic.invocation;

import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.Lines;
import dev.lambic.runtime.LogSettings;
import dev.lambic.runtime.PlatformEvent;
import dev.lambic.runtime.TelemetryRecords;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log of one environment: what its processes write, and Lambda's own lines around it.
 *
 * <p>Output comes on the thread that reads all environments' output, Lambda's lines on others; the
 * object's lock keeps them whole and in order. A line is an event; a line without an end becomes
 * one when it is too long or when Lambda's next line comes.
 */
final class EnvironmentLog {
  /** How much of the log an invocation can be asked to answer with. */
  static final int TAIL_BYTES = 4096;

  /** An environment that is being made has an event or two. */
  private static final int MAX_UNTOLD = 100;

  private final Logs.Stream stream;
  private final Ticker ticker;
  private final LogSettings settings;
  private final TelemetryRecords records;
  private final PlatformLine.Level least;

  /** Used with this object's lock held only. */
  private final Lines lines = new Lines(this::emit);

  private final byte[] tail = new byte[TAIL_BYTES];
  private long tailWritten;
  private boolean tailWanted = true;
  private final List<PlatformEvent> untold = new ArrayList<>();
  private @Nullable Consumer<PlatformEvent> told;

  /**
   * A log.
   *
   * @param records the words of a log in JSON
   */
  EnvironmentLog(
      Logs.Stream stream, Ticker ticker, LogSettings settings, TelemetryRecords records) {
    this.records = records;
    this.settings = settings;
    this.least = PlatformLine.Level.valueOf(settings.systemLevel());
    this.stream = stream;
    this.ticker = ticker;
  }

  /** Takes output of the environment's processes. */
  synchronized void output(byte[] bytes, int count) {
    lines.take(bytes, count);
  }

  /** Adds something of Lambda's own, after what the processes wrote before it. */
  synchronized void platform(PlatformLine line) {
    lines.flush();
    PlatformEvent event = line.event();
    String text = line.text();
    if (event != null) {
      tell(event);
    }
    if (settings.json()) {
      if (event != null && line.level().compareTo(least) >= 0) {
        emit(records.logLine(event, ticker.instant()));
      }
    } else if (text != null) {
      emit(text);
    }
  }

  /** Has extensions told of Lambda's own events from now on, and of those before. */
  synchronized void tellTo(Consumer<PlatformEvent> extensions) {
    told = extensions;
    untold.forEach(extensions);
    untold.clear();
  }

  private void tell(PlatformEvent event) {
    if (told != null) {
      told.accept(event);
    } else if (untold.size() < MAX_UNTOLD) {
      untold.add(event);
    }
  }

  /** Adds a line of an external extension. */
  synchronized void line(String text) {
    emit(text);
  }

  /** Adds a warning of Lambic's. */
  synchronized void warn(String text) {
    if (settings.json()) {
      emit(TelemetryRecords.warning(text, ticker.instant()));
    } else {
      emit("[WARN] " + text);
    }
  }

  private void emit(String text) {
    stream.append(ticker.millis(), text);
    if (!tailWanted) {
      return;
    }
    byte[] bytes = (text + "\n").getBytes(StandardCharsets.UTF_8);
    int from = Math.max(0, bytes.length - TAIL_BYTES);
    for (int i = from; i < bytes.length; i++) {
      tail[(int) (tailWritten++ % TAIL_BYTES)] = bytes[i];
    }
  }

  /**
   * Forgets what a tail would show, at the start of an invocation.
   *
   * @param wanted whether anybody will ask for the tail of this one
   */
  synchronized void startTail(boolean wanted) {
    tailWritten = 0;
    tailWanted = wanted;
  }

  /** The last 4 KiB since {@link #startTail}. */
  synchronized byte[] tail() {
    int count = (int) Math.min(tailWritten, TAIL_BYTES);
    byte[] copy = new byte[count];
    for (int i = 0; i < count; i++) {
      copy[i] = tail[(int) ((tailWritten - count + i) % TAIL_BYTES)];
    }
    return copy;
  }
}
