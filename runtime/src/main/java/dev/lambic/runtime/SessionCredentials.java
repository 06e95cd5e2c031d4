package dev.lambic.runtime;

/**
 * Temporary credentials of one environment.
 *
 * @param accessKeyId begins with {@code ASIA} as those of AWS
 * @param secretAccessKey the signing secret
 * @param sessionToken sent along with each signed request
 */
public record SessionCredentials(String accessKeyId, String secretAccessKey, String sessionToken) {
  @Override
  public String toString() {
    return "SessionCredentials[" + accessKeyId + "]";
  }
}
