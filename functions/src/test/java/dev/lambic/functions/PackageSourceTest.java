package dev.lambic.functions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lambic.kernel.LambicException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.lambda.model.FunctionCode;

/** However many packages are asked for, few are fetched at once, and none for ever. */
class PackageSourceTest {
  private static final FunctionCode CODE =
      FunctionCode.builder().s3Bucket("code").s3Key("one.zip").build();

  @TempDir private Path directory;
  private final Neighbours neighbours = new Neighbours();
  private CodeStore store;

  @BeforeEach
  void open() {
    store = CodeStore.open(directory, new Clock(), Duration.ofMinutes(1));
  }

  @Test
  void fewPackagesLieBesideTheStoreAtOnce() throws Exception {
    AtomicInteger fetched = new AtomicInteger();
    neighbours.use(
        (bucket, key, version) -> {
          fetched.incrementAndGet();
          return new ByteArrayInputStream(Zips.of("index.py", "one"));
        },
        ExecutionRoles.all());
    PackageSource packages = new PackageSource(store, neighbours);
    List<Zip> held = new ArrayList<>();
    for (int i = 0; i < CodeStore.FETCHED; i++) {
      held.add(packages.read(CODE));
    }
    CompletableFuture<Zip> next = new CompletableFuture<>();
    Thread waiting = Thread.ofPlatform().start(() -> next.complete(packages.read(CODE)));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (waiting.getState() != Thread.State.TIMED_WAITING
        && !next.isDone()
        && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(next).isNotDone();
    assertThat(fetched).hasValue(CodeStore.FETCHED);
    held.removeFirst().close();
    held.add(next.get(30, TimeUnit.SECONDS));
    for (Zip zip : held) {
      zip.close();
      zip.close();
    }
    for (int i = 0; i < 2 * CodeStore.FETCHED; i++) {
      store.stage(packages.read(CODE)).close();
    }
  }

  @Test
  void whatIsRefusedTakesNobodysTurn() {
    neighbours.use(CodeObjects.none(), ExecutionRoles.all());
    PackageSource packages = new PackageSource(store, neighbours);
    for (int i = 0; i < 2 * CodeStore.FETCHED; i++) {
      assertThat(failureOf(packages)).hasMessageContaining("NoSuchBucket");
    }
  }

  @Test
  void aPackageThatDoesNotComeIsGivenUp() throws Exception {
    neighbours.use((bucket, key, version) -> new Silent(), ExecutionRoles.all());
    PackageSource packages = new PackageSource(store, neighbours, Duration.ofMillis(50));
    CompletableFuture<RuntimeException> failure =
        CompletableFuture.supplyAsync(() -> failureOf(packages));
    assertThat(failure.get(30, TimeUnit.SECONDS))
        .isInstanceOf(LambicException.class)
        .hasMessage("The deployment package could not be fetched.");
  }

  private static RuntimeException failureOf(PackageSource packages) {
    try {
      packages.read(CODE).close();
    } catch (RuntimeException e) {
      return e;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    throw new AssertionError("was read");
  }

  /** An object of which nothing ever comes. */
  private static final class Silent extends InputStream {
    private final CountDownLatch closed = new CountDownLatch(1);

    @Override
    public int read() throws IOException {
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new IOException("closed");
    }

    @Override
    public int read(byte[] into, int from, int most) throws IOException {
      return read();
    }

    @Override
    public void close() {
      closed.countDown();
    }
  }
}
