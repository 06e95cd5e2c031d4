package dev.lambic.server;

import dev.lambic.invocation.EnvironmentStarter;
import dev.lambic.runtime.Bootstraps;
import dev.lambic.runtime.Environment;
import dev.lambic.runtime.EnvironmentFactory;
import dev.lambic.runtime.EnvironmentListener;
import dev.lambic.runtime.EnvironmentSpec;
import dev.lambic.runtime.RuntimeCatalog;
import dev.lambic.runtime.RuntimeTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The runtimes of this host, and environments made of them. */
final class HostRuntimes implements EnvironmentStarter {
  private final RuntimeCatalog catalog;
  private final EnvironmentFactory environments;

  HostRuntimes(
      Bootstraps bootstraps, Optional<Path> boto3, Path home, EnvironmentFactory environments) {
    this.environments = environments;
    this.catalog =
        new RuntimeCatalog(
            bootstraps,
            boto3.orElse(null),
            List.of(Path.of("/usr"), Path.of("/usr/local")),
            List.of(
                Path.of("/opt"),
                home.resolve(".pyenv/versions"),
                home.resolve(".nvm/versions/node")));
  }

  @Override
  public RuntimeTarget target(String runtime) {
    return catalog.find(runtime);
  }

  @Override
  public Environment start(EnvironmentSpec spec, EnvironmentListener listener) {
    return environments.start(spec, listener);
  }
}
