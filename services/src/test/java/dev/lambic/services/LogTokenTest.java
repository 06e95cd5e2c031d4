package dev.lambic.services;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokens and event ids, which clients keep and send back. */
final class LogTokenTest {
  @Test
  void isReadAsWritten() {
    for (LogPosition position :
        new LogPosition[] {
          LogPosition.FIRST,
          new LogPosition(1_772_600_767_089L, 12345),
          LogPosition.at(Long.MAX_VALUE),
          new LogPosition(1, Long.MAX_VALUE - 1)
        }) {
      for (boolean forward : new boolean[] {true, false}) {
        LogToken token = new LogToken(forward, position);
        assertThat(token.text()).matches("[fb]/[0-9]{56}/s");
        assertThat(LogToken.of(token.text())).isEqualTo(token);
      }
    }
    assertThat(LogToken.of(null)).isNull();
  }

  @Test
  void idsHaveTheOrderOfTheirEvents() {
    String early = new LogPosition(1_772_600_767_089L, Long.MAX_VALUE - 1).digits();
    assertThat(early).isLessThan(new LogPosition(1_772_600_767_090L, 0).digits());
    assertThat(new LogPosition(5, 9).digits()).isLessThan(new LogPosition(5, 10).digits());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f/1/s",
        "x/00000000000000000000000000000000000000000000000000000000/s",
        "f/00000000000000000000000000000000000000000000000000000000",
        "f/0000000000000000000000000000000000000000000000000000000a/s",
        "f/99999999999999999999999999999999999999999999999999999999/s",
        "b/-0000000000000000000000000000000000000000000000000000001/s",
        "not a token"
      })
  void nothingElseIsAToken(String text) {
    assertThatThrownBy(() -> LogToken.of(text)).hasMessage("The specified nextToken is invalid.");
  }

  @Test
  void namesAreReadAsWritten() {
    String name = "2026/03/04/[$LATEST] ä";
    assertThat(LogToken.name(LogToken.ofName(17, name))).isEqualTo(new LogToken.Name(17, name));
    for (String bad : new String[] {"", "?", "YWJj", "eCB5"}) {
      assertThatThrownBy(() -> LogToken.name(bad))
          .hasMessage("The specified nextToken is invalid.");
    }
  }
}
