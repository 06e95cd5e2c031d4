package dev.lambic.wire;

import dev.lambic.http.Headers;

/**
 * A whole answer on its way to the client.
 *
 * @param body never changed afterwards
 */
// Never compared, and never copied.
@SuppressWarnings("ArrayRecordComponent")
record Answer(int status, Headers headers, byte[] body) {}
