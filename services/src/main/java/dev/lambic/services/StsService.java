package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.regex.Pattern;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.AssumeRoleRequest;
import software.amazon.awssdk.services.sts.model.AssumeRoleResponse;
import software.amazon.awssdk.services.sts.model.Credentials;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityRequest;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;
import software.amazon.awssdk.services.sts.model.GetSessionTokenRequest;
import software.amazon.awssdk.services.sts.model.GetSessionTokenResponse;
import software.amazon.awssdk.services.sts.model.StsException;
import software.amazon.awssdk.services.sts.model.Tag;

/**
 * STS: who somebody is, and access keys that end.
 *
 * <p>Follows the AWS Security Token Service API Reference. A role must be known to IAM and trust
 * who assumes it; the session's policies and tags restrict nothing. Sessions end with the server.
 * Called on a thread for each request, with the caller bound to it; safe for use by many threads.
 */
public final class StsService implements StsClient {
  private static final int ROLE_SECONDS = 3600;
  private static final int TOKEN_SECONDS = 43_200;
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  private static final String ASSUMED = ":assumed-role/";

  private static final Pattern ROLE_ARN = Pattern.compile("arn:[^:]+:[^:]+:[^:]*:[^:]*:.+");

  /** Sessions that hand on tags; of older ones it is forgotten which, and nothing else. */
  private static final int MAX_TRANSITIVE = 1000;

  private static final int MAX_TAGS = 50;

  /** By access key, the tags that its session hands on, oldest first; also the lock. */
  private final SequencedMap<String, Transitive> transitives = new LinkedHashMap<>();

  private final Iam iam;
  private final Sessions sessions;

  private record Transitive(Set<String> keys, Instant expires) {}

  /** The service over the roles, with a place to make access keys. */
  public StsService(Iam iam, Sessions sessions) {
    this.iam = iam;
    this.sessions = sessions;
  }

  @Override
  public String serviceName() {
    return SERVICE_NAME;
  }

  @Override
  public void close() {
    // Its state belongs to who opened it.
  }

  @Override
  public GetCallerIdentityResponse getCallerIdentity(GetCallerIdentityRequest request) {
    Caller caller = Caller.current();
    return GetCallerIdentityResponse.builder()
        .userId(userId(caller))
        .account(caller.account())
        .arn(caller.principalArn())
        .build();
  }

  /** The account's number for its root; the role's id and the session's name for a session. */
  private String userId(Caller caller) {
    String arn = caller.principalArn();
    int assumed = arn.indexOf(ASSUMED);
    if (assumed < 0) {
      return caller.account();
    }
    String[] names = arn.substring(assumed + ASSUMED.length()).split("/", 2);
    String id =
        iam.role(caller.account(), names[0])
            .map(role -> role.shape().roleId())
            .orElseGet(() -> idOfUnknown(caller.account() + "/" + names[0]));
    return id + ":" + (names.length == 2 ? names[1] : "");
  }

