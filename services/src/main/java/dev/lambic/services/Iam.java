package dev.lambic.services;

import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Records;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The roles and managed policies of all accounts: durable, and in memory from the first use on.
 *
 * <p>A change is decided and written under one lock, and then shown; readers take none. Safe for
 * use by many threads; changes block until they are durable.
 */
public final class Iam {
  private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  private static final Pattern ROLE_ARN =
      Pattern.compile("arn:aws[a-z-]*:iam::([0-9]{12}):role/(?:.*/)?([^/]+)");

  private final IamRecords records;
  private final Ticker ticker;
  private final Ids ids;
  private final ReentrantLock changing = new ReentrantLock();
  private volatile @Nullable Loaded loaded;

  /** Roles by account and lower-case name, policies by account and ARN. */
  private record Loaded(Map<String, IamRole> roles, Map<String, IamPolicy> policies) {}

  /** Whether a role lets somebody assume it. */
  public enum Trust {
    /** There is no such role. */
    UNKNOWN,
    ALLOWED,
    REFUSED
  }

  /** Reads nothing yet. */
  public Iam(Records records, Ticker ticker, Ids ids) {
    this.records = new IamRecords(records);
    this.ticker = ticker;
    this.ids = ids;
  }

  /**
   * Whether a role may be assumed by a service of AWS.
   *
   * @param roleArn any text
   * @param service such as {@code lambda.amazonaws.com}
   */
  public Trust trust(String roleArn, String service) {
    return role(roleArn)
        .map(role ->
            PolicyDocument.parse(role.shape().assumeRolePolicyDocument()).trustsService(service)
                ? Trust.ALLOWED
                : Trust.REFUSED)
        .orElse(Trust.UNKNOWN);
  }

  /** The role of the ARN. */
  Optional<IamRole> role(String arn) {
    Matcher matcher = ROLE_ARN.matcher(arn);
    return matcher.matches()
        ? role(matcher.group(1), matcher.group(2)).filter(role -> role.shape().arn().equals(arn))
        : Optional.empty();
  }

  Optional<IamRole> role(String account, String name) {
    return Optional.ofNullable(loaded().roles.get(roleKey(account, name)));
  }

  /** All roles of an account, by name. */
  List<IamRole> roles(String account) {
    return loaded().roles.values().stream()
        .filter(role -> role.account().equals(account))
        .sorted(Comparator.comparing(IamRole::name))
        .toList();
  }

  Optional<IamPolicy> policy(String account, String arn) {
    return Optional.ofNullable(loaded().policies.get(policyKey(account, arn)));
  }

  /** All policies of an account, by name. */
  List<IamPolicy> policies(String account) {
    return loaded().policies.values().stream()
        .filter(policy -> policy.account().equals(account))
        .sorted(Comparator.comparing(policy -> policy.shape().policyName()))
        .toList();
  }

  /** How many roles have the policy attached. */
  int attachments(String account, String policyArn) {
    return (int)
        roles(account).stream().filter(role -> role.attached().containsKey(policyArn)).count();
  }

  /** Decides on a change and makes it, while nobody else makes one. */
  <T> T change(Supplier<T> decision) {
    changing.lock();
    try {
      return decision.get();
    } finally {
      changing.unlock();
    }
  }

  /**
   * Replaces a role by what it becomes.
   *
   * @throws software.amazon.awssdk.services.iam.model.IamException NoSuchEntity if it is not there
   */
  IamRole changeRole(String account, String name, UnaryOperator<IamRole> change) {
    return change(
        () -> put(change.apply(role(account, name).orElseThrow(() -> IamErrors.noRole(name)))));
  }

  /** As {@link #changeRole}. */
  IamPolicy changePolicy(String account, String arn, UnaryOperator<IamPolicy> change) {
    return change(
        () -> put(change.apply(policy(account, arn).orElseThrow(() -> IamErrors.noPolicy(arn)))));
  }

  /** Keeps a role; to be called within {@link #change}. */
  IamRole put(IamRole role) {
    records.put(role);
    loaded().roles.put(roleKey(role.account(), role.name()), role);
    return role;
  }

  /** Forgets a role; to be called within {@link #change}. */
  void delete(IamRole role) {
    records.delete(role);
    loaded().roles.remove(roleKey(role.account(), role.name()));
  }

  /** Keeps a policy; to be called within {@link #change}. */
  IamPolicy put(IamPolicy policy) {
    records.put(policy);
    loaded().policies.put(policyKey(policy.account(), policy.arn()), policy);
    return policy;
  }

  /** Forgets a policy; to be called within {@link #change}. */
  void delete(IamPolicy policy) {
    records.delete(policy);
    loaded().policies.remove(policyKey(policy.account(), policy.arn()));
  }

  /** The time, in whole seconds as IAM gives it. */
  Instant now() {
    return ticker.instant().truncatedTo(ChronoUnit.SECONDS);
  }

  /** A new id that begins as its kind's do, such as {@code AROA}. */
  String id(String kind) {
    StringBuilder id = new StringBuilder(kind);
    byte[] first = ids.bytes16();
    byte[] second = ids.bytes16();
    for (int i = 0; i < 17; i++) {
      id.append(LETTERS.charAt((i < 16 ? first[i] : second[0]) & 31));
    }
    return id.toString();
  }

  private Loaded loaded() {
    Loaded known = loaded;
    if (known != null) {
      return known;
    }
    changing.lock();
    try {
      known = loaded;
      if (known == null) {
        known = new Loaded(new ConcurrentHashMap<>(), new ConcurrentHashMap<>());
        for (IamRole role : records.roles()) {
          known.roles.put(roleKey(role.account(), role.name()), role);
        }
        for (IamPolicy policy : records.policies()) {
          known.policies.put(policyKey(policy.account(), policy.arn()), policy);
        }
        loaded = known;
      }
      return known;
    } finally {
      changing.unlock();
    }
  }

  private static String roleKey(String account, String name) {
    return account + "/" + name.toLowerCase(Locale.ROOT);
  }

  private static String policyKey(String account, String arn) {
    return account + "/" + arn;
  }
}
