package dev.lambic.functions;

import dev.lambic.store.Records;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Records that know how often they were used. */
final class CountingRecords implements Records {
  private final Records records;
  private final AtomicInteger transactions = new AtomicInteger();

  CountingRecords(Records records) {
    this.records = records;
  }

  /** How many transactions there were. */
  int transactions() {
    return transactions.get();
  }

  @Override
  public <T extends @Nullable Object> T transaction(Work<T> work) {
    transactions.incrementAndGet();
    return records.transaction(work);
  }

  @Override
  public @Nullable String trouble() {
    return records.trouble();
  }

  @Override
  public void close() {
    records.close();
  }
}
