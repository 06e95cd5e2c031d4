package dev.lambic.server;

import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Logs;
import dev.lambic.services.LogGroupKey;
import dev.lambic.services.LogSink;
import dev.lambic.services.LogStore;

/** Functions' logs, where the API of CloudWatch Logs finds them. */
final class FunctionLogs implements Logs {
  private final LogStore store;

  /** Logs in a store, which is closed with them. */
  FunctionLogs(LogStore store) {
    this.store = store;
  }

  @Override
  public Stream open(FunctionImage function, String stream) {
    LogSink sink =
        store.sink(
            new LogGroupKey(function.account(), function.region(), function.logGroup()), stream);
    // Lambda's events end with the end of their line.
    return (timestamp, text) -> sink.append(timestamp, text + "\n");
  }

  @Override
  public void close() {
    store.close();
  }
}
