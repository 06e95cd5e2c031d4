package facts;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TimeZone;

/** What a Java function can see of itself, one fact a line. */
public final class Facts {
  public List<String> handle(Map<String, Object> event) throws Exception {
    List<String> facts = new ArrayList<>();
    System.getenv().forEach((name, value) -> facts.add("environ " + name + "=" + value));
    String shown = new String(Files.readAllBytes(Paths.get("/proc/self/environ")));
    for (String pair : shown.replaceAll("\0+$", "").split("\0")) {
      facts.add("shown " + pair);
    }
    Process child = new ProcessBuilder("/usr/bin/env").start();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    try (InputStream in = child.getInputStream()) {
      for (int next = in.read(); next >= 0; next = in.read()) {
        said.write(next);
      }
    }
    for (String pair : said.toString().split("\n")) {
      facts.add("child " + pair);
    }
    for (String name : System.getProperties().stringPropertyNames()) {
      facts.add("property " + name + "=" + System.getProperty(name));
    }
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      facts.add("thread " + thread.getName() + " " + thread.isDaemon());
    }
    Runtime machine = Runtime.getRuntime();
    facts.add("memory " + machine.maxMemory() + " " + machine.availableProcessors());
    facts.add("zone " + TimeZone.getDefault().getID() + " " + Locale.getDefault());
    facts.add("charset " + Charset.defaultCharset());
    facts.add("directory " + Paths.get("").toAbsolutePath() + " " + new File(".").list().length);
    facts.add("tmp " + new File("/tmp").list().length);
    for (File descriptor : new File("/proc/self/fd").listFiles()) {
      if (Files.exists(descriptor.toPath())) {
        String target = Files.readSymbolicLink(descriptor.toPath()).toString();
        facts.add("descriptor " + target.replaceAll("\\d+", "N"));
      }
    }
    Collections.sort(facts);
    String command = new String(Files.readAllBytes(Paths.get("/proc/self/cmdline")));
    facts.add(0, command.replace('\0', ' '));
    return facts;
  }
}
