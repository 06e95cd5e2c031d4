package dev.lambic.services;

import java.util.Set;
import java.util.function.Predicate;

/**
 * Which events of a group are wanted.
 *
 * @param group row of the group
 * @param streams rows of the streams; empty for all
 * @param prefix what names of streams must begin with; may be empty
 * @param from the first position
 * @param to the position behind the last
 * @param forward whether the first events are wanted, or the last
 * @param limit how many
 * @param filter whether the text of an event is wanted
 */
record LogQuery(
    long group,
    Set<Long> streams,
    String prefix,
    LogPosition from,
    LogPosition to,
    boolean forward,
    int limit,
    Predicate<String> filter) {
  LogQuery {
    streams = Set.copyOf(streams);
  }
}
