package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.acceptance.ChaosFunction.Wish;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.lambda.LambdaClient;

/**
 * Processes and files that environments are made of are destroyed at random while many clients call
 * functions and others change them: every answer is the one to that very call, or an error that the
 * API has for it, and once nothing is destroyed any more all works again and nothing is left.
 *
 * <p>{@code lambic.chaos.seconds} says for how long, {@code lambic.chaos.seed} with which random
 * numbers; {@code ./lambic test chaos} takes minutes.
 */
class ChaosRun {
  private static final int SECONDS = Integer.getInteger("lambic.chaos.seconds", 20);
  private static final long SEED = Long.getLong("lambic.chaos.seed", System.nanoTime());
  private static final int CALLERS = 5;
  private static final int HEALED_CALLS = 250;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  /** Longer than any call may take, so who waits for so long waits for what does not come. */
  private static final int PATIENCE_SECONDS = 240;

  private final Map<String, AtomicInteger> counts = new ConcurrentSkipListMap<>();
  private final AtomicBoolean over = new AtomicBoolean();
  private final Set<Residue> held = ConcurrentHashMap.newKeySet();

  @Test
  void whateverIsDestroyedNobodyIsGivenAWrongAnswer() throws Exception {
    try (RunningLambic lambic = RunningLambic.start()) {
      // What is lost for a moment is told of, with the error that the caller is given.
      lambic.expectFaults("fault: (starting|limiting) an environment");
      try {
        run(lambic);
        lambic.askToEnd();
        assertThat(lambic.awaitEnd()).isZero();
        nothingIsLeft(lambic);
      } catch (Exception | AssertionError e) {
        throw new AssertionError(
            "seed " + SEED + ": " + counts + ": " + e + "\n" + lambic.output(), e);
      }
    }
    System.out.println("chaos: seed " + SEED + ", " + SECONDS + " s: " + counts);
  }

  private void run(RunningLambic lambic) throws Exception {
    Holdings before = warm(lambic);
    try (LambdaClient lambda = Clients.lambda(lambic.address())) {
      List<ChaosFunction> functions = functions(lambda);
      destroyWhileCalling(lambic, functions);
      heal(functions);
      functions.forEach(ChaosFunction::delete);
    }
    Await.until(
        LIMIT,
        () -> "no more than before, but: " + more(lambic, before),
        () -> more(lambic, before).isEmpty());
  }

  /** What is held beyond what was, but for replaced code, which is kept for a while. */
  private static List<String> more(RunningLambic lambic, Holdings before) {
    return Holdings.of(lambic).since(before).stream()
        .filter(change -> change.startsWith("+") && !change.contains(" file functions/"))
        .toList();
  }

  private static List<ChaosFunction> functions(LambdaClient lambda) {
    return List.of(
        ChaosFunction.python(lambda, "python", Map.of()),
        ChaosFunction.python(lambda, "importing", Map.of("IMPORTS", "boto3")),
        ChaosFunction.node(lambda, "node"),
        ChaosFunction.java(lambda, "java"),
        ChaosFunction.snapStart(lambda, "snap"));
  }

  /** Everything is used once, so that what is made at its first use is there. */
  private static Holdings warm(RunningLambic lambic) {
    try (LambdaClient lambda = Clients.lambda(lambic.address())) {
      List<ChaosFunction> functions = functions(lambda);
      for (ChaosFunction function : functions) {
        assertThat(function.call(new Random(SEED), Wish.ECHO)).isEqualTo("answered");
      }
      functions.forEach(ChaosFunction::delete);
    }
    Await.until(
        LIMIT,
        () -> "nothing but the server: " + Residue.of(lambic).counts(),
        () -> Residue.of(lambic).counts().contains(" 0 networks, 0 cgroups, 0 mounts"));
    return Holdings.of(lambic);
  }

