package dev.lambic.store;

import java.sql.SQLException;
import java.time.Duration;

/** How a session ends that one thread alone uses. */
final class Connections {
  private Connections() {}

  /**
   * Waits for the thread, which was told to end, and closes its connection.
   *
   * @param limit how long to wait at most
   * @param abandon answers whoever still waits for the thread
   * @throws StoreException if the database cannot be closed
   */
  static void close(Session<?> session, Thread thread, Duration limit, Runnable abandon) {
    boolean interrupted = false;
    try {
      try {
        thread.join(limit);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      abandon.run();
      session.close();
    } catch (SQLException e) {
      throw new StoreException("The database could not be closed: " + e.getMessage(), e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
