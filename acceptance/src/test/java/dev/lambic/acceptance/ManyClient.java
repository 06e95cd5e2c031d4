package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.services.lambda.LambdaClient;
import software.amazon.awssdk.services.lambda.model.GetFunctionConfigurationResponse;
import software.amazon.awssdk.services.lambda.model.GetPolicyResponse;
import software.amazon.awssdk.services.lambda.model.LastUpdateStatus;
import software.amazon.awssdk.services.lambda.model.PreconditionFailedException;
import software.amazon.awssdk.services.lambda.model.PublishVersionResponse;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;
import software.amazon.awssdk.services.lambda.model.UpdateFunctionConfigurationResponse;

/**
 * One of many clients. What only it changes (its tag, alias, permission, concurrency and its own
 * function) must at every moment be what it was told last; what it shares with others it changes so
 * that a lost change is seen in the end.
 */
final class ManyClient {
  private final int number;
  private final LambdaClient lambda;
  private final SharedFunctions shared;
  private final Random random;
  private final String home;
  private final String label;

  private @Nullable String tag;
  private @Nullable String alias;
  private boolean permitted;
  private @Nullable Integer reserved;
  private boolean owns;
  private int changes;
  private int next;

  ManyClient(int number, LambdaClient lambda, SharedFunctions shared, Random random) {
    this.number = number;
    this.lambda = lambda;
    this.shared = shared;
    this.random = random;
    this.home = SharedFunctions.name(number % SharedFunctions.COUNT);
    this.label = "c" + number;
  }

  int changes() {
    return changes;
  }

  void workUntil(long end) {
    while (System.nanoTime() - end < 0) {
      switch (random.nextInt(8)) {
        case 0 -> count();
        case 1 -> publish();
        case 2 -> changeTag();
        case 3 -> changeAlias();
        case 4 -> changePermission();
        case 5 -> changeConcurrency();
        case 6 -> changeOwn();
        default -> race();
      }
    }
  }

  /** Reads a counter and writes the next number, on the condition that nobody was faster. */
  private void count() {
    int index = random.nextInt(SharedFunctions.COUNT);
    String name = SharedFunctions.name(index);
    GetFunctionConfigurationResponse seen =
        lambda.getFunctionConfiguration(request -> request.functionName(name));
    if (seen.lastUpdateStatus() != LastUpdateStatus.SUCCESSFUL) {
      return;
    }
    String then = String.valueOf(Integer.parseInt(seen.description()) + 1);
    try {
      UpdateFunctionConfigurationResponse answer =
          lambda.updateFunctionConfiguration(request ->
              request.functionName(name).description(then).revisionId(seen.revisionId()));
      shared.counted(index);
      changes++;
      assertThat(answer.description()).isEqualTo(then);
    } catch (PreconditionFailedException | ResourceConflictException faster) {
      assertThat(faster.statusCode()).isIn(409, 412);
    }
  }

  private void publish() {
    int index = random.nextInt(SharedFunctions.COUNT);
    try {
      PublishVersionResponse answer =
          lambda.publishVersion(request -> request.functionName(SharedFunctions.name(index)));
      shared.published(index, answer.version(), answer.description(), answer.codeSha256());
      changes++;
    } catch (ResourceConflictException updating) {
      assertThat(updating.statusCode()).isEqualTo(409);
    }
  }

  private void changeTag() {
    String then = label + "-" + next++;
    if (tag != null && random.nextInt(3) == 0) {
      lambda.untagResource(request -> request.resource(Clients.arn(home)).tagKeys(label));
      tag = null;
    } else {
      lambda.tagResource(request -> request.resource(Clients.arn(home)).tags(Map.of(label, then)));
      tag = then;
    }
    changes++;
    checkTag(lambda);
  }

  private void checkTag(LambdaClient from) {
    assertThat(from.listTags(request -> request.resource(Clients.arn(home))).tags().get(label))
        .isEqualTo(tag);
  }

