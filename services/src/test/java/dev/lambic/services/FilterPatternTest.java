package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import software.amazon.awssdk.services.cloudwatchlogs.model.InvalidParameterException;

/** Filter patterns with the examples of the CloudWatch Logs User Guide, and odd ones. */
final class FilterPatternTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      value = {
        "''                 | anything                       | true",
        "'   '              | anything                       | true",
        "ERROR              | [ERROR 400] BAD REQUEST        | true",
        "ERROR              | [error 400] BAD REQUEST        | false",
        "ERROR ARGUMENTS    | [ERROR 419] MISSING ARGUMENTS  | true",
        "ERROR ARGUMENTS    | [ERROR 400] BAD REQUEST        | false",
        "?ERROR ?ARGUMENTS  | [ERROR 400] BAD REQUEST        | true",
        "?ERROR ?ARGUMENTS  | MISSING ARGUMENTS              | true",
        "?ERROR ?ARGUMENTS  | all is well                    | false",
        "ERROR -ARGUMENTS   | [ERROR 400] BAD REQUEST        | true",
        "ERROR -ARGUMENTS   | [ERROR 419] MISSING ARGUMENTS  | false",
        "-ERROR             | all is well                    | true",
        "-ERROR             | an ERROR                       | false",
        "\"INTERNAL SERVER ERROR\" | [500] INTERNAL SERVER ERROR | true",
        "\"INTERNAL SERVER ERROR\" | SERVER ERROR, INTERNAL      | false",
        "-\"SERVER ERROR\"  | [500] INTERNAL SERVER ERROR    | false",
        "?\"a b\" ?c        | xa by                          | true",
        "\"say \\\"no\\\"\" | they say \"no\" to it          | true",
        "\"-ERROR\"         | level=-ERROR                   | true",
        "INFO ?ERROR        | INFO only                      | true",
        "INFO ?ERROR        | ERROR only                     | false",
        "a-b                | one a-b two                    | true",
        "\"\"               | anything                       | true",
      })
  void matches(String pattern, String text, boolean expected) {
    assertThat(FilterPattern.of(pattern).test(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ $.level = \"ERROR\" } | Lambic does not support JSON filter patterns yet.",
        "[ip, user] | Lambic does not support space-delimited filter patterns yet.",
        "%ERR.R% | Lambic does not support regular expressions in filter patterns yet.",
        "\"open | Invalid filter pattern",
        "a\"b | Invalid filter pattern",
        "- | Invalid filter pattern",
        "? | Invalid filter pattern",
        "-\"\" | Invalid filter pattern",
      },
      quoteCharacter = '\'')
  void refuses(String pattern, String message) {
    assertThatThrownBy(() -> FilterPattern.of(pattern))
        .isInstanceOf(InvalidParameterException.class)
        .hasMessage(message);
  }
}
