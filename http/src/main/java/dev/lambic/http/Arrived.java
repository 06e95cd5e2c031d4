package dev.lambic.http;

import org.jspecify.annotations.Nullable;

/** A request that is whole, or the refusal of one that never will be. */
record Arrived(
    @Nullable HttpRequest request,
    @Nullable HttpRequest refused,
    int status,
    String reason,
    boolean keepAlive,
    boolean head,
    int reserved,
    @Nullable Incoming incoming) {}
