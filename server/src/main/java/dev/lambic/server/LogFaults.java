package dev.lambic.server;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ticker;
import java.io.PrintStream;
import java.time.temporal.ChronoUnit;

/** Prints faults for the one who runs the server; it goes on. */
final class LogFaults implements FaultHandler {
  private final PrintStream out;
  private final Ticker ticker;

  LogFaults(PrintStream out, Ticker ticker) {
    this.out = out;
    this.ticker = ticker;
  }

  @Override
  public void fault(String where, Throwable fault) {
    synchronized (out) {
      out.println(ticker.instant().truncatedTo(ChronoUnit.MILLIS) + " fault: " + where);
      fault.printStackTrace(out);
    }
  }
}
