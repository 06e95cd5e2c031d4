package dev.lambic.functions;

import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;

/**
 * What a test replaces.
 *
 * @param ticker time
 * @param ids identifiers and secrets
 * @param faults receives what must not happen
 */
public record Ambient(Ticker ticker, Ids ids, FaultHandler faults) {}
