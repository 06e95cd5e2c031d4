package probe;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.concurrent.Executors;

/** Needs a Java that is not old. */
public class Modern implements RequestHandler<Modern.Input, Modern.Output> {
  public record Input(String name, int times) {}

  public record Output(String text, boolean isVirtual) {}

  @Override
  public Output handleRequest(Input input, Context context) {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      return threads
          .submit(() ->
              new Output(input.name().repeat(input.times()), Thread.currentThread().isVirtual()))
          .get();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
