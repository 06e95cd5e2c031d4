package dev.lambic.services;

import java.io.IOException;
import java.lang.reflect.Field;

/**
 * Runs DynamoDB Local in a process of its own, reachable from this machine only, for as long as
 * standard input is open.
 *
 * <p>DynamoDB Local itself would listen on every address of the machine.
 */
public final class DynamoDbLocalMain {
  private static final String RUNNER = "software.amazon.dynamodb.services.local.main.ServerRunner";

  private DynamoDbLocalMain() {}

  /**
   * Starts the server and waits for its end.
   *
   * @param args DynamoDB Local's own
   */
  public static void main(String[] args) throws ReflectiveOperationException, IOException {
    ParentWatch.start();
    Object server =
        Class.forName(RUNNER)
            .getMethod("createServerFromCommandLineArgs", String[].class)
            .invoke(null, (Object) args);
    Field field = server.getClass().getDeclaredField("server");
    field.setAccessible(true);
    Object jetty = field.get(server);
    Object[] connectors = (Object[]) jetty.getClass().getMethod("getConnectors").invoke(jetty);
    for (Object connector : connectors) {
      connector.getClass().getMethod("setHost", String.class).invoke(connector, "127.0.0.1");
    }
    server.getClass().getMethod("start").invoke(server);
    ReadyFile.make();
    server.getClass().getMethod("join").invoke(server);
  }
}
