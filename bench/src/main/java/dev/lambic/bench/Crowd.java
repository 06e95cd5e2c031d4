package dev.lambic.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;

/** Many clients at one time, each with a connection and a thread of its own. */
final class Crowd {
  /** What one client does; the number tells which it is. */
  interface Member<T> {
    T run(int number) throws IOException, InterruptedException;
  }

  /** One call over a connection, checked. */
  interface Exchange {
    void run() throws IOException, InterruptedException;
  }

  private Crowd() {}

  /** Lets so many do it at once and returns what came of it. */
  static <T> List<T> run(int size, Member<T> member) throws IOException, InterruptedException {
    try (ExecutorService threads = Executors.newFixedThreadPool(size)) {
      List<Future<T>> all = new ArrayList<>();
      for (int i = 0; i < size; i++) {
        int number = i;
        all.add(threads.submit(() -> member.run(number)));
      }
      List<T> found = new ArrayList<>();
      for (Future<T> one : all) {
        found.add(one.get());
      }
      return found;
    } catch (ExecutionException e) {
      throw new IOException("a client failed: " + e.getCause(), e.getCause());
    }
  }

  /** Exchanges back to back until the time is over; returns how many. */
  static int until(long end, Exchange exchange) throws IOException, InterruptedException {
    int count = 0;
    do {
      exchange.run();
      count++;
    } while (System.nanoTime() < end);
    return count;
  }

  /**
   * The share of one client in exchanges at a steady pace, which waits for no answer: what is late
   * because its connection is still busy counts from when it was due.
   *
   * @param number of the client, from 0
   * @param size how many clients share the pace
   * @param begin of the first exchange of all
   * @param interval between two exchanges of all, in nanoseconds
   * @param count of the exchanges of this client
   */
  static Samples paced(
      int number, int size, long begin, long interval, int count, Exchange exchange)
      throws IOException, InterruptedException {
    Samples samples = new Samples();
    for (int i = 0; i < count; i++) {
      long due = begin + ((long) i * size + number) * interval;
      long from = await(due);
      exchange.run();
      samples.add(System.nanoTime() - from);
    }
    return samples;
  }

  /** Waits until a time; returns when an exchange that is due then counts from. */
  private static long await(long due) {
    long now = System.nanoTime();
    if (now >= due) {
      return due;
    }
    while (now < due) {
      LockSupport.parkNanos(due - now);
      now = System.nanoTime();
    }
    // How late the client itself has woken up is not the server's doing.
    return now;
  }
}
