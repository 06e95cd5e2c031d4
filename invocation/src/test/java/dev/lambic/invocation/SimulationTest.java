package dev.lambic.invocation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.invocation.testing.FakeEnvironment;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import dev.lambic.runtime.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Random interleavings of everything that can happen, step by step in one thread, with what must
 * always hold looked at after each step.
 *
 * <p>A failure names its seed; {@code -Dlambic.seed=N} runs that one alone, {@code
 * -Dlambic.seeds=N} as many as one has time for.
 */
final class SimulationTest {
  private static final int SEEDS = Integer.getInteger("lambic.seeds", 400);
  private static final int STEPS = 600;
  private static final int CONCURRENCY = 4;
  private static final int ENVIRONMENTS = 5;
  private static final int PARALLEL = 2;

  /** The function whose calls are tenants', and none of whose environments are made ahead. */
  private static final int TENANTS = 2;

  @Test
  void holdsWhateverHappens() {
    Long only = Long.getLong("lambic.seed");
    for (long seed = only == null ? 0 : only; seed < (only == null ? SEEDS : only + 1); seed++) {
      try {
        new Run(seed).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + " failed; run it with -Dlambic.seed=" + seed, e);
      }
    }
  }

  /** One interleaving. */
  private static final class Run {
    private final SplittableRandom random;
    private final Stage stage =
        new Stage(
            new InvocationConfig(
                CONCURRENCY, ENVIRONMENTS, PARALLEL, Duration.ofSeconds(20), Stage.INIT_TIMEOUT));
    private final List<RecordingAnswer> answers = new ArrayList<>();
    private final Map<FakeEnvironment, Integer> deliveriesAtRetirement = new HashMap<>();
    private final int[] versions = new int[3];

    /** Environments that are wanted ahead for the latest version of each function. */
    private final int[] ahead = new int[versions.length];

    /** What each function has reserved; null for nothing. */
    private final @Nullable Integer[] reserved = new @Nullable Integer[versions.length];

    /** The most slots that each function may have, with those that it had when that was lowered. */
    private final int[] slots = {CONCURRENCY, CONCURRENCY, CONCURRENCY};

    private final Map<FakeEnvironment, String> tenants = new HashMap<>();
    private final Map<String, String> tenantOfCall = new HashMap<>();

    Run(long seed) {
      random = new SplittableRandom(seed);
      if (random.nextBoolean()) {
        stage.starter.keepKilled();
      }
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        step();
        look();
      }
      comeToRest();
    }

    private void step() {
      switch (random.nextInt(18)) {
        case 0, 1, 2 -> invoke();
        case 3, 4, 5, 6, 7 -> act();
        case 8, 9, 10, 11 -> runTask();
        case 12 -> stage.later.runDueTimer();
        case 13 -> stage.ticker.advance(Duration.ofMillis(random.nextInt(4000)));
        case 14 -> stage.ticker.advance(Duration.ofMillis(random.nextInt(5)));
        case 15 -> provision();
        case 16 -> reserve();
        default -> disturb();
      }
    }

    private void invoke() {
      int function = random.nextInt(versions.length);
      RecordingAnswer answer = new RecordingAnswer();
      answers.add(answer);
      Invocation call;
      if (function == TENANTS) {
        call = stage.invocation(image(function), "t" + random.nextInt(2));
        tenantOfCall.put(call.requestId(), String.valueOf(call.tenantId()));
      } else {
        call = stage.invocation(image(function), random.nextInt(3) == 0);
      }
      stage.dispatcher.invoke(call, answer);
    }

    private FunctionImage image(int function) {
      return stage.image("f" + function, "f" + function + ":" + versions[function]);
    }

    /** Another number of environments of a function without tenants is wanted ahead. */
    private void provision() {
      int function = random.nextInt(TENANTS);
      ahead[function] = random.nextInt(3);
      stage.dispatcher.provision(image(function), ahead[function]);
    }

    private void reserve() {
      int function = random.nextInt(versions.length);
      reserve(function, random.nextInt(3) == 0 ? null : Integer.valueOf(random.nextInt(3)));
    }

    private void reserve(int function, @Nullable Integer count) {
      reserved[function] = count;
      slots[function] =
          Math.max(
              count == null ? CONCURRENCY : count,
              stage.dispatcher.slots(Stage.arn("f" + function)));
      stage.dispatcher.reserve("000000000000", "us-east-1", Stage.arn("f" + function), count);
    }

    /** Something happens inside one of the environments, sense or nonsense. */
    private void act() {
      List<FakeEnvironment> all = stage.starter.started();
      if (all.isEmpty()) {
        return;
      }
      // The latest are the ones that are still alive.
      FakeEnvironment one = all.get(all.size() - 1 - random.nextInt(Math.min(8, all.size())));
      Work work = one.work();
      switch (random.nextInt(16)) {
        case 15 -> one.readAtOnce(random.nextBoolean());
        case 14 -> one.giveExtensions(() -> {});
        case 0, 1, 2, 3 -> one.next();
        case 4, 5, 6, 7 -> {
          if (work != null) {
            one.answer("1");
          }
        }
        case 8 -> {
          if (work != null) {
            one.respond("2");
          }
        }
        case 9 -> {
          if (work != null) {
            one.fail("E", "{}");
          }
        }
        case 10 -> one.respondTo("id-" + (1 + random.nextInt(answers.size() + 1)), "3");
        case 11 -> one.writeSlowly("line\nhalf");
        case 12 -> one.initFailed("E", "{}");
        default -> endOne(one);
      }
    }

    private void endOne(FakeEnvironment one) {
      if (one.isKilled()) {
        one.vanish();
      } else {
        one.exit(random.nextInt(2), random.nextInt(2));
      }
    }

    private void runTask() {
      if (stage.later.tasks() > 0) {
        stage.later.runTask(random.nextInt(stage.later.tasks()));
      }
    }

    private void disturb() {
      switch (random.nextInt(5)) {
        case 0, 1 -> retire();
        case 2 ->
            stage.starter.failWith(
                new LambicException("Runtime.InvalidEntrypoint", Blame.FUNCTION, "none"));
        default -> stage.starter.failWith(null);
      }
    }

    private void retire() {
      int function = random.nextInt(versions.length);
      String key = "f" + function + ":" + versions[function]++;
      ahead[function] = 0;
      for (FakeEnvironment one : stage.starter.started()) {
        if (one.spec().functionName().equals("f" + function)) {
          deliveriesAtRetirement.putIfAbsent(one, one.deliveries());
        }
      }
      stage.dispatcher.retire(key);
    }

    private void look() {
      assertThat(stage.faults).isEmpty();
      assertThat(stage.dispatcher.running()).isBetween(0, CONCURRENCY);
      assertThat(stage.dispatcher.existing()).isBetween(0, ENVIRONMENTS + PARALLEL);
      assertThat(stage.dispatcher.environments())
          .isBetween(0, ENVIRONMENTS)
          .isLessThanOrEqualTo(stage.dispatcher.existing());
      assertThat(stage.starter.misuses()).isZero();
      assertThat(stage.resources.givenBackTwice()).isZero();
      lookAtSlots();
      int alive = 0;
      int busy = 0;
      for (FakeEnvironment one : stage.starter.started()) {
        assertThat(one.wasUsedAfterEnd()).isFalse();
        alive += one.gone().isDone() ? 0 : 1;
        busy += one.work() != null && !one.isKilled() ? 1 : 0;
        lookAtTenant(one);
      }
      assertThat(alive).isLessThanOrEqualTo(stage.dispatcher.existing());
      assertThat(busy).isLessThanOrEqualTo(stage.dispatcher.running());
      for (RecordingAnswer answer : answers) {
        assertThat(answer.times()).isLessThanOrEqualTo(1);
      }
      // The one more is an event that it had been given and that waited for a log.
      deliveriesAtRetirement.forEach(
          (one, count) -> assertThat(one.deliveries()).isBetween(count, count + 1));
    }

    private void lookAtSlots() {
      int all = 0;
      for (int function = 0; function < versions.length; function++) {
        String name = "f" + function;
        int has = stage.dispatcher.slots(Stage.arn(name));
        all += has;
        Integer may = reserved[function];
        assertThat(has).as("slots of %s", name).isBetween(0, slots[function]);
        slots[function] = Math.max(may == null ? CONCURRENCY : may, has);
        long busy =
            stage.starter.started().stream()
                .filter(one -> one.spec().functionName().equals(name))
                .filter(one -> one.work() != null && !one.isKilled())
                .count();
        assertThat(busy).as("running of %s", name).isLessThanOrEqualTo(has);
      }
      assertThat(stage.dispatcher.slots()).isEqualTo(all).isLessThanOrEqualTo(ENVIRONMENTS);
    }

    private void lookAtTenant(FakeEnvironment one) {
      Work work = one.work();
      String tenant = work == null ? null : work.tenantId();
      if (work != null) {
        assertThat(tenant).isEqualTo(tenantOfCall.get(work.requestId()));
      }
      if (tenant != null) {
        assertThat(tenants.putIfAbsent(one, tenant)).isIn(null, tenant);
      }
    }

    /** Lets runtimes start until all that shall be there ahead is, and no more. */
    private void reachWhatIsWantedAhead() {
      for (int function = 0; function < TENANTS; function++) {
        reserve(function, null);
        stage.dispatcher.provision(image(function), Math.min(1, ahead[function]));
      }
      for (int i = 0; i < 20; i++) {
        stage.later.settle();
        stage.starter.started().stream()
            .filter(one -> !one.isKilled() && one.deliveries() == 0 && !one.hasExited())
            .forEach(FakeEnvironment::next);
        stage.later.advance(Duration.ofSeconds(1));
        stage.starter.started().stream()
            .filter(FakeEnvironment::isKilled)
            .forEach(FakeEnvironment::vanish);
        look();
      }
      int wanted = 0;
      for (int function = 0; function < TENANTS; function++) {
        int count = Math.min(1, ahead[function]);
        wanted += count;
        assertThat(stage.dispatcher.provisioned(image(function).key()).map(Provisioned::available))
            .as("ahead of f%d", function)
            .isEqualTo(count == 0 ? Optional.empty() : Optional.of(count));
      }
      assertThat(stage.dispatcher.slots()).isEqualTo(wanted);
    }

    /** Lets time pass until everything has been answered, whatever state it is in. */
    private void comeToRest() {
      stage.starter.failWith(null);
      for (int i = 0; i < 10; i++) {
        stage.later.advance(Duration.ofSeconds(15));
        look();
        stage.starter.started().stream()
            .filter(FakeEnvironment::isKilled)
            .forEach(FakeEnvironment::vanish);
      }
      assertThat(answers).allMatch(answer -> answer.times() == 1);
      assertThat(stage.dispatcher.running()).isZero();
      reachWhatIsWantedAhead();
      stage.close();
      stage.logs.events().forEach(Run::lookAtLog);
    }

    /** Each invocation's lines are together, whole and in order. */
    private static void lookAtLog(List<String> log) {
      String open = "";
      String ended = "";
      for (String line : log) {
        if (line.startsWith("START RequestId: ")) {
          assertThat(open + ended).as("before %s in %s", line, log).isEmpty();
          open = line.split(" ")[2];
        } else if (line.startsWith("END RequestId: ")) {
          assertThat(line).as("in %s", log).endsWith(" " + open);
          ended = open;
          open = "";
        } else if (line.startsWith("REPORT RequestId: ")) {
          assertThat(ended).as("before %s in %s", line, log).isNotEmpty();
          assertThat(line).startsWith("REPORT RequestId: " + ended + "\t");
          ended = "";
        }
      }
      assertThat(open + ended).as("at the end of %s", log).isEmpty();
    }
  }
}
