package dev.lambic.services;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ticker;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;

/**
 * The logs of a server: groups, streams and events, in one SQLite file.
 *
 * <p>One component for what functions print and for what clients send and read with the API of
 * CloudWatch Logs. What a client was told to be accepted survives {@code kill -9}. The lines of
 * functions are written a moment after they come, so {@code kill -9} costs the last fraction of a
 * second of them; the loss of power may cost the last seconds of both. Safe for use by many
 * threads.
 */
public final class LogStore implements AutoCloseable {
  private final LogConfig config;
  private final Ticker ticker;
  private final LogWriter writer;
  private final LogReaders readers;

  private LogStore(LogConfig config, Ticker ticker, LogWriter writer, LogReaders readers) {
    this.config = config;
    this.ticker = ticker;
    this.writer = writer;
    this.readers = readers;
  }

  /**
   * Opens the file, which is made if it is missing. One that is damaged is put aside and a new one
   * made, for a server without its old logs is better than none.
   *
   * @param faults told about a damaged file, and about what cannot be written
   * @throws IOException if the file cannot be used
   */
  public static LogStore open(Path file, LogConfig config, Ticker ticker, FaultHandler faults)
      throws IOException {
    LogStore store = openIdle(file, config, ticker, faults);
    store.start();
    return store;
  }

  /** As {@link #open}, but nothing is written before {@link #start}. */
  static LogStore openIdle(Path file, LogConfig config, Ticker ticker, FaultHandler faults)
      throws IOException {
    LogDatabase database = new LogDatabase(file);
    LogTables tables;
    try {
      tables = new LogTables(database.open());
    } catch (LogDatabase.Damaged e) {
      faults.fault("the logs were damaged and are now in " + database.putAside(), e);
      try {
        tables = new LogTables(database.open());
      } catch (LogDatabase.Damaged again) {
        throw new IOException("The logs in " + file + " cannot be made.", again);
      }
    }
    LogWriter writer = new LogWriter(tables, config, ticker, faults);
    return new LogStore(config, ticker, writer, new LogReaders(database));
  }

  void start() {
    writer.start();
  }

  /** A stream for a function's output; it shows up with its first event. */
  public LogSink sink(LogGroupKey group, String stream) {
    return new LogSink(writer, group, stream);
  }

  LogConfig config() {
    return config;
  }

  /** Milliseconds since the epoch. */
  long now() {
    return ticker.millis();
  }

  /** Changes something; see {@link LogWriter#change}. */
  <T> T change(long bytes, LogWriter.Change<T> change) {
    return writer.change(bytes, change);
  }

  /** Looks something up; see {@link LogReaders#read}. */
  <T> T read(LogReaders.Reading<T> reading) {
    return readers.read(reading);
  }

  /** Writes what is still in memory, within a bounded time. Later events are lost. */
  @Override
  public void close() {
    try {
      writer.close();
      readers.close();
    } catch (SQLException e) {
      throw new IllegalStateException("the logs could not be closed: " + e.getMessage(), e);
    }
  }
}
