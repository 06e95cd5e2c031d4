package dev.lambic.invocation;

import dev.lambic.runtime.SessionCredentials;

/** Gives environments the credentials of their execution role. Safe for use by many threads. */
public interface CredentialIssuer {
  /** Makes credentials that are valid until they are revoked. */
  SessionCredentials issue(String account, String role, String functionName);

  /** Ends the validity of credentials. */
  void revoke(SessionCredentials credentials);
}
