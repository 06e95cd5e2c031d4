package dev.lambic.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What is asked for on the command line.
 *
 * @param rows to measure, in this order
 * @param quick only see whether it works
 * @param profile tell where the time goes instead of how much it is
 * @param table only write anew what is made of what is on record
 * @param out directory for one file per row
 * @param specification the file whose table is made of them
 * @param server the command that runs a Lambic server, without options
 */
record Options(
    List<Row> rows,
    boolean quick,
    boolean profile,
    boolean table,
    Optional<Path> out,
    Optional<Path> specification,
    List<String> server) {
  /** A command line that means nothing; the message says why. */
  static final class Misuse extends Exception {
    private static final long serialVersionUID = 1L;

    Misuse(String message) {
      super(message);
    }
  }

  /**
   * Reads {@code [ROW...] [table] [--peers] [--all] [--quick] [--profile] [--out DIR]
   * [--specification FILE] [-- SERVER COMMAND...]}; no row means the usual ones.
   */
  static Options parse(String... args) throws Misuse {
    List<Row> rows = new ArrayList<>();
    boolean quick = false;
    boolean profile = false;
    boolean table = false;
    boolean peers = false;
    Optional<Path> specification = Optional.empty();
    Optional<Path> out = Optional.empty();
    List<String> server = List.of();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--quick" -> quick = true;
        case "--profile" -> profile = true;
        case "--peers" -> peers = true;
        case "--all" -> rows.addAll(List.of(Row.values()));
        case "table" -> table = true;
        case "--out" -> out = Optional.of(path(args, ++i));
        case "--specification" -> specification = Optional.of(path(args, ++i));
        case "--" -> {
          server = List.of(Arrays.copyOfRange(args, i + 1, args.length));
          i = args.length;
        }
        default -> rows.add(row(args[i]));
      }
    }
    if (rows.isEmpty() && !table) {
      rows.addAll(
          Arrays.stream(Row.values()).filter(profile ? Row::hasProfile : Row::isUsual).toList());
    }
    if (peers && !rows.contains(Row.PEERS)) {
      rows.add(Row.PEERS);
    }
    if (profile && !rows.stream().allMatch(Row::hasProfile)) {
      throw new Misuse("only of warm and cold calls there is a profile");
    }
    if (server.isEmpty() && rows.stream().anyMatch(Row::needsServer)) {
      throw new Misuse("how to run Lambic is not told; use ./lambic bench");
    }
    return new Options(List.copyOf(rows), quick, profile, table, out, specification, server);
  }

  private static Path path(String[] args, int at) throws Misuse {
    if (at == args.length) {
      throw new Misuse(args[at - 1] + " needs a path");
    }
    return Path.of(args[at]);
  }

  private static Row row(String name) throws Misuse {
    for (Row row : Row.values()) {
      if (row.title().equals(name)) {
        return row;
      }
    }
    throw new Misuse(
        "unknown row '%s'; there are %s"
            .formatted(
                name, String.join(", ", Arrays.stream(Row.values()).map(Row::title).toList())));
  }
}
