package dev.lambic.acceptance;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.events.SQSEvent;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.joda.time.DateTime;

/**
 * Deployment packages of Java functions, compiled by the compiler of the Java that runs the tests.
 */
final class JavaCode {
  private JavaCode() {}

  /** A package of source files of the tests, for Java of a version and later. */
  static Zip compile(int release, String... files) {
    try {
      Path classes = Files.createTempDirectory("lambic-java-code");
      try {
        compile(release, classes, Stream.of(files).map(JavaCode::source).toList());
        return zip(classes);
      } finally {
        RunningLambic.delete(classes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path source(String file) {
    return Places.function("java").resolve(file);
  }

  private static void compile(int release, Path classes, List<Path> sources) throws IOException {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options =
        List.of(
            "--release",
            String.valueOf(release),
            "-cp",
            jar(Context.class) + ":" + jar(SQSEvent.class),
            "-proc:none",
            "-d",
            classes.toString());
    StringWriter said = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean done =
          compiler
              .getTask(said, files, null, options, null, files.getJavaFileObjectsFromPaths(sources))
              .call();
      if (!done) {
        throw new AssertionError(said.toString());
      }
    }
  }

  /** Classes beside what they need in {@code lib}, as AWS's documentation has it. */
  private static Zip zip(Path classes) throws IOException {
    Zip zip = Zip.empty();
    try (Stream<Path> all = Files.walk(classes)) {
      for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
        zip.file(classes.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    for (Path jar : List.of(jar(Context.class), jar(SQSEvent.class), jar(DateTime.class))) {
      zip.file("lib/" + jar.getFileName(), Files.readAllBytes(jar));
    }
    return zip;
  }

  private static Path jar(Class<?> of) {
    try {
      return Path.of(of.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
