package dev.lambic.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What can be measured, each by its name in lower case. */
enum Row {
  HTTP(60),
  START(60),
  WARM(160),
  CLIENTS(115),
  THROUGHPUT(130),
  COLD(560),
  RESTORE(150),
  RATE(60),
  MEMORY(25),
  FREEZE(150),
  STREAM(15),
  ASYNC(130),
  FUNCTIONS(150),
  BYTECODE(240),
  PEERS(480);

  private final long seconds;

  Row(long seconds) {
    this.seconds = seconds;
  }

  /** About how long it takes when it is measured in full. */
  long seconds() {
    return seconds;
  }

  /** Whether it is about a whole Lambic server. */
  boolean needsServer() {
    return this != HTTP;
  }

  /** Whether it is measured when no row is named; others need what only tests do. */
  boolean isUsual() {
    return this != CLIENTS && this != PEERS;
  }

  /** Whether it can be told where the time goes. */
  boolean hasProfile() {
    return this == WARM || this == COLD;
  }

  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Takes the figures.
   *
   * @param server the command that runs a Lambic server, without options; empty if not needed
   */
  Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
    return switch (this) {
      case HTTP -> new HttpServers(effort).run();
      case START -> new StartRow(effort, server).run();
      case WARM -> new WarmRow(effort, server).run();
      case CLIENTS -> new ClientsRow(effort, server).run();
      case THROUGHPUT -> new ThroughputRow(effort, server).run();
      case COLD -> new ColdRow(effort, server).run();
      case RESTORE -> new RestoreRow(effort, server).run();
      case RATE -> new RateRow(effort, server).run();
      case MEMORY -> new MemoryRow(effort, server).run();
      case FREEZE -> new FreezeRow(effort, server).run();
      case STREAM -> new StreamRow(effort, server).run();
      case ASYNC -> new AsyncRow(effort, server).run();
      case FUNCTIONS -> new FunctionsRow(effort, server).run();
      case BYTECODE -> new ByteCodeRow(effort, server).run();
      case PEERS -> new PeersRow(effort, server).run();
    };
  }
}
