package dev.lambic.functions;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import java.util.function.DoubleSupplier;

/**
 * What a test replaces.
 *
 * @param ticker time
 * @param ids identifiers and secrets
 * @param faults receives what must not happen
 * @param chance evenly distributed from 0 to 1, without 1; asked by many threads at once
 */
public record Ambient(Ticker ticker, Ids ids, FaultHandler faults, DoubleSupplier chance) {}
