package dev.lambic.images;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an image says about how it is run.
 *
 * @param entryPoint the program and its first arguments; may be empty
 * @param command further arguments, or all of it if there is no entry point; may be empty
 * @param variables environment variables
 * @param workingDirectory absolute; {@code /} if the image has none
 * @param platform what it is made for
 */
public record ImageConfig(
    List<String> entryPoint,
    List<String> command,
    Map<String, String> variables,
    String workingDirectory,
    Platform platform) {
  /** As much as a program can be started with, and some. */
  private static final int MAX_LENGTH = 64 << 10;

  /** Copies the collections. */
  public ImageConfig {
    entryPoint = List.copyOf(entryPoint);
    command = List.copyOf(command);
    variables = Map.copyOf(variables);
  }

  /** Reads the configuration blob of an image. */
  static ImageConfig read(byte[] bytes) {
    Json json = Json.parse(bytes, "The image's configuration");
    Json config = json.get("config");
    Map<String, String> variables = new LinkedHashMap<>();
    for (String pair : config.get("Env").texts()) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        variables.put(pair.substring(0, equals), pair.substring(equals + 1));
      }
    }
    String directory = config.get("WorkingDir").text().orElse("");
    ImageConfig read =
        new ImageConfig(
            config.get("Entrypoint").texts(),
            config.get("Cmd").texts(),
            variables,
            directory.startsWith("/") ? directory : "/" + directory,
            Platform.of(json));
    String all = read.toString();
    if (all.indexOf('\0') >= 0 || all.length() > MAX_LENGTH) {
      throw new ImageException(
          ImageException.Reason.INVALID,
          "The image's configuration is longer than "
              + MAX_LENGTH
              + " characters or has a NUL in it.");
    }
    return read;
  }
}
