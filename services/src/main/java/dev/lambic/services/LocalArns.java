package dev.lambic.services;

import dev.lambic.wire.Caller;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Turns the ARNs of DynamoDB Local, whose region is always {@code ddblocal}, into those of the
 * caller's region and account, and back.
 *
 * <p>Only members of requests and answers are touched. In an item every value is wrapped in an
 * object that names its type, and quotes within a string are escaped, so that nothing of a caller's
 * own data can look like such a member.
 */
final class LocalArns {
  private static final String LOCAL = "ddblocal";
  private static final String LOCAL_ARN = "aws:dynamodb:ddblocal:000000000000";
  private static final Pattern ASKED =
      Pattern.compile("(\"[A-Za-z]*Arn\"\\s*:\\s*\"arn:)[a-z-]+:dynamodb:[a-z0-9-]+:\\d{12}(?=:)");
  private static final Pattern ANSWERED =
      Pattern.compile("(\"[A-Za-z]*Arn\"\\s*:\\s*\"arn:)" + LOCAL_ARN + "(?=:)");
  private static final Pattern TOLD =
      Pattern.compile("(\"[Mm]essage\"\\s*:\\s*\"[^\"]*?arn:)" + LOCAL_ARN + "(?=:)");
  private static final Pattern REGION =
      Pattern.compile("(\"awsRegion\"\\s*:\\s*\")" + LOCAL + "(?=\")");

  private LocalArns() {}

  /** A request as DynamoDB Local understands it; the same array if it names no ARN. */
  static byte[] asked(byte[] request) {
    String text = text(request);
    return text.contains(":dynamodb:")
        ? bytes(ASKED.matcher(text).replaceAll("$1" + LOCAL_ARN))
        : request;
  }

  /** An answer as AWS would give it to the caller; the same array if it names no region. */
  static byte[] answered(byte[] answer, Caller caller) {
    String text = text(answer);
    if (!text.contains(LOCAL)) {
      return answer;
    }
    String arn =
        "$1"
            + Matcher.quoteReplacement(
                caller.partition() + ":dynamodb:" + caller.region() + ":" + caller.account());
    text = ANSWERED.matcher(text).replaceAll(arn);
    text = TOLD.matcher(text).replaceAll(arn);
    return bytes(REGION.matcher(text).replaceAll("$1" + Matcher.quoteReplacement(caller.region())));
  }

  /** One character for each byte, whatever the text's encoding: what is sought is ASCII. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
