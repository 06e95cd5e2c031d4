package dev.lambic.bench;

import io.helidon.webserver.WebServer;
import java.util.ArrayList;
import java.util.List;

/**
 * Helidon: a virtual thread per connection, which blocks.
 *
 * <p>It opens its listening channels itself, all when it starts: one more needs one more server.
 */
final class HelidonEcho implements EchoServer {
  private final List<WebServer> servers = new ArrayList<>();

  HelidonEcho() {
    listenMore();
  }

  @Override
  public int port() {
    return servers.getFirst().port();
  }

  @Override
  public void listenMore() {
    servers.add(
        WebServer.builder()
            .host("127.0.0.1")
            .port(0)
            .shutdownHook(false)
            .connectionOptions(options -> options.tcpNoDelay(true))
            .routing(routes ->
                routes.post(
                    (request, response) -> response.send(request.content().as(byte[].class))))
            .build()
            .start());
  }

  @Override
  public void close() {
    servers.forEach(WebServer::stop);
  }
}
