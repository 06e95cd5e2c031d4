package dev.lambic.stem;

import java.io.BufferedReader;
import java.io.FileReader;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Runs in a Java virtual machine that belongs to no function yet: loads what AWS's runtime
 * interface client is made of, waits for the function, and calls the client's main method as the
 * virtual machine would have done.
 *
 * <p>Compiled for Java 8, for it runs on every Java that functions run on. Nothing in here may look
 * at an environment variable, nor initialise a class that does, before the function's are there.
 */
public final class Stem {
  private static final String DIRECTORY = "/var/rapid/";
  private static final String CLIENT = "com.amazonaws.services.lambda.runtime.api.client.AWSLambda";
  private static final String STEM_JAR = ":" + DIRECTORY + "stem.jar";

  private Stem() {}

  /**
   * Waits, and becomes the client.
   *
   * @param args none
   */
  public static void main(String[] args) throws Throwable {
    ClassLoader loader = Stem.class.getClassLoader();
    loadClasses(loader);
    new Rehearsal(loader).run();
    Class<?> client = Class.forName(CLIENT, false, loader);
    MethodType type = MethodType.methodType(void.class, String[].class);
    // Returns when there is a function, whose environment variables are there then.
    System.load(DIRECTORY + "libbinding.so");
    String handler = System.getenv("_HANDLER");
    if (handler == null) {
      // Somebody has read the variables before they were the function's, and will not do so again.
      System.exit(1);
    }
    System.setProperty("sun.java.command", CLIENT + " " + handler);
    String path = System.getProperty("java.class.path");
    System.setProperty("java.class.path", path.substring(0, path.length() - STEM_JAR.length()));
    MethodHandle main = MethodHandles.publicLookup().findStatic(client, "main", type);
    main.invokeExact(new String[] {handler});
  }

  /** Loads, without initialising them, the classes that were seen to be used by a function. */
  private static void loadClasses(ClassLoader loader) {
    try (BufferedReader names = new BufferedReader(new FileReader(DIRECTORY + "client.classes"))) {
      for (String name = names.readLine(); name != null; name = names.readLine()) {
        load(name, loader);
      }
    } catch (IOException e) {
      // Nobody has seen any yet; they are loaded when they are used.
      return;
    }
  }

  private static void load(String name, ClassLoader loader) {
    try {
      Class.forName(name, false, loader);
    } catch (ClassNotFoundException e) {
      // Made while the program ran, or of another Java.
      return;
    } catch (LinkageError e) {
      return;
    }
  }
}