  private void changeAlias() {
    String then = label + "-" + next++;
    if (alias == null) {
      lambda.createAlias(request ->
          request.functionName(home).name(label).functionVersion("$LATEST").description(then));
      alias = then;
    } else if (random.nextInt(3) == 0) {
      lambda.deleteAlias(request -> request.functionName(home).name(label));
      alias = null;
    } else {
      lambda.updateAlias(request -> request.functionName(home).name(label).description(then));
      alias = then;
    }
    changes++;
    checkAlias(lambda);
  }

  private void checkAlias(LambdaClient from) {
    if (alias == null) {
      assertThatThrownBy(() -> from.getAlias(request -> request.functionName(home).name(label)))
          .isInstanceOf(ResourceNotFoundException.class);
    } else {
      assertThat(from.getAlias(request -> request.functionName(home).name(label)).description())
          .isEqualTo(alias);
    }
  }

  private void changePermission() {
    if (permitted) {
      lambda.removePermission(request -> request.functionName(home).statementId(label));
    } else {
      lambda.addPermission(request ->
          request
              .functionName(home)
              .statementId(label)
              .action("lambda:InvokeFunction")
              .principal("s3.amazonaws.com"));
    }
    permitted = !permitted;
    changes++;
    checkPermission(lambda);
  }

  private void checkPermission(LambdaClient from) {
    boolean found;
    try {
      GetPolicyResponse policy = from.getPolicy(request -> request.functionName(home));
      found = policy.policy().contains("\"Sid\":\"" + label + "\"");
    } catch (ResourceNotFoundException none) {
      found = false;
    }
    assertThat(found).as(home + " permits " + label).isEqualTo(permitted);
  }

  /** Of the clients that share a function, the first. */
  private void changeConcurrency() {
    if (number >= SharedFunctions.COUNT) {
      return;
    }
    if (reserved != null && random.nextBoolean()) {
      lambda.deleteFunctionConcurrency(request -> request.functionName(home));
      reserved = null;
    } else {
      int then = 1 + random.nextInt(5);
      lambda.putFunctionConcurrency(
          request -> request.functionName(home).reservedConcurrentExecutions(then));
      reserved = then;
    }
    changes++;
    checkConcurrency(lambda);
  }

  private void checkConcurrency(LambdaClient from) {
    if (number < SharedFunctions.COUNT) {
      assertThat(
              from.getFunctionConcurrency(request -> request.functionName(home))
                  .reservedConcurrentExecutions())
          .isEqualTo(reserved);
    }
  }

  private void changeOwn() {
    if (owns) {
      lambda.deleteFunction(request -> request.functionName("own-" + label));
    } else {
      SharedFunctions.create(lambda, "own-" + label);
    }
    owns = !owns;
    changes++;
    checkOwn(lambda);
  }

  private void checkOwn(LambdaClient from) {
    if (owns) {
      assertThat(
              from.getFunctionConfiguration(request -> request.functionName("own-" + label))
                  .functionName())
          .isEqualTo("own-" + label);
    } else {
      assertThatThrownBy(
              () -> from.getFunctionConfiguration(request -> request.functionName("own-" + label)))
          .isInstanceOf(ResourceNotFoundException.class);
    }
  }

  /** Creates or deletes a function that others create and delete too. */
  private void race() {
    String name = "race-" + random.nextInt(SharedFunctions.RACED);
    try {
      if (random.nextBoolean()) {
        SharedFunctions.create(lambda, name);
        shared.raced(name, 1);
      } else {
        lambda.deleteFunction(request -> request.functionName(name));
        shared.raced(name, -1);
      }
      changes++;
    } catch (ResourceConflictException there) {
      assertThat(there.getMessage()).contains("Function already exist: " + name);
    } catch (ResourceNotFoundException absent) {
      assertThat(absent.getMessage()).contains(name);
    }
  }

  /** What only this client changes is what it was told last. */
  void check(LambdaClient from) {
    checkTag(from);
    checkAlias(from);
    checkPermission(from);
    checkConcurrency(from);
    checkOwn(from);
  }
}
