package dev.lambic.wire;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The members of a shape, in the order of the service model. Immutable.
 *
 * @param members all of them
 * @param body those that travel in the body, by their key there
 * @param byName all, by their name in the service model
 * @param payload the one that is the whole body, or null
 */
record Structure(
    List<Member> members,
    Map<String, Member> body,
    Map<String, Member> byName,
    @Nullable Member payload) {

  static Structure of(List<Member> members) {
    Map<String, Member> body = new HashMap<>();
    Map<String, Member> byName = new HashMap<>();
    Member payload = null;
    for (Member member : members) {
      byName.put(member.name(), member);
      if (member.payload()) {
        payload = member;
      } else if (member.place() == Place.BODY) {
        body.put(member.wireName(), member);
      }
    }
    return new Structure(List.copyOf(members), Map.copyOf(body), Map.copyOf(byName), payload);
  }
}
