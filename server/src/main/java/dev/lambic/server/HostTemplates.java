package dev.lambic.server;

import dev.lambic.functions.FunctionDirectory;
import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.TemplateKeeper;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.runtime.EnvironmentFactory;
import dev.lambic.runtime.EnvironmentSpec;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import software.amazon.awssdk.services.lambda.model.LambdaException;

/**
 * Has live templates made of versions with snapshots: when they are published, and when an
 * environment could have been forked but for want of one. Safe for use by many threads.
 */
final class HostTemplates implements FunctionListener {
  private final FunctionDirectory directory;
  private final Images images;
  private final EnvironmentFactory environments;
  private final TemplateKeeper keeper;
  private final FaultHandler faults;

  /** The versions that somebody looks after now because an environment wanted it. */
  private final Set<String> wanted = ConcurrentHashMap.newKeySet();

  HostTemplates(
      FunctionDirectory directory,
      Images images,
      EnvironmentFactory environments,
      TemplateKeeper keeper,
      FaultHandler faults) {
    this.directory = directory;
    this.images = images;
    this.environments = environments;
    this.keeper = keeper;
    this.faults = faults;
    environments.templateWanted(this::wanted);
  }

  @Override
  public void updated(FunctionVersion now) {
    if (now.snapStart() && !now.version().equals(FunctionVersion.LATEST)) {
      inBackground(() -> keeper.keep(images.of(now)));
    }
  }

  @Override
  public void deleted(FunctionVersion was) {
    if (was.snapStart()) {
      inBackground(() ->
          environments.forget(was.account(), was.region(), was.functionName(), was.version()));
    }
  }

  private void wanted(EnvironmentSpec spec) {
    String name =
        String.join(":", spec.account(), spec.region(), spec.functionName(), spec.version());
    if (!wanted.add(name)) {
      return;
    }
    inBackground(() -> {
      try {
        FunctionVersion version =
            directory
                .resolve(spec.account(), spec.region(), spec.functionName(), spec.version())
                .function();
        keeper.keep(images.of(version));
      } catch (LambdaException e) {
        // It was deleted in this moment.
      } finally {
        wanted.remove(name);
      }
    });
  }

  private void inBackground(Runnable work) {
    Thread.ofVirtual()
        .name("templates")
        .start(() -> {
          try {
            work.run();
          } catch (RuntimeException | Error e) {
            faults.fault("live templates", e);
          }
        });
  }
}
