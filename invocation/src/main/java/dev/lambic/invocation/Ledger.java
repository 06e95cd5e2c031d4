package dev.lambic.invocation;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Who may use how much of the concurrency.
 *
 * <p>It gives out slots: one for each running invocation, but for those in environments that were
 * made ahead, which have a slot each whether they run something or not. All versions of a function
 * with reserved concurrency share it; the others share what is left of their account in their
 * region. A limit that is lowered takes effect at once, and what has a slot keeps it. Guarded by
 * the dispatcher's lock.
 *
 * <p>Follows "Understanding Lambda function scaling" of the Lambda Developer Guide.
 */
final class Ledger {
  /** Why there is no slot, as AWS names it. */
  enum Refusal {
    /** Of what functions share. */
    ACCOUNT("ConcurrentInvocationLimitExceeded"),
    /** Of what is reserved for the function. */
    FUNCTION("ReservedFunctionConcurrentInvocationLimitExceeded");

    private final String reason;

    Refusal(String reason) {
      this.reason = reason;
    }

    /** What the caller is told. */
    LambicException error() {
      return new LambicException(
          "TooManyRequestsException",
          Blame.CAPACITY,
          "Rate Exceeded.",
          Map.of("Reason", reason, "Type", "User"),
          null);
    }
  }

  private static final int UNRESERVED = -1;

  /** One account in one region. */
  private static final class Account {
    /** What all its functions have reserved together. */
    int reserved;

    /** Slots of functions that have reserved nothing. */
    int shared;

    /** Slots of all its functions; where limits were changed, the others may leave less. */
    int taken;
  }

  private static final class Function {
    final Account account;
    int reserved = UNRESERVED;
    int taken;

    Function(Account account) {
      this.account = account;
    }
  }

  private final int perAccount;
  private final int inAll;
  private final Map<String, Map<String, Account>> accounts = new HashMap<>();
  private final Map<String, Function> functions = new HashMap<>();
  private int taken;

  /**
   * A ledger in which nothing is taken and nothing reserved.
   *
   * @param perAccount slots of an account in a region
   * @param inAll slots that this host has
   */
  Ledger(int perAccount, int inAll) {
    this.perAccount = perAccount;
    this.inAll = inAll;
  }

  private Function function(String account, String region, String arn) {
    Function found = functions.get(arn);
    if (found == null) {
      Map<String, Account> regions = accounts.computeIfAbsent(account, key -> new HashMap<>());
      found = new Function(regions.computeIfAbsent(region, key -> new Account()));
      functions.put(arn, found);
    }
    return found;
  }

  private Function function(FunctionImage image) {
    return function(image.account(), image.region(), image.arn());
  }

  private void dropIfUnused(String arn, Function function) {
    if (function.taken == 0 && function.reserved == UNRESERVED) {
      functions.remove(arn);
    }
  }

  /**
   * Sets how much of the concurrency is the function's own.
   *
   * @param arn the function's, without a qualifier
   * @param count null for none
   */
  void reserve(String account, String region, String arn, @Nullable Integer count) {
    Function function = function(account, region, arn);
    Account of = function.account;
    if (function.reserved == UNRESERVED) {
      of.shared -= function.taken;
    } else {
      of.reserved -= function.reserved;
    }
    function.reserved = count == null ? UNRESERVED : count;
    if (function.reserved == UNRESERVED) {
      of.shared += function.taken;
    } else {
      of.reserved += function.reserved;
    }
    dropIfUnused(arn, function);
  }

  /** Takes a slot; null if there was one, else why there is none. */
  @Nullable Refusal take(FunctionImage image) {
    Function function = function(image);
    boolean own = function.reserved != UNRESERVED;
    Refusal refusal = null;
    if (own && function.taken >= function.reserved) {
      refusal = Refusal.FUNCTION;
    } else if (taken >= inAll
        || function.account.taken >= perAccount
        || (!own && function.account.shared >= perAccount - function.account.reserved)) {
      refusal = Refusal.ACCOUNT;
    }
    if (refusal == null) {
      taken++;
      function.taken++;
      function.account.taken++;
      function.account.shared += own ? 0 : 1;
    } else {
      dropIfUnused(image.arn(), function);
    }
    return refusal;
  }

  /** Gives a slot back. */
  void give(FunctionImage image) {
    Function function = function(image);
    if (function.taken == 0) {
      throw new IllegalStateException("a slot of " + image.arn() + " was given back twice");
    }
    taken--;
    function.taken--;
    function.account.taken--;
    if (function.reserved == UNRESERVED) {
      function.account.shared--;
    }
    dropIfUnused(image.arn(), function);
  }

  /** Whether the function has no more slots than it may; not so after its limit was lowered. */
  boolean isWithin(FunctionImage image) {
    Function function = functions.get(image.arn());
    return function == null
        || function.reserved == UNRESERVED
        || function.taken <= function.reserved;
  }

  /** Slots that the function has. */
  int taken(String arn) {
    Function function = functions.get(arn);
    return function == null ? 0 : function.taken;
  }

  /** Slots that are taken. */
  int taken() {
    return taken;
  }
}
