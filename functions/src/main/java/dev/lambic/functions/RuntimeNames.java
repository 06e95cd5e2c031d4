package dev.lambic.functions;

import java.time.LocalDate;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * AWS's names of runtimes: those it takes, and those it took once.
 *
 * <p>The order of {@link #SUPPORTED} is that of AWS's own error text, as recorded; the dates are
 * those of "Lambda runtimes" in the Lambda Developer Guide. Only the dates of runtimes that are
 * deprecated already are kept here, for AWS often moves the others.
 */
public final class RuntimeNames {
  private static final String SUPPORTED =
      "[nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x,"
          + " java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8,"
          + " python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x,"
          + " provided.al2, java8.al2]";

  private static final Pattern NUMBER = Pattern.compile("\\d{1,2}");

  private static final Set<String> CURRENT =
      Set.of(SUPPORTED.substring(1, SUPPORTED.length() - 1).split(", ", -1));

  /** In the service model, but younger than the recorded text. */
  private static final Set<String> NEWEST =
      Set.of(
          "nodejs26.x", "python3.15", "ruby4.0", "java8.al2023", "java11.al2023", "java17.al2023");

  /** Deprecated, and no longer taken from the two days on. */
  private static final Set<String> ENDING =
      Set.of(
          "nodejs16.x",
          "nodejs18.x",
          "nodejs20.x",
          "python3.8",
          "python3.9",
          "python3.10",
          "dotnet6",
          "dotnet8",
          "ruby3.2",
          "provided.al2");

  private static final LocalDate NO_CREATE = LocalDate.of(2027, 2, 1);
  private static final LocalDate NO_UPDATE = LocalDate.of(2027, 3, 3);

  private static final Set<String> DEPRECATED =
      Set.of(
          "nodejs",
          "nodejs4.3",
          "nodejs4.3-edge",
          "nodejs6.10",
          "nodejs8.10",
          "nodejs10.x",
          "nodejs12.x",
          "nodejs14.x",
          "java8",
          "python2.7",
          "python3.6",
          "python3.7",
          "dotnetcore1.0",
          "dotnetcore2.0",
          "dotnetcore2.1",
          "dotnetcore3.1",
          "go1.x",
          "ruby2.5",
          "ruby2.7",
          "provided");

  private RuntimeNames() {}

  /** Whether AWS takes the name, or took it once; layers may name either. */
  static boolean isKnown(String runtime) {
    return CURRENT.contains(runtime) || NEWEST.contains(runtime) || DEPRECATED.contains(runtime);
  }

  /** All names for which {@link #isKnown} holds, as AWS's errors list names. */
  static String known() {
    Set<String> all = new TreeSet<>(CURRENT);
    all.addAll(NEWEST);
    all.addAll(DEPRECATED);
    return all.toString();
  }

  /** Every name that AWS takes for new functions, now or until a day that is known, by version. */
  public static List<String> supported() {
    return Stream.concat(CURRENT.stream(), NEWEST.stream())
        .sorted(Comparator.comparing(RuntimeNames::inOrder))
        .toList();
  }

  /** The name with its numbers in three digits. */
  private static String inOrder(String runtime) {
    return NUMBER.matcher(runtime).replaceAll(m -> "0".repeat(3 - m.group().length()) + m.group());
  }

  /** Refuses a name that AWS refuses for a new function on this day. */
  static void checkNew(String runtime, LocalDate today) {
    check(runtime, ENDING.contains(runtime) && !today.isBefore(NO_CREATE));
  }

  /** Refuses a name that AWS refuses for a function that is there, on this day. */
  static void checkUpdated(String runtime, LocalDate today) {
    check(runtime, ENDING.contains(runtime) && !today.isBefore(NO_UPDATE));
  }

  private static void check(String runtime, boolean ended) {
    if (ended || DEPRECATED.contains(runtime)) {
      throw Errors.invalid(
          "The runtime parameter of "
              + runtime
              + " is no longer supported for creating or updating AWS Lambda functions. We recommend"
              + " you use a supported runtime while creating or updating functions.");
    }
    if (!CURRENT.contains(runtime) && !NEWEST.contains(runtime)) {
      throw Errors.invalid(
          "Value "
              + runtime
              + " at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
              + SUPPORTED
              + " or be a valid ARN");
    }
  }
}
