package dev.lambic.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.lambic.functions.FunctionListener;
import dev.lambic.functions.FunctionService;
import dev.lambic.functions.FunctionVersion;
import dev.lambic.invocation.FunctionImage;
import dev.lambic.invocation.Invocation;
import dev.lambic.invocation.Invoker;
import dev.lambic.kernel.Blame;
import dev.lambic.kernel.FaultHandler;
import dev.lambic.kernel.Ids;
import dev.lambic.kernel.LambicException;
import dev.lambic.kernel.Ticker;
import dev.lambic.store.Records;
import dev.lambic.wire.Caller;
import dev.lambic.wire.ModelLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;
import software.amazon.awssdk.services.lambda.model.ResourceConflictException;
import software.amazon.awssdk.services.lambda.model.ResourceNotFoundException;

/**
 * Functions whose code is a working directory, as long as somebody works on them.
 *
 * <p>Such a function is an ordinary one with a package that only says whose code it stands for; the
 * package is unique, so whatever version has it runs the directory. Invocations of others go
 * straight on. A function of this kind does not outlive the server: records tell the next start
 * what to delete. Safe for use by many threads.
 */
final class DevFunctions implements Invoker, FunctionListener {
  private static final String KIND = "dev-function";
  private static final Duration READY = Duration.ofSeconds(30);

  private final Records records;
  private final FunctionService functions;
  private final Invoker invoker;
  private final Consumer<String> retire;
  private final Ticker ticker;
  private final Ids ids;
  private final FaultHandler faults;
  private final Map<String, DevFunction> known = new ConcurrentHashMap<>();
  private final Map<String, String> arns = new ConcurrentHashMap<>();

  private DevFunctions(
      Records records,
      FunctionService functions,
      Invoker invoker,
      Consumer<String> retire,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    this.records = records;
    this.functions = functions;
    this.invoker = invoker;
    this.retire = retire;
    this.ticker = ticker;
    this.ids = ids;
    this.faults = faults;
  }

  /**
   * None yet; those of a server that ended without deleting them are deleted.
   *
   * @param invoker runs what an image tells
   * @param retire ends the environments of an image that must not be served any more, by its key
   */
  static DevFunctions open(
      Records records,
      FunctionService functions,
      Invoker invoker,
      Consumer<String> retire,
      Ticker ticker,
      Ids ids,
      FaultHandler faults) {
    DevFunctions made = new DevFunctions(records, functions, invoker, retire, ticker, ids, faults);
    List<Records.Entry> left = records.transaction(in -> in.scan(KIND));
    for (Records.Entry entry : left) {
      made.deleteLeft(entry);
    }
    functions.listen(made);
    return made;
  }

  /** A server starts whatever one before it left; what cannot be read is told and forgotten. */
  private void deleteLeft(Records.Entry entry) {
    Owner owner;
    try {
      owner = Owner.of(new String(entry.value(), UTF_8));
    } catch (IllegalStateException e) {
      faults.fault("deleting the dev functions of before", e);
      records.transaction(in -> in.delete(KIND, entry.key()));
      return;
    }
    delete(entry.key(), owner);
  }

  /** Where a function of this kind lives. */
  private record Owner(String account, String region, String name) {
    static Owner of(String record) {
      String[] parts = record.split("/", -1);
      if (parts.length != 3) {
        throw new IllegalStateException("not the record of a dev function: " + record);
      }
      return new Owner(parts[0], parts[1], parts[2]);
    }

    String record() {
      return account + "/" + region + "/" + name;
    }

