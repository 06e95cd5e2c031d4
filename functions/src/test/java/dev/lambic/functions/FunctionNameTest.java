package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Function names in every form. */
class FunctionNameTest {
  /** What Lambda itself says that it accepts, in its error. */
  private static final Pattern PATTERN =
      Pattern.compile(
          "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?"
              + "(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)"
              + "(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");

  @ParameterizedTest
  @CsvSource({
    "my-fn, , , my-fn, ",
    "my-fn:1, , , my-fn, 1",
    "my-fn:alias, , , my-fn, alias",
    "my-fn:$LATEST, , , my-fn, $LATEST",
    "my-fn-1:prod, , , my-fn-1, prod",
    "function:my-fn, , , my-fn, ",
    "123456789012:my-fn, 123456789012, , my-fn, ",
    "123456789012:function:my-fn, 123456789012, , my-fn, ",
    "123456789012:function:my-fn:1, 123456789012, , my-fn, 1",
    "arn:aws:lambda:us-east-1:123456789012:function:my-fn, 123456789012, us-east-1, my-fn, ",
    "arn:aws:lambda:us-east-1:123456789012:function:my-fn:$LATEST, 123456789012, us-east-1, my-fn,"
        + " $LATEST",
    "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f, 123456789012, us-gov-west-1, f, ",
    "arn:aws:lambda:us-east-1:123456789012:function, 123456789012, us-east-1, function, ",
  })
  void names(
      String text,
      @Nullable String account,
      @Nullable String region,
      String name,
      @Nullable String qualifier) {
    assertThat(FunctionName.parse(text))
        .isEqualTo(new FunctionName(account, region, name, qualifier));
  }

  @Test
  void exactlyWhatLambdaAcceptsIsAccepted() {
    List<String> words =
        List.of(
            "arn",
            "aws",
            "aws-cn",
            "lambda",
            "us-east-1",
            "eusc-de-east-1",
            "us-gov-west-1",
            "us-iso-east-1",
            "my-fn-1",
            "123456789012",
            "12345678901",
            "function",
            "name",
            "a.b",
            "$LATEST",
            "$LATEST.PUBLISHED",
            "$latest",
            "1",
            "",
            "*",
            "bad!");
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < 300_000; i++) {
      StringBuilder text = new StringBuilder(words.get(random.nextInt(words.size())));
      int more = random.nextInt(8);
      for (int j = 0; j < more; j++) {
        // Mostly in the order of an ARN, so that long ones fit now and then.
        int word = random.nextInt(4) == 0 ? random.nextInt(words.size()) : ordered(j, random);
        text.append(':').append(words.get(word));
      }
      assertThat(FunctionName.parse(text.toString()) != null)
          .as(text.toString())
          .isEqualTo(PATTERN.matcher(text).matches());
    }
  }

  private static int ordered(int place, SplittableRandom random) {
    return switch (place) {
      case 0 -> 1 + random.nextInt(2);
      case 1 -> 3;
      case 2 -> 4 + random.nextInt(5);
      case 3 -> 9;
      case 4 -> 11;
      case 5 -> 12 + random.nextInt(2);
      default -> 14 + random.nextInt(4);
    };
  }
}
