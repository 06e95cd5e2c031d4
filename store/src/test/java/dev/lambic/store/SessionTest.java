package dev.lambic.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When a session makes its connection. */
final class SessionTest {
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
  private final AtomicInteger openings = new AtomicInteger();
  private boolean broken = true;

  private final Session<Statement> session =
      new Session<>(
          () -> {
            openings.incrementAndGet();
            if (broken) {
              throw new SQLException("a broken disk");
            }
            return DriverManager.getConnection("jdbc:sqlite::memory:");
          },
          connection -> connection.createStatement(),
          nanos::get);

  private void isNotToBeUsed() {
    assertThatThrownBy(session::use)
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("a broken disk");
    assertThat(session.isOpen()).isFalse();
  }

  @Test
  void whatCannotBeOpenedIsTriedOnceASecond() throws SQLException {
    for (int i = 0; i < 100; i++) {
      isNotToBeUsed();
      session.mend();
    }
    assertThat(openings).hasValue(1);
    nanos.addAndGet(999_999_999);
    isNotToBeUsed();
    assertThat(openings).hasValue(1);
    nanos.incrementAndGet();
    isNotToBeUsed();
    assertThat(openings).hasValue(2);
    broken = false;
    isNotToBeUsed();
    nanos.addAndGet(1_000_000_000);
    session.mend();
    assertThat(openings).hasValue(3);
    assertThat(session.isOpen()).isTrue();
    assertThat(session.trouble()).isNull();
    session.giveUp(new SQLException("lost"));
    assertThat(session.use()).as("what was open is opened again at once").isNotNull();
    session.close();
  }
}
