package dev.lambic.bench;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/** What can be measured, each by its name in lower case. */
enum Row {
  HTTP(false) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new HttpServers(effort).run();
    }
  },
  START(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new StartRow(effort, server).run();
    }
  },
  WARM(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new WarmRow(effort, server).run();
    }
  },
  CLIENTS(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new ClientsRow(effort, server).run();
    }

    @Override
    boolean isUsual() {
      return false;
    }
  },
  COLD(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new ColdRow(effort, server).run();
    }
  },
  MEMORY(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new MemoryRow(effort, server).run();
    }
  },
  FREEZE(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new FreezeRow(effort, server).run();
    }
  },
  STREAM(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new StreamRow(effort, server).run();
    }
  },
  FUNCTIONS(true) {
    @Override
    Report measure(Effort effort, List<String> server) throws IOException, InterruptedException {
      return new FunctionsRow(effort, server).run();
    }
  };

  private final boolean needsServer;

  Row(boolean needsServer) {
    this.needsServer = needsServer;
  }

  /** Whether it is about a whole Lambic server. */
  boolean needsServer() {
    return needsServer;
  }

  /** Whether it is measured when no row is named; others need what only tests do. */
  boolean isUsual() {
    return true;
  }

  String title() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * Takes the figures.
   *
   * @param server the command that runs a Lambic server, without options; empty if not needed
   */
  abstract Report measure(Effort effort, List<String> server)
      throws IOException, InterruptedException;
}
