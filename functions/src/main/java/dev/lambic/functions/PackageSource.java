package dev.lambic.functions;

import dev.lambic.kernel.Blame;
import dev.lambic.kernel.LambicException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.lambda.model.FunctionCode;

/** Deployment packages of functions and layers, by what a request says of them. */
final class PackageSource {
  /** What may be sent in a request. */
  static final int MAX_ZIP_BYTES = 52_428_800;

  private static final int PIECE = 1 << 16;

  /** In what time S3 has to give a whole package. */
  private static final Duration FETCH_LIMIT = Duration.ofMinutes(5);

  private final CodeStore code;
  private final Neighbours neighbours;
  private final Duration fetchLimit;

  PackageSource(CodeStore code, Neighbours neighbours) {
    this(code, neighbours, FETCH_LIMIT);
  }

  PackageSource(CodeStore code, Neighbours neighbours, Duration fetchLimit) {
    this.code = code;
    this.neighbours = neighbours;
    this.fetchLimit = fetchLimit;
  }

  /**
   * The package, to be closed by whoever does not stage it.
   *
   * @throws software.amazon.awssdk.services.lambda.model.LambdaException in AWS's words if there is
   *     none
   */
  Zip read(FunctionCode source) {
    Unsupported.check(source);
    SdkBytes sent = source.zipFile();
    boolean inS3 = isGiven(source.s3Bucket()) || isGiven(source.s3Key());
    if (sent != null && inS3) {
      throw Errors.invalid(
          "Please do not provide other FunctionCode parameters when providing a ZipFile.");
    }
    if (sent != null) {
      byte[] bytes = sent.asByteArrayUnsafe();
      if (bytes.length > MAX_ZIP_BYTES) {
        throw Errors.zipTooLarge(MAX_ZIP_BYTES);
      }
      return Zip.of(bytes);
    }
    if (!isGiven(source.s3Bucket()) || !isGiven(source.s3Key())) {
      throw Errors.invalid("Please provide a source for function code.");
    }
    try {
      return fetch(source.s3Bucket(), source.s3Key(), source.s3ObjectVersion());
    } catch (CodeObjects.Refused e) {
      throw Errors.invalid(
          "Error occurred while GetObject. S3 Error Code: "
              + e.code()
              + ". S3 Error Message: "
              + e.getMessage());
    } catch (IOException e) {
      throw new LambicException(
          "ServiceException", Blame.PLATFORM, "The deployment package could not be fetched.", e);
    }
  }

  private static boolean isGiven(@Nullable String text) {
    return text != null && !text.isEmpty();
  }

  private Zip fetch(String bucket, String key, @Nullable String version)
      throws CodeObjects.Refused, IOException {
    CodeStore.Turn turn = code.fetchTurn();
    try {
      Path file = fetchFile(bucket, key, version);
      return Zip.inTemporaryFile(file, turn);
    } catch (CodeObjects.Refused | IOException | RuntimeException | Error e) {
      turn.close();
      throw e;
    }
  }

  private Path fetchFile(String bucket, String key, @Nullable String version)
      throws CodeObjects.Refused, IOException {
    try (InputStream in = neighbours.objects().open(bucket, key, version)) {
      Thread watch = Thread.startVirtualThread(() -> closeLater(in));
      Path file = code.temporaryFile();
      try {
        copy(in, file);
        return file;
      } catch (IOException | RuntimeException e) {
        Files.deleteIfExists(file);
        throw e;
      } finally {
        watch.interrupt();
      }
    }
  }

  /** Ends the waiting of who reads for too long. */
  private void closeLater(InputStream in) {
    try {
      Thread.sleep(fetchLimit);
      in.close();
    } catch (InterruptedException readInTime) {
      return;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A package cannot be larger than what it unpacks to, or it is none. */
  private static void copy(InputStream in, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      long size = 0;
      byte[] piece = new byte[PIECE];
      for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
        size += count;
        if (size > Unzip.MAX_BYTES) {
          throw Errors.invalid("Unzipped size must be smaller than " + Unzip.MAX_BYTES + " bytes");
        }
        out.write(piece, 0, count);
      }
    }
  }
}
