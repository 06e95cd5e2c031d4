package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.invocation.testing.CountingResources;
import dev.lambic.runtime.LogSettings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class LedgerTest {
  private final Ledger ledger = new Ledger(4, 6);

  private static FunctionImage image(String account, String name) {
    return new FunctionImage(
        name,
        "arn:" + account + ":" + name,
        name,
        "$LATEST",
        "us-east-1",
        account,
        "role",
        "python3.12",
        "",
        "app.handler",
        128,
        3,
        512,
        Map.of(),
        "/aws/lambda/" + name,
        LogSettings.TEXT,
        new CountingResources(),
        false,
        List.of());
  }

  private void reserve(String account, String name, @Nullable Integer count) {
    ledger.reserve(account, "us-east-1", "arn:" + account + ":" + name, count);
  }

  private Ledger.@Nullable Refusal take(String name) {
    return ledger.take(image("a", name));
  }

  private void take(String name, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(take(name)).isNull();
    }
  }

  @Test
  void givesWhatAnAccountHas() {
    take("f", 3);
    take("g", 1);
    assertThat(take("f")).isEqualTo(Ledger.Refusal.ACCOUNT);
    ledger.give(image("a", "g"));
    take("f", 1);
    assertThat(ledger.taken("arn:a:f")).isEqualTo(4);
  }

  @Test
  void givesEachAccountItsOwnWithinTheHost() {
    take("f", 4);
    assertThat(ledger.take(image("b", "f"))).isNull();
    assertThat(ledger.take(image("b", "f"))).isNull();
    assertThat(ledger.take(image("b", "f"))).as("of the host").isEqualTo(Ledger.Refusal.ACCOUNT);
  }

  @Test
  void keepsWhatIsReserved() {
    reserve("a", "f", 3);
    take("g", 1);
    assertThat(take("h")).isEqualTo(Ledger.Refusal.ACCOUNT);
    take("f", 3);
    assertThat(take("f")).isEqualTo(Ledger.Refusal.FUNCTION);
  }

  @Test
  void givesNothingToAFunctionThatHasNothing() {
    reserve("a", "f", 0);
    assertThat(take("f")).isEqualTo(Ledger.Refusal.FUNCTION);
    reserve("a", "f", null);
    take("f", 1);
  }

  @Test
  void countsWhatRunsOnWhenLimitsChange() {
    take("f", 3);
    reserve("a", "f", 2);
    assertThat(ledger.isWithin(image("a", "f"))).isFalse();
    assertThat(take("f")).isEqualTo(Ledger.Refusal.FUNCTION);
    ledger.give(image("a", "f"));
    assertThat(ledger.isWithin(image("a", "f"))).isTrue();
    assertThat(take("f")).isEqualTo(Ledger.Refusal.FUNCTION);
    take("g", 2);
    assertThat(take("g")).as("two are reserved").isEqualTo(Ledger.Refusal.ACCOUNT);
    reserve("a", "f", null);
    assertThat(take("g")).as("two are taken").isEqualTo(Ledger.Refusal.ACCOUNT);
    ledger.give(image("a", "f"));
    take("g", 1);
  }

  @Test
  void noticesWhatIsGivenBackTwice() {
    take("f", 1);
    ledger.give(image("a", "f"));
    assertThatThrownBy(() -> ledger.give(image("a", "f")))
        .isInstanceOf(IllegalStateException.class);
  }
}
