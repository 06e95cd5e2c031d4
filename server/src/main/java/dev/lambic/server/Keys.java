package dev.lambic.server;

import dev.lambic.invocation.CredentialIssuer;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.services.Sessions;
import dev.lambic.wire.AccessKey;
import dev.lambic.wire.Credentials;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The access keys on record: those of people, from a file in the format of the AWS CLI's {@code
 * credentials}, and those of running environments, in memory.
 *
 * <p>The file is made at the first start with one random key, so that it can be handed to the
 * ordinary clients as it is ({@code AWS_SHARED_CREDENTIALS_FILE}). Safe for use by many threads.
 */
final class Keys implements Credentials, CredentialIssuer, Sessions {
  /** The account of keys that do not name another, and of requests without a key. */
  static final String ACCOUNT = "000000000000";

  private static final Pattern ROLE_NAME = Pattern.compile("[A-Za-z0-9+=,.@_-]{1,128}");

  /** Of keys lent by STS; each takes about a kilobyte. */
  private static final int MAX_TEMPORARY = 20_000;

  private static final int MAX_OF_ACCOUNT = 5_000;

  /** Of those of an account, the keys that its environments asked for. */
  private static final int MAX_OF_ENVIRONMENTS = 1_000;

  private final Map<String, AccessKey> people;
  private final Map<String, AccessKey> sessions = new ConcurrentHashMap<>();
  private final Map<String, Temporary> temporary = new ConcurrentHashMap<>();
  private final Ids ids;
  private final Ticker ticker;

  /**
   * How the ids of environments' keys begin, and those of no others: they are told after their end
   * too. Nobody gains by signing with such an id.
   */
  private final String environmentIds;

  private long begun;

  /**
   * A key that ends by itself.
   *
   * @param payer account whose share it takes
   * @param ofEnvironment whether an environment asked for it
   * @param number higher than that of every earlier one
   */
  private record Temporary(
      AccessKey key, Instant expires, String payer, boolean ofEnvironment, long number) {}

  private Keys(Map<String, AccessKey> people, Ids ids, Ticker ticker) {
    this.people = Map.copyOf(people);
    this.ids = ids;
    this.ticker = ticker;
    this.environmentIds = "ASIA" + word(ids).substring(0, 5);
  }

