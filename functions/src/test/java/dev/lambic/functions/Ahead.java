package dev.lambic.functions;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.model.ProvisionedConcurrencyStatusEnum;

/** Notes what concurrency is asked for, and says of environments what a test tells it. */
final class Ahead implements ProvisionedEnvironments, FunctionListener {
  private final Map<String, State> states = new ConcurrentHashMap<>();

  /** Environments that are wanted, by the ARN of the version. */
  final Map<String, Integer> wanted = new TreeMap<>();

  /** What is reserved, by the ARN of the function. */
  final Map<String, Integer> reserved = new TreeMap<>();

  /** How far the environments of the version are from now on. */
  void say(
      String versionArn,
      int available,
      ProvisionedConcurrencyStatusEnum status,
      @Nullable String failure) {
    states.put(versionArn, new State(available, status, failure));
  }

  @Override
  public State of(FunctionVersion version) {
    return states.getOrDefault(version.arn(), State.NONE);
  }

  @Override
  public void updated(FunctionVersion now) {
    // Whoever makes environments ends those of the version that was replaced.
    wanted.remove(now.arn());
  }

  @Override
  public void deleted(FunctionVersion was) {
    wanted.remove(was.arn());
  }

  @Override
  public void reserved(String account, String region, String functionArn, @Nullable Integer count) {
    if (count == null) {
      reserved.remove(functionArn);
    } else {
      reserved.put(functionArn, count);
    }
  }

  @Override
  public void provisioned(FunctionVersion version, int count) {
    if (count == 0) {
      wanted.remove(version.arn());
    } else {
      wanted.put(version.arn(), count);
    }
  }
}
