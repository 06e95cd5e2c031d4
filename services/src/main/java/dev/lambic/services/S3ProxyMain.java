package dev.lambic.services;

import java.io.IOException;
import java.net.URI;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Runs S3Proxy in a process of its own, reachable from this machine only, for as long as standard
 * input is open. It asks nobody for a signature.
 */
public final class S3ProxyMain {
  private static final String PACKAGE = "org.gaul.s3proxy.";

  /** Kept, for a logger that nobody refers to forgets its level. */
  private static final Logger QUIET = Logger.getLogger("");

  private S3ProxyMain() {}

  /**
   * Starts the server, whose threads keep the process.
   *
   * @param args the directory of the objects, which must exist, and a port
   */
  public static void main(String[] args) throws ReflectiveOperationException, IOException {
    ParentWatch.start();
    QUIET.setLevel(Level.WARNING);
    Properties settings = new Properties();
    settings.setProperty("jclouds.provider", "filesystem");
    settings.setProperty("jclouds.identity", "");
    settings.setProperty("jclouds.credential", "");
    settings.setProperty("jclouds.filesystem.basedir", args[0]);
    Object store =
        Class.forName(PACKAGE + "BlobStores")
            .getMethod("create", String.class, Properties.class)
            .invoke(null, "filesystem", settings);
    Class<?> authentication = Class.forName(PACKAGE + "auth.AuthenticationType");
    Object builder = Class.forName(PACKAGE + "S3Proxy").getMethod("builder").invoke(null);
    Class<?> type = builder.getClass();
    type.getMethod("blobStore", Class.forName(PACKAGE + "blobstore.BlobStore"))
        .invoke(builder, store);
    type.getMethod("awsAuthentication", authentication, String.class, String.class)
        .invoke(builder, authentication.getField("NONE").get(null), null, null);
    type.getMethod("endpoint", URI.class)
        .invoke(builder, URI.create("http://127.0.0.1:" + args[1]));
    // The limit of S3 itself; the standard one is for other stores.
    type.getMethod("maxSinglePartObjectSize", long.class).invoke(builder, 5L << 30);
    Object server = type.getMethod("build").invoke(builder);
    server.getClass().getMethod("start").invoke(server);
    ReadyFile.make();
  }
}