    <T> T call(Callable<T> work) {
      try {
        return Caller.ofAccount(account, region).run(work);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Override
  public void invoke(Invocation invocation, Answer answer) {
    DevFunction dev = known.isEmpty() ? null : find(invocation.image());
    if (dev == null) {
      invoker.invoke(invocation, answer);
      return;
    }
    // The caller may be a thread that serves sockets, and the look at the directory blocks.
    Thread.startVirtualThread(() -> invoke(dev, invocation, answer));
  }

  private @Nullable DevFunction find(FunctionImage image) {
    return image.code() instanceof VersionCode code ? known.get(code.codeId()) : null;
  }

  private void invoke(DevFunction dev, Invocation invocation, Answer answer) {
    FunctionImage image;
    try {
      image = dev.image(invocation.image());
    } catch (LambicException e) {
      answer.refused(e);
      return;
    } catch (RuntimeException e) {
      faults.fault("look at " + dev.directory(), e);
      answer.refused(
          new LambicException(
              "ServiceException", Blame.PLATFORM, "The directory could not be looked at.", e));
      return;
    }
    invoker.invoke(invocation.with(image), answer);
  }

  /**
   * Makes a function of the directory, which is ready when this returns.
   *
   * @param wanted its settings, without code
   * @param said told what a person should know; must not block
   * @throws RuntimeException if AWS would refuse the settings, or there is such a function
   */
  DevFunction start(
      Path directory,
      String account,
      String region,
      CreateFunctionRequest wanted,
      Consumer<String> said) {
    byte[] zip = packageOf(directory);
    String codeId = HexFormat.of().formatHex(sha256(zip));
    CreateFunctionRequest request =
        wanted.toBuilder().code(c -> c.zipFile(SdkBytes.fromByteArray(zip))).build();
    ModelLimits.of("lambda").check("CreateFunction", request);
    DevFunction dev = new DevFunction(directory, codeId, retire, said, ticker);
    DevTree.look(directory);
    Owner owner = new Owner(account, region, request.functionName());
    known.put(codeId, dev);
    records.transaction(in -> {
      in.put(KIND, codeId, owner.record().getBytes(UTF_8));
      return null;
    });
    try {
      String arn = owner.call(() -> functions.createFunction(request)).functionArn();
      arns.put(codeId, arn);
      awaitReady(owner);
      return dev;
    } catch (RuntimeException e) {
      end(dev);
      throw e;
    }
  }

  private void awaitReady(Owner owner) {
    long end = ticker.nanos() + READY.toNanos();
    while (true) {
      try {
        functions.directory().resolve(owner.account(), owner.region(), owner.name(), null);
        return;
      } catch (ResourceConflictException e) {
        if (ticker.nanos() - end > 0) {
          throw e;
        }
        LockSupport.parkNanos(5_000_000);
      }
    }
  }

  /** Whether a directory is run in the place of the package of that name. */
  boolean runs(String codeId) {
    return known.containsKey(codeId);
  }

  /** Where the function can be found. */
  String arn(DevFunction dev) {
    return String.valueOf(arns.get(dev.codeId()));
  }

  /** Deletes the function, if its code is still the directory. */
  void end(DevFunction dev) {
    byte[] owner = records.transaction(in -> in.get(KIND, dev.codeId()));
    if (owner != null) {
      delete(dev.codeId(), Owner.of(new String(owner, UTF_8)));
    }
    known.remove(dev.codeId());
    arns.remove(dev.codeId());
    dev.end();
  }

  private void delete(String codeId, Owner owner) {
    try {
      owner.call(() -> {
        String code =
            functions.getFunctionConfiguration(r -> r.functionName(owner.name())).codeSha256();
        if (HexFormat.of().formatHex(Base64.getDecoder().decode(code)).equals(codeId)) {
          functions.deleteFunction(r -> r.functionName(owner.name()));
        }
        return true;
      });
    } catch (ResourceNotFoundException e) {
      // It is gone already, or was never made.
    }
    records.transaction(in -> in.delete(KIND, codeId));
  }

  @Override
  public void updated(FunctionVersion now) {
    if (now.version().equals(FunctionVersion.LATEST)) {
      arns.forEach((codeId, arn) -> {
        DevFunction dev = known.get(codeId);
        if (dev != null && arn.equals(now.functionArn()) && !codeId.equals(now.codeId())) {
          dev.over().complete("other code was uploaded for " + arn);
        }
      });
    }
  }

  @Override
  public void deleted(FunctionVersion was) {
    DevFunction dev = known.get(was.codeId());
    if (dev != null && was.version().equals(FunctionVersion.LATEST)) {
      dev.over().complete(was.functionArn() + " was deleted");
    }
  }

  /** What GetFunction's link leads to. */
  private byte[] packageOf(Path directory) {
    String text =
        "This function's code is the directory "
            + directory
            + ", as long as ./lambic dev runs.\n"
            + ids.uuid()
            + "\n";
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("README.txt"));
      zip.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
