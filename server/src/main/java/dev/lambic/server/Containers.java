package dev.lambic.server;

import dev.lambic.functions.ContainerImages;
import dev.lambic.functions.ContainerVersion;
import dev.lambic.images.Digest;
import dev.lambic.images.ImageConfig;
import dev.lambic.images.ImageException;
import dev.lambic.images.ImageReference;
import dev.lambic.images.ImageStore;
import dev.lambic.invocation.Code;
import dev.lambic.runtime.ContainerRoot;
import dev.lambic.runtime.RuntimeTarget;
import dev.lambic.wire.Caller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Container images for the control plane, which names them, and for the data path, which runs them.
 */
final class Containers implements ContainerImages {
  private final ImageStore store;
  private final Predicate<@Nullable String> isOfEnvironment;

  /**
   * Images of a store.
   *
   * @param isOfEnvironment whether an access key is that of a function, which must not reach a
   *     network through this server's fetching of images
   */
  Containers(ImageStore store, Predicate<@Nullable String> isOfEnvironment) {
    this.store = store;
    this.isOfEnvironment = isOfEnvironment;
  }

  @Override
  public Found find(String imageUri) {
    try {
      ImageReference image = ImageReference.parse(imageUri);
      if (image.kind() == ImageReference.Kind.REGISTRY
          && isOfEnvironment.test(Caller.current().accessKeyId())) {
        throw new Unusable(Problem.DENIED, "Functions have no access to registries.", null);
      }
      ImageReference pinned = store.resolve(image);
      return new Found(pinned.toString(), pinned.digest().orElseThrow().hex());
    } catch (ImageException e) {
      throw unusable(e);
    }
  }

  @Override
  public void prepare(String resolvedUri) {
    try {
      store.pull(ImageReference.parse(resolvedUri));
    } catch (ImageException e) {
      throw unusable(e);
    }
  }

  private static Unusable unusable(ImageException e) {
    Problem problem =
        switch (e.reason()) {
          case MISSING -> Problem.MISSING;
          case DENIED -> Problem.DENIED;
          case INVALID -> Problem.INVALID;
          case UNSUPPORTED -> Problem.UNSUPPORTED;
          case UNAVAILABLE -> Problem.UNAVAILABLE;
        };
    return new Unusable(problem, String.valueOf(e.getMessage()), e);
  }

  @Override
  public boolean isReady(String digest) {
    return store.isReady(new Digest(digest));
  }

  @Override
  public void collect(Supplier<Set<String>> used) throws IOException {
    store.collect(() -> used.get().stream().map(Digest::new).collect(Collectors.toSet()));
  }

  /** Holds what a version runs. */
  Code.Lease lease(ContainerVersion version) {
    ImageStore.Lease lease = store.acquire(new Digest(version.digest()));
    RuntimeTarget target = target(version, lease);
    return new Code.Lease() {
      @Override
      public Path directory() {
        return lease.root();
      }

      @Override
      public @Nullable Path opt() {
        Path opt = lease.root().resolve("opt");
        return Files.isDirectory(opt, LinkOption.NOFOLLOW_LINKS) ? opt : null;
      }

      @Override
      public Optional<RuntimeTarget> container() {
        return Optional.of(target);
      }

      @Override
      public void close() {
        lease.close();
      }
    };
  }

  /** The image as it is run, with what the version has in place of the image's own settings. */
  private static RuntimeTarget target(ContainerVersion version, ImageStore.Lease lease) {
    ImageConfig config = lease.config();
    List<String> argv = new ArrayList<>();
    argv.addAll(version.entryPoint().isEmpty() ? config.entryPoint() : version.entryPoint());
    argv.addAll(version.command().isEmpty() ? config.command() : version.command());
    String directory =
        version.workingDirectory().isEmpty()
            ? config.workingDirectory()
            : version.workingDirectory();
    ContainerRoot root =
        new ContainerRoot(
            lease.root(),
            config.variables(),
            directory.startsWith("/") ? directory : "/" + directory,
            true);
    return RuntimeTarget.container(root, argv);
  }
}
