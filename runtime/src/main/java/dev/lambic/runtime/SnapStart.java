package dev.lambic.runtime;

import dev.lambic.http.Headers;
import dev.lambic.http.HttpRequest;
import dev.lambic.http.Responder;
import dev.lambic.kernel.Ticker;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * What an environment of a version with snapshots has of its own: in which role it runs, and where
 * its credentials come from.
 *
 * <p>Environment variables are part of a snapshot, so credentials cannot be there: the SDKs get
 * them from an address inside, as on AWS. While a template is initialised they are told to be about
 * to expire, so that no copy of it goes on with them. Safe for use by many threads.
 *
 * @param mode the role
 * @param credentials of this environment
 */
record SnapStart(SnapStart.Mode mode, SessionCredentials credentials, Ticker ticker) {
  static final String CREDENTIALS = "/2021-04-23/credentials";

  private static final Duration IN_TEMPLATE = Duration.ofSeconds(1);
  private static final Duration ELSEWHERE = Duration.ofHours(6);

  /** The role of an environment of a version with snapshots. */
  sealed interface Mode {
    /** What the SDKs send to get credentials; part of the snapshot. */
    String token();

    /** The role in which its runtime is started anew, which is never from a snapshot. */
    default Mode again() {
      return new Direct(token());
    }

    /** Whether what runs was initialised elsewhere. */
    default boolean isCopy() {
      return false;
    }
  }

  /** It is initialised to be written down, or to be forked. */
  record Template(String token) implements Mode {}

  /**
   * It is started from a snapshot.
   *
   * @param trial only to see whether that works
   */
  record Restored(SnapshotStore.Snapshot snapshot, boolean trial) implements Mode {
    @Override
    public String token() {
      return snapshot.token();
    }

    @Override
    public boolean isCopy() {
      return true;
    }
  }

  /** It is forked from a process of the same version. */
  record Forked(LiveTemplate template) implements Mode {
    @Override
    public String token() {
      return template.token();
    }

    @Override
    public boolean isCopy() {
      return true;
    }
  }

  /** There is no snapshot: initialised as if it was restored at once. */
  record Direct(String token) implements Mode {}

  /** Whether the function is not to go on. */
  boolean isTemplate() {
    return mode instanceof Template || (mode instanceof Restored restored && restored.trial());
  }

  /** It asks to go on where the template had stopped. */
  void goesOn() {
    if (mode instanceof Restored restored) {
      restored.snapshot().goesOn();
    }
  }

  void giveCredentials(HttpRequest request, Responder responder) {
    String given = request.headers().get("Authorization");
    if (given == null || !isToken(given)) {
      responder.send(403, Headers.of("Content-Type", "text/plain"), new byte[0]);
      return;
    }
    Instant end = ticker.instant().plus(isTemplate() ? IN_TEMPLATE : ELSEWHERE);
    byte[] body =
        Json.object(json -> {
          json.writeStringField("AccessKeyId", credentials.accessKeyId());
          json.writeStringField("SecretAccessKey", credentials.secretAccessKey());
          json.writeStringField("Token", credentials.sessionToken());
          json.writeStringField("Expiration", end.truncatedTo(ChronoUnit.SECONDS).toString());
        });
    responder.send(200, Headers.of("Content-Type", "application/json"), body);
  }

  private boolean isToken(String given) {
    return MessageDigest.isEqual(
        given.getBytes(StandardCharsets.UTF_8), mode.token().getBytes(StandardCharsets.UTF_8));
  }
}
