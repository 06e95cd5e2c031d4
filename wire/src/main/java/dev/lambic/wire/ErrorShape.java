package dev.lambic.wire;

import java.util.Map;

/**
 * How an error of a service looks on the wire.
 *
 * @param status HTTP status
 * @param text name of the member with the message: {@code message} or {@code Message}
 * @param typed whether it has a member {@code Type} that says who is to blame
 * @param receiver whether the service is to blame
 * @param headers members that travel as headers, with the header's name
 */
record ErrorShape(
    int status, String text, boolean typed, boolean receiver, Map<String, String> headers) {}
