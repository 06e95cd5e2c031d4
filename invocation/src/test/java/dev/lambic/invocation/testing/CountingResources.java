package dev.lambic.invocation.testing;

import dev.lambic.invocation.Code;
import dev.lambic.invocation.CredentialIssuer;
import dev.lambic.runtime.SessionCredentials;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Code and credentials that know who holds them; to give one back twice is an error. Safe for use
 * by many threads.
 */
public final class CountingResources implements Code, CredentialIssuer {
  private final Set<Integer> leases = new HashSet<>();
  private final Set<String> sessions = new HashSet<>();
  private int made;
  private int twice;
  private @Nullable RuntimeException failing;

  /** Lets no code be had. */
  public synchronized void failWith(RuntimeException e) {
    failing = e;
  }

  /** How much is held now. */
  public synchronized int held() {
    return leases.size() + sessions.size();
  }

  /** How much was given out so far. */
  public synchronized int given() {
    return made;
  }

  /** How often something was given back that was not held. */
  public synchronized int givenBackTwice() {
    return twice;
  }

  @Override
  public synchronized Lease acquire() {
    if (failing != null) {
      throw failing;
    }
    int id = ++made;
    leases.add(id);
    return new Lease() {
      @Override
      public Path directory() {
        return Path.of("/code");
      }

      @Override
      public @Nullable Path opt() {
        return null;
      }

      @Override
      public void close() {
        giveBack(leases, id);
      }
    };
  }

  private synchronized <T> void giveBack(Set<T> held, T what) {
    if (!held.remove(what)) {
      twice++;
    }
  }

  @Override
  public synchronized SessionCredentials issue(String account, String role, String functionName) {
    String id = "ASIA" + ++made;
    sessions.add(id);
    return new SessionCredentials(id, "secret", "token");
  }

  @Override
  public void revoke(SessionCredentials credentials) {
    giveBack(sessions, credentials.accessKeyId());
  }
}
