package dev.lambic.sandbox;

import java.util.List;

/**
 * A program to start inside a sandbox.
 *
 * @param argv program and arguments; the first is an absolute path inside the sandbox
 * @param environment {@code KEY=value} pairs; nothing else is passed on
 * @param directory working directory inside the sandbox
 */
public record Command(List<String> argv, List<String> environment, String directory) {
  public Command {
    argv = List.copyOf(argv);
    environment = List.copyOf(environment);
    if (argv.isEmpty()) {
      throw new IllegalArgumentException("no program");
    }
    argv.forEach(Command::checkText);
    environment.forEach(Command::checkText);
    checkText(directory);
    if (!directory.startsWith("/") || !argv.getFirst().startsWith("/")) {
      throw new IllegalArgumentException("program and directory must be absolute paths");
    }
  }

  private static void checkText(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("text with a NUL character");
    }
  }
}
