package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.FunctionConfiguration;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.State;

/** A client that changes functions of its own and knows what was acknowledged. One thread's. */
final class CrashClient {
  private static final int FUNCTIONS = 3;
  private static final Duration READY = Duration.ofSeconds(30);

  /** A state of a function; each update changes one of the two. */
  private record Known(boolean exists, int code, int step) {
    static final Known ABSENT = new Known(false, 0, 0);
  }

  private final String prefix;
  private final Random random;
  private final Map<String, Known> acknowledged = new HashMap<>();
  private final Map<String, Known> unanswered = new HashMap<>();
  private int next = 1;
  private int changes;

  CrashClient(String prefix, Random random) {
    this.prefix = prefix;
    this.random = random;
  }

  /** How many changes the server has acknowledged. */
  int acknowledged() {
    return changes;
  }

  /** Names of the functions that there have to be. */
  Set<String> existing() {
    Set<String> names = new HashSet<>();
    acknowledged.forEach((name, known) -> {
      if (known.exists()) {
        names.add(name);
      }
    });
    return names;
  }

  /** Makes changes, and calls, until the server does not answer any more. */
  void workUntilCrash(LambdaClient lambda) {
    while (true) {
      String name = prefix + "-" + random.nextInt(FUNCTIONS);
      try {
        act(lambda, name);
      } catch (ResourceConflictException inProgress) {
        // The last change is still being applied, so this one was refused and did not happen.
        unanswered.remove(name);
      } catch (SdkClientException crashed) {
        return;
      }
    }
  }

  private void act(LambdaClient lambda, String name) {
    Known now = acknowledged.getOrDefault(name, Known.ABSENT);
    int number = next++;
    int choice = random.nextInt(10);
    if (!now.exists()) {
      Known then = new Known(true, number, number);
      change(name, then, () -> create(lambda, name, then));
    } else if (choice < 3) {
      Known then = new Known(true, number, now.step());
      change(name, then, () -> updateCode(lambda, name, then));
    } else if (choice < 6) {
      Known then = new Known(true, now.code(), number);
      change(name, then, () -> updateSettings(lambda, name, then));
    } else if (choice < 8) {
      change(
          name, Known.ABSENT, () -> lambda.deleteFunction(request -> request.functionName(name)));
    } else {
      call(lambda, name, now);
    }
  }

  private void change(String name, Known then, Runnable request) {
    unanswered.put(name, then);
    request.run();
    unanswered.remove(name);
    acknowledged.put(name, then);
    changes++;
  }

  private static void create(LambdaClient lambda, String name, Known then) {
    lambda.createFunction(
        TestFunction.request(
                name, TestFunction.PYTHON, "which.handler", UpdateRaceTest.zip(then.code()))
            .description("step " + then.step())
            .environment(own -> own.variables(Map.of("STEP", String.valueOf(then.step()))))
            .build());
  }

  private static void updateCode(LambdaClient lambda, String name, Known then) {
    lambda.updateFunctionCode(request ->
        request
            .functionName(name)
            .zipFile(SdkBytes.fromByteArray(UpdateRaceTest.zip(then.code()))));
  }

  private static void updateSettings(LambdaClient lambda, String name, Known then) {
    lambda.updateFunctionConfiguration(request ->
        request
            .functionName(name)
            .description("step " + then.step())
            .environment(own -> own.variables(Map.of("STEP", String.valueOf(then.step())))));
  }

  private static void call(LambdaClient lambda, String name, Known now) {
    JsonNode answer = Invoked.of(lambda.invoke(request -> request.functionName(name))).success();
    assertThat(answer.path("code").asInt()).isLessThanOrEqualTo(now.code());
  }

  /** Compares every function with what is known of it, and calls one. */
  void check(LambdaClient lambda) {
    for (int i = 0; i < FUNCTIONS; i++) {
      String name = prefix + "-" + i;
      List<Known> possible = new ArrayList<>();
      possible.add(acknowledged.getOrDefault(name, Known.ABSENT));
      Known open = unanswered.remove(name);
      if (open != null) {
        possible.add(open);
      }
      Known found = find(lambda, name, possible);
      assertThat(found).as(name).isIn(possible);
      acknowledged.put(name, found);
    }
    existing().stream().findAny().ifPresent(name -> checkCall(lambda, name));
  }

  private static Known find(LambdaClient lambda, String name, List<Known> possible) {
    FunctionConfiguration found;
    try {
      found = settled(lambda, name);
    } catch (ResourceNotFoundException absent) {
      return Known.ABSENT;
    }
    int step = Integer.parseInt(found.environment().variables().get("STEP"));
    assertThat(found.description()).as("a change happens wholly").isEqualTo("step " + step);
    for (Known one : possible) {
      if (one.exists() && sha256(UpdateRaceTest.zip(one.code())).equals(found.codeSha256())) {
        return new Known(true, one.code(), step);
      }
    }
    throw new AssertionError("unknown code of " + name + ", possible are " + possible);
  }

  private static FunctionConfiguration settled(LambdaClient lambda, String name) {
    FunctionConfiguration[] last = new FunctionConfiguration[1];
    Await.until(
        READY,
        () -> "settled is " + last[0],
        () -> {
          last[0] = lambda.getFunction(request -> request.functionName(name)).configuration();
          return last[0].state() == State.ACTIVE
              && last[0].lastUpdateStatus() == LastUpdateStatus.SUCCESSFUL;
        });
    return last[0];
  }

  private void checkCall(LambdaClient lambda, String name) {
    Known known = acknowledged.getOrDefault(name, Known.ABSENT);
    JsonNode answer = Invoked.of(lambda.invoke(request -> request.functionName(name))).success();
    assertThat(answer.path("code").asInt()).isEqualTo(known.code());
    assertThat(answer.path("step").asInt()).isEqualTo(known.step());
  }

  private static String sha256(byte[] bytes) {
    try {
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