  /** Functions may have roles that IAM does not know; they too have one id for ever. */
  private static String idOfUnknown(String role) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(role.getBytes(StandardCharsets.UTF_8));
      StringBuilder id = new StringBuilder("AROA");
      for (int i = 0; i < 17; i++) {
        id.append(LETTERS.charAt(hash[i] & 31));
      }
      return id.toString();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public AssumeRoleResponse assumeRole(AssumeRoleRequest request) {
    Caller caller = Caller.current();
    Set<String> transitive = checkTags(request, caller);
    if (!ROLE_ARN.matcher(request.roleArn()).matches()) {
      throw error("ValidationError", 400, request.roleArn() + " is invalid");
    }
    IamRole role =
        iam.role(request.roleArn())
            .filter(known ->
                PolicyDocument.parse(known.shape().assumeRolePolicyDocument())
                    .trusts(known.account(), caller, request.externalId()))
            .orElseThrow(() -> denied(caller, request.roleArn()));
    int seconds = Objects.requireNonNullElse(request.durationSeconds(), ROLE_SECONDS);
    if (seconds > Objects.requireNonNullElse(role.shape().maxSessionDuration(), ROLE_SECONDS)) {
      throw error(
          "ValidationError",
          400,
          "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }
    String arn =
        "arn:"
            + caller.partition()
            + ":sts::"
            + role.account()
            + ASSUMED
            + role.name()
            + "/"
            + request.roleSessionName();
    Credentials lent = credentials(caller, role.account(), arn, seconds);
    keep(lent, transitive);
    return AssumeRoleResponse.builder()
        .assumedRoleUser(user ->
            user.arn(arn).assumedRoleId(role.shape().roleId() + ":" + request.roleSessionName()))
        .credentials(lent)
        .sourceIdentity(request.sourceIdentity())
        .build();
  }

  /** The keys, in small letters, of the tags that the new session hands on to its own. */
  private Set<String> checkTags(AssumeRoleRequest request, Caller caller) {
    Set<String> inherited = Set.of();
    if (caller.accessKeyId() != null) {
      synchronized (transitives) {
        Transitive known = transitives.get(caller.accessKeyId());
        inherited = known == null ? Set.of() : known.keys();
      }
    }
    Set<String> keys = new HashSet<>();
    for (Tag tag : request.tags()) {
      if (!keys.add(tag.key().toLowerCase(Locale.ROOT))) {
        throw invalidParameter(
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
      }
    }
    List<String> transitive = request.transitiveTagKeys();
    if (!transitive.stream().allMatch(key -> keys.contains(key.toLowerCase(Locale.ROOT)))) {
      throw invalidParameter(
          "The specified transitive tag key must be included in the requested tags.");
    }
    if (!Collections.disjoint(keys, inherited)) {
      throw invalidParameter(
          "One of the specified transitive tag keys can't be set because it conflicts with a"
              + " transitive tag key from the calling session.");
    }
    Set<String> kept = new HashSet<>(inherited);
    transitive.forEach(key -> kept.add(key.toLowerCase(Locale.ROOT)));
    if (kept.size() > MAX_TAGS) {
      throw error(
          "PackedPolicyTooLarge", 400, "A session has " + MAX_TAGS + " transitive tags at most.");
    }
    return kept;
  }

  private void keep(Credentials of, Set<String> transitive) {
    Instant now = iam.now();
    synchronized (transitives) {
      transitives.values().removeIf(known -> !now.isBefore(known.expires()));
      if (!transitive.isEmpty()) {
        transitives.put(of.accessKeyId(), new Transitive(Set.copyOf(transitive), of.expiration()));
      }
      if (transitives.size() > MAX_TRANSITIVE) {
        transitives.pollFirstEntry();
      }
    }
  }

  @Override
  public GetSessionTokenResponse getSessionToken(GetSessionTokenRequest request) {
    Caller caller = Caller.current();
    if (caller.principalArn().contains(ASSUMED)) {
      throw error("AccessDenied", 403, "Cannot call GetSessionToken with session credentials");
    }
    int seconds = Objects.requireNonNullElse(request.durationSeconds(), TOKEN_SECONDS);
    return GetSessionTokenResponse.builder()
        .credentials(credentials(caller, caller.account(), caller.principalArn(), seconds))
        .build();
  }

  private Credentials credentials(Caller by, String account, String arn, int seconds) {
    Instant expires = iam.now().plusSeconds(seconds);
    Sessions.Session session = sessions.begin(by.accessKeyId(), account, arn, expires);
    return Credentials.builder()
        .accessKeyId(session.accessKeyId())
        .secretAccessKey(session.secret())
        .sessionToken(session.token())
        .expiration(expires)
        .build();
  }

  private static StsException denied(Caller caller, String roleArn) {
    return error(
        "AccessDenied",
        403,
        "User: "
            + caller.principalArn()
            + " is not authorized to perform: sts:AssumeRole on resource: "
            + roleArn);
  }

  private static StsException invalidParameter(String message) {
    return error("InvalidParameterValue", 400, message);
  }

  private static StsException error(String code, int status, String message) {
    StsException.Builder builder = StsException.builder();
    builder.message(message);
    builder.statusCode(status);
    builder.awsErrorDetails(
        AwsErrorDetails.builder().serviceName("Sts").errorCode(code).errorMessage(message).build());
    return (StsException) builder.build();
  }
}
