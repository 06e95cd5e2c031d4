package dev.lambic.server;

import dev.lambic.functions.CodeStore;
import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.Code;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.runtime.LogSettings;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/**
 * Function versions of the control plane as images that the data path runs.
 *
 * <p>Kept per version, so that a warm invocation makes nothing new. Safe for use by many threads.
 */
final class Images implements FunctionListener {
  private final CodeStore code;
  private final Containers containers;
  private final FileSystems fileSystems;
  private final Consumer<String> retire;
  private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();

  /** An image and what it was made from. */
  private record Known(FunctionVersion version, FunctionImage image) {}

  /**
   * No images yet.
   *
   * @param retire ends the environments of an image that must not be served any more, by its key
   */
  Images(CodeStore code, Containers containers, FileSystems fileSystems, Consumer<String> retire) {
    this.code = code;
    this.containers = containers;
    this.fileSystems = fileSystems;
    this.retire = retire;
  }

  FunctionImage of(FunctionVersion version) {
    Known found = known.get(version.arn());
    if (found != null && found.version.revision().equals(version.revision())) {
      return found.image;
    }
    FunctionImage image = image(version);
    if (found == null) {
      known.putIfAbsent(version.arn(), new Known(version, image));
    }
    // Another revision is not remembered: an invocation may be on its way with one that was
    // replaced.
    return image;
  }

  @Override
  public void updated(FunctionVersion now) {
    Known before = known.put(now.arn(), new Known(now, image(now)));
    if (before != null && !before.version.revision().equals(now.revision())) {
      retire.accept(before.image.key());
    }
  }

  @Override
  public void deleted(FunctionVersion was) {
    Known before = known.remove(was.arn());
    retire.accept(before == null ? key(was) : before.image.key());
  }

  /** Names the image of the version. */
  static String key(FunctionVersion version) {
    return version.arn() + "@" + version.revision();
  }

  private FunctionImage image(FunctionVersion version) {
    return new FunctionImage(
        key(version),
        version.functionArn(),
        version.functionName(),
        version.version(),
        version.region(),
        version.account(),
        version.role(),
        version.runtime(),
        version.runtimeVersionArn(),
        version.handler(),
        version.memoryMb(),
        version.timeoutSeconds(),
        version.ephemeralMb(),
        version.variables(),
        version.logGroup(),
        logSettings(version),
        version
            .container()
            .<Code>map(container -> () -> containers.lease(container))
            .orElse(new VersionCode(code, version)),
        version.snapStart(),
        fileSystems.of(version));
  }

  private static LogSettings logSettings(FunctionVersion version) {
    return version.logFormat().equals("JSON")
        ? new LogSettings(true, version.applicationLogLevel(), version.systemLogLevel())
        : LogSettings.TEXT;
  }
}
