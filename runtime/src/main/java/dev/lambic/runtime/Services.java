package dev.lambic.runtime;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;

/**
 * What all environments of a factory use.
 *
 * @param telemetry what events on their way to extensions may take of the server's memory
 */
record Services(Ticker ticker, Ids ids, FaultHandler faults, ByteBudget telemetry) {}