  /**
   * Reads the file, or makes it with one random key if it is missing.
   *
   * @throws IOException if the file cannot be read or is not of the format
   */
  static Keys open(Path file, Ids ids, Ticker ticker) throws IOException {
    if (!Files.exists(file)) {
      String text =
          "# Access keys of this Lambic, in the format of the AWS CLI's credentials file.\n"
              + "# Add a section per key; lambic_account names another account than "
              + ACCOUNT
              + ".\n[default]\naws_access_key_id = AKIA"
              + word(ids)
              + "\naws_secret_access_key = "
              + secret(ids)
              + "\n";
      Path made =
          Files.createTempFile(
              file.toAbsolutePath().getParent(),
              "credentials",
              "",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(made, text);
      Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return new Keys(read(file), ids, ticker);
  }

  private static Map<String, AccessKey> read(Path file) throws IOException {
    Map<String, AccessKey> keys = new HashMap<>();
    Map<String, String> section = new HashMap<>();
    for (String raw : Files.readAllLines(file)) {
      String line = raw.trim();
      if (line.startsWith("[")) {
        add(section, keys);
        section.clear();
      } else if (!line.isEmpty() && !line.startsWith("#") && !line.startsWith(";")) {
        int equals = line.indexOf('=');
        if (equals < 0) {
          throw new IOException(file + ": not a line of name and value: " + line);
        }
        section.put(line.substring(0, equals).trim(), line.substring(equals + 1).trim());
      }
    }
    add(section, keys);
    return keys;
  }

  private static void add(Map<String, String> section, Map<String, AccessKey> keys) {
    String id = section.get("aws_access_key_id");
    String secret = section.get("aws_secret_access_key");
    if (id != null && secret != null) {
      String account = section.getOrDefault("lambic_account", ACCOUNT);
      keys.put(id, AccessKey.ofAccount(secret, account));
    }
  }

  /** Sixteen letters and digits as in AWS's access key ids. */
  private static String word(Ids ids) {
    String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    StringBuilder word = new StringBuilder();
    for (byte b : ids.bytes16()) {
      word.append(alphabet.charAt(b & 31));
    }
    return word.toString();
  }

  private static String secret(Ids ids) {
    byte[] bytes = new byte[30];
    System.arraycopy(ids.bytes16(), 0, bytes, 0, 15);
    System.arraycopy(ids.bytes16(), 0, bytes, 15, 15);
    return new String(Base64.getEncoder().encode(bytes), StandardCharsets.US_ASCII);
  }

  @Override
  public @Nullable AccessKey find(String accessKeyId) {
    AccessKey person = people.get(accessKeyId);
    if (person != null) {
      return person;
    }
    AccessKey session = sessions.get(accessKeyId);
    if (session != null) {
      return session;
    }
    Temporary lent = temporary.get(accessKeyId);
    return lent == null ? null : lent.key();
  }

  /** The ids of people's keys. */
  Set<String> peopleIds() {
    return people.keySet();
  }

  @Override
  public SessionCredentials issue(String account, String role, String functionName) {
    String id = environmentId();
    String secret = secret(ids);
    String token = secret(ids) + secret(ids);
    String roleName = role.substring(role.lastIndexOf('/') + 1);
    String shown = ROLE_NAME.matcher(roleName).matches() ? roleName : "role";
    String principal =
        String.format(
            Locale.ROOT, "arn:aws:sts::%s:assumed-role/%s/%s", account, shown, functionName);
    sessions.put(id, new AccessKey(secret, account, principal, token, null));
    return new SessionCredentials(id, secret, token);
  }

  @Override
  public void revoke(SessionCredentials credentials) {
    sessions.remove(credentials.accessKeyId());
  }

  /**
   * {@inheritDoc}
   *
   * <p>Where there are too many, the oldest that environments asked for end before their time;
   * people are refused only where there are none of those.
   */
  @Override
  public synchronized Session begin(
      @Nullable String by, String account, String principalArn, Instant expires) {
    Instant now = ticker.instant();
    temporary.values().removeIf(lent -> !now.isBefore(lent.expires()));
    boolean ofEnvironment = isOfEnvironment(by);
    String payer = payer(by, account);
    makeRoom(payer, ofEnvironment);
    String id = ofEnvironment ? environmentId() : personalId();
    Session session = new Session(id, secret(ids), secret(ids) + secret(ids));
    AccessKey key =
        new AccessKey(session.secret(), account, principalArn, session.token(), expires);
    temporary.put(id, new Temporary(key, expires, payer, ofEnvironment, ++begun));
    return session;
  }

  /** The account that the first of a chain of keys belongs to. */
  private String payer(@Nullable String by, String account) {
    Temporary lent = by == null ? null : temporary.get(by);
    AccessKey asking = by == null ? null : find(by);
    if (lent != null) {
      return lent.payer();
    }
    return asking == null ? account : asking.account();
  }

  private void makeRoom(String payer, boolean ofEnvironment) {
    int paid = 0;
    int borrowed = 0;
    Map.Entry<String, Temporary> oldestOfPayer = null;
    Map.Entry<String, Temporary> oldest = null;
    for (Map.Entry<String, Temporary> entry : temporary.entrySet()) {
      Temporary lent = entry.getValue();
      boolean own = lent.payer().equals(payer);
      paid += own ? 1 : 0;
      if (lent.ofEnvironment()) {
        oldest = older(entry, oldest);
        if (own) {
          borrowed++;
          oldestOfPayer = older(entry, oldestOfPayer);
        }
      }
    }
    Map.Entry<String, Temporary> leaving;
    if (paid >= MAX_OF_ACCOUNT || (ofEnvironment && borrowed >= MAX_OF_ENVIRONMENTS)) {
      leaving = oldestOfPayer;
    } else if (temporary.size() >= MAX_TEMPORARY) {
      leaving = oldest;
    } else {
      return;
    }
    if (leaving == null) {
      throw new LambicException("Throttling", Blame.CALLER, "Rate exceeded");
    }
    temporary.remove(leaving.getKey());
  }

  private static Map.Entry<String, Temporary> older(
      Map.Entry<String, Temporary> one, Map.@Nullable Entry<String, Temporary> other) {
    return other == null || one.getValue().number() < other.getValue().number() ? one : other;
  }

  /**
   * Whether the access key was made for an environment, or for the asking of one. It stays so when
   * the key has ended, for what it asked for may still be on its way.
   */
  boolean isOfEnvironment(@Nullable String accessKeyId) {
    return accessKeyId != null && accessKeyId.startsWith(environmentIds);
  }

  private String personalId() {
    String id;
    do {
      id = "ASIA" + word(ids);
    } while (isOfEnvironment(id));
    return id;
  }

  private String environmentId() {
    return environmentIds + word(ids).substring(0, 20 - environmentIds.length());
  }
}
