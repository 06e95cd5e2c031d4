package dev.lambic.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lambic.kernel.Ids;
import dev.lambic.kernel.Ticker;
import dev.lambic.runtime.SessionCredentials;
import dev.lambic.services.Sessions;
import dev.lambic.wire.AccessKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeysTest {
  private static final String ACCOUNT = "000000000000";
  private static final String ARN = "arn:aws:sts::000000000000:assumed-role/r/s";

  @TempDir Path directory;

  @Test
  void makesOneKeyThatStaysAndThatOnlyTheOwnerReads() throws IOException {
    Path file = directory.resolve("credentials");
    Keys first = Keys.open(file, Ids.secure(), Ticker.system());
    Keys second = Keys.open(file, Ids.secure(), Ticker.system());
    assertThat(first.peopleIds()).hasSize(1).isEqualTo(second.peopleIds());
    assertThat(first.peopleIds().iterator().next()).matches("AKIA[A-Z2-7]{16}");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void readsKeysOfSeveralAccounts() throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(
        file,
        """
        # people
        [default]
        aws_access_key_id = AKIAONE
        aws_secret_access_key=first
        [other]
        aws_access_key_id=AKIATWO
        aws_secret_access_key = second
        lambic_account = 123456789012
        [empty]
        """);
    Keys keys = Keys.open(file, Ids.secure(), Ticker.system());
    assertThat(keys.find("AKIAONE")).isEqualTo(AccessKey.ofAccount("first", "000000000000"));
    assertThat(keys.find("AKIATWO")).isEqualTo(AccessKey.ofAccount("second", "123456789012"));
    assertThat(keys.find("AKIATHREE")).isNull();
  }

  @Test
  void refusesAFileOfAnotherFormat() throws IOException {
    Path file = directory.resolve("credentials");
    Files.writeString(file, "what is this\n");
    assertThatThrownBy(() -> Keys.open(file, Ids.secure(), Ticker.system()))
        .hasMessageContaining("what is this");
  }

  @Test
  void sessionsAreKnownUntilTheyAreRevoked() throws IOException {
    Keys keys = Keys.open(directory.resolve("credentials"), Ids.secure(), Ticker.system());
    SessionCredentials session =
        keys.issue("000000000000", "arn:aws:iam::000000000000:role/path/orders", "shop");
    AccessKey key = keys.find(session.accessKeyId());
    assertThat(key).isNotNull();
    assertThat(key.secret()).isEqualTo(session.secretAccessKey());
    assertThat(key.sessionToken()).isEqualTo(session.sessionToken());
    assertThat(key.principalArn()).isEqualTo("arn:aws:sts::000000000000:assumed-role/orders/shop");
    keys.revoke(session);
    assertThat(keys.find(session.accessKeyId())).isNull();
    assertThat(session.toString()).doesNotContain(session.secretAccessKey());
  }

  @Test
  void whatAnEnvironmentBorrowsIsAnEnvironmentsToo() throws IOException {
    Keys keys = Keys.open(directory.resolve("credentials"), Ids.secure(), Ticker.system());
    String person = keys.peopleIds().iterator().next();
    String environment =
        keys.issue("000000000000", "arn:aws:iam::000000000000:role/r", "f").accessKeyId();
    Instant later = Instant.now().plusSeconds(900);
    String arn = "arn:aws:sts::000000000000:assumed-role/r/s";
    Sessions.Session lent = keys.begin(person, "000000000000", arn, later);
    String second = keys.begin(environment, "000000000000", arn, later).accessKeyId();
    String third = keys.begin(second, "000000000000", arn, later).accessKeyId();
    assertThat(keys.isOfEnvironment(lent.accessKeyId())).isFalse();
    assertThat(keys.isOfEnvironment(second)).isTrue();
    assertThat(keys.isOfEnvironment(third)).isTrue();
    AccessKey key = keys.find(lent.accessKeyId());
    assertThat(key)
        .isEqualTo(new AccessKey(lent.secret(), "000000000000", arn, lent.token(), later));
    assertThat(lent.toString()).doesNotContain(lent.secret(), lent.token());
    String ended = keys.begin(person, "000000000000", arn, Instant.EPOCH).accessKeyId();
    keys.begin(person, "000000000000", arn, later);
    assertThat(keys.find(ended)).isNull();
  }

  @Test
  void whatAnEnvironmentBorrowsStaysSoWhenItsOwnKeyHasEnded() throws IOException {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-03-04T05:06:07Z"));
    Keys keys = Keys.open(directory.resolve("credentials"), Ids.secure(), at(now));
    SessionCredentials environment =
        keys.issue(ACCOUNT, "arn:aws:iam::" + ACCOUNT + ":role/r", "f");
    Instant soon = now.get().plusSeconds(900);
    String first = keys.begin(environment.accessKeyId(), ACCOUNT, ARN, soon).accessKeyId();
    now.set(soon);
    String second = keys.begin(first, ACCOUNT, ARN, soon.plusSeconds(900)).accessKeyId();
    assertThat(keys.find(first)).isNull();
    assertThat(keys.isOfEnvironment(first)).isTrue();
    assertThat(keys.isOfEnvironment(second)).isTrue();
    keys.revoke(environment);
    assertThat(keys.isOfEnvironment(environment.accessKeyId())).isTrue();
    assertThat(keys.isOfEnvironment("ASIAIOSFODNN7EXAMPLE")).isFalse();
    assertThat(keys.isOfEnvironment(null)).isFalse();
  }

  @Test
  void environmentsTakeNoKeysFromOthers() throws IOException {
    Keys keys = Keys.open(directory.resolve("credentials"), Ids.seeded(1), Ticker.system());
    Instant later = Instant.now().plusSeconds(36_000);
    String environment =
        keys.issue(ACCOUNT, "arn:aws:iam::" + ACCOUNT + ":role/r", "f").accessKeyId();
    String person = keys.peopleIds().iterator().next();
    String persons = keys.begin(person, ACCOUNT, ARN, later).accessKeyId();
    List<String> borrowed = new ArrayList<>();
    for (int i = 0; i < 1_001; i++) {
      borrowed.add(keys.begin(environment, ACCOUNT, ARN, later).accessKeyId());
    }
    // A chain of keys is on the account of its first, whatever accounts it leads through.
    borrowed.add(keys.begin(borrowed.getLast(), "123456789012", ARN, later).accessKeyId());
    borrowed.add(keys.begin(borrowed.getLast(), "123456789012", ARN, later).accessKeyId());
    assertThat(borrowed).doesNotHaveDuplicates();
    assertThat(borrowed.subList(0, 3)).allMatch(id -> keys.find(id) == null);
    assertThat(borrowed.subList(3, 1_003)).allMatch(id -> keys.find(id) != null);
    assertThat(keys.find(persons)).isNotNull();
  }

  @Test
  void anAccountTakesNoKeysFromOthersAndItsEnvironmentsGoFirst() throws IOException {
    Keys keys = Keys.open(directory.resolve("credentials"), Ids.seeded(1), Ticker.system());
    Instant later = Instant.now().plusSeconds(36_000);
    String environment =
        keys.issue(ACCOUNT, "arn:aws:iam::" + ACCOUNT + ":role/r", "f").accessKeyId();
    String borrowed = keys.begin(environment, ACCOUNT, ARN, later).accessKeyId();
    String person = keys.peopleIds().iterator().next();
    String first = keys.begin(person, ACCOUNT, ARN, later).accessKeyId();
    for (int i = 2; i <= 5_000; i++) {
      keys.begin(person, ACCOUNT, ARN, later);
    }
    assertThat(keys.find(borrowed)).isNull();
    assertThat(keys.find(first)).isNotNull();
    assertThatThrownBy(() -> keys.begin(person, ACCOUNT, ARN, later)).hasMessage("Rate exceeded");
    assertThat(keys.begin(null, "123456789012", ARN, later)).isNotNull();
  }

  private static Ticker at(AtomicReference<Instant> now) {
    return new Ticker() {
      @Override
      public long nanos() {
        return now.get().toEpochMilli() * 1_000_000;
      }

      @Override
      public Instant instant() {
        return now.get();
      }
    };
  }
}