  private void destroyWhileCalling(RunningLambic lambic, List<ChaosFunction> functions)
      throws ExecutionException, InterruptedException, TimeoutException {
    Random random = new Random(SEED);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> work = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Random own = new Random(random.nextLong());
        work.add(threads.submit(() -> callUntilOver(functions, own)));
      }
      Random own = new Random(random.nextLong());
      work.add(threads.submit(() -> updateUntilOver(functions, own)));
      Havoc havoc = new Havoc(lambic, random);
      try {
        while (System.nanoTime() - end < 0 && work.stream().noneMatch(Future::isDone)) {
          destroy(havoc, random);
          if (random.nextInt(8) == 0) {
            held.add(Residue.of(lambic));
          }
          pause(random.nextInt(700));
        }
      } finally {
        over.set(true);
      }
      for (Future<?> one : work) {
        one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  private void destroy(Havoc havoc, Random random) {
    int which = random.nextInt(100);
    if (which < 32) {
      count("killed runtime", havoc.killRuntime());
    } else if (which < 60) {
      count("killed stem cell or zygote", havoc.killReady());
    } else if (which < 76) {
      count("killed sandbox", havoc.killSandbox());
    } else if (which < 92) {
      count("broke snapshot", havoc.breakSnapshot());
    } else if (which < 96) {
      count("killed launcher", havoc.killLauncher());
    } else {
      count("killed tmp maker", havoc.killTmpMaker());
    }
  }

  private void count(String what, boolean done) {
    if (done) {
      counts.computeIfAbsent(what, none -> new AtomicInteger()).incrementAndGet();
    }
  }

  /** Calls one function after the other, several at the same time every now and then. */
  private void callUntilOver(List<ChaosFunction> functions, Random random) {
    while (!over.get()) {
      ChaosFunction function = functions.get(random.nextInt(functions.size()));
      int together = random.nextInt(4) == 0 ? 1 + random.nextInt(4) : 1;
      List<Random> each = new ArrayList<>();
      for (int i = 0; i < together; i++) {
        each.add(new Random(random.nextLong()));
      }
      callTogether(function, each);
    }
  }

  private void callTogether(ChaosFunction function, List<Random> each) {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> answers = new ArrayList<>();
      for (Random random : each) {
        int which = random.nextInt(100);
        Wish wish = which < 4 ? Wish.EXIT : which < 7 ? Wish.FILL : Wish.ECHO;
        answers.add(threads.submit(() -> function.call(random, wish)));
      }
      for (Future<String> answer : answers) {
        count(answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS), true);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError("a call of " + function.name() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void updateUntilOver(List<ChaosFunction> functions, Random random) {
    List<ChaosFunction> changing = functions.stream().filter(ChaosFunction::canChange).toList();
    for (int number = 1; !over.get(); number++) {
      changing.get(random.nextInt(changing.size())).update(number, random.nextBoolean());
      count("updated", true);
      pause(random.nextInt(1500));
    }
  }

  /** What was killed while it was idle may still be noticed by a call, but not for ever. */
  private void heal(List<ChaosFunction> functions) {
    AtomicInteger rounds = new AtomicInteger();
    Await.until(
        LIMIT,
        () -> "a round of calls without an error",
        () -> isHealed(functions, new Random(SEED + rounds.incrementAndGet())));
    counts.put("rounds until healed", rounds);
  }

  private static boolean isHealed(List<ChaosFunction> functions, Random random) {
    AtomicInteger errors = new AtomicInteger();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> work = new ArrayList<>();
      for (ChaosFunction function : functions) {
        Random own = new Random(random.nextLong());
        work.add(
            threads.submit(() -> {
              for (int i = 0; i < HEALED_CALLS / functions.size(); i++) {
                if (!function.call(own, Wish.ECHO).equals("answered")) {
                  errors.incrementAndGet();
                }
              }
            }));
      }
      for (Future<?> one : work) {
        one.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (ExecutionException | TimeoutException e) {
      throw new AssertionError(e.toString(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    return errors.get() == 0;
  }

  private void nothingIsLeft(RunningLambic lambic) {
    Await.until(LIMIT, () -> "left: " + survivors(), () -> survivors().isEmpty());
    Set<Path> groups = new TreeSet<>();
    held.forEach(residue -> groups.addAll(residue.groupsBeside()));
    assertThat(groups).isEmpty();
    assertThat(Residue.loops(lambic.data())).isEmpty();
    assertThat(Residue.processesNaming(lambic.data())).isEmpty();
    assertThat(Residue.hostMounts(lambic.data())).isEmpty();
  }

  private Set<String> survivors() {
    Set<String> all = new TreeSet<>();
    held.forEach(residue -> all.addAll(residue.survivors()));
    return all;
  }

  /** The instants have to be any; nothing is awaited by this. */
  private static void pause(int milliseconds) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(milliseconds);
    for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
