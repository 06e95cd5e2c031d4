package dev.lambic.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The hello function in Java. It needs no other class, for it is a deployment package by itself.
 */
public final class HelloFunction {
  private static long calls;

  /** Answers as those in other languages do. */
  public Map<String, Object> handle(Map<String, Object> event) throws InterruptedException {
    long begin = System.nanoTime();
    calls++;
    String name = String.valueOf(event.get("name"));
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("hello", name);
    answer.put("calls", calls);
    if (name.equals("version")) {
      answer.put("version", System.getProperty("java.runtime.version", ""));
    }
    if (event.get("hold") instanceof Number millis) {
      TimeUnit.MILLISECONDS.sleep(millis.longValue());
    }
    answer.put("at", begin);
    answer.put("nanos", System.nanoTime() - begin);
    return answer;
  }
}
