package dev.lambic.store;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a store and real connections, and lets fail what a test says: a statement by the
 * first word of its SQL, the end of a transaction by COMMIT or ROLLBACK, an opening by OPEN; AFTER
 * and a word is a statement that fails when it is done.
 */
final class FailingConnections implements UnaryOperator<Connection> {
  /** A failure of the disk, in SQLite's number. */
  static final int IO_ERROR = 10;

  private final Set<String> failing = ConcurrentHashMap.newKeySet();
  private volatile boolean unchecked;

  /** These fail from now on, as the disk makes them fail. */
  void fail(String... words) {
    unchecked = false;
    failing.addAll(Set.of(words));
  }

  /** These fail from now on, as a bug makes them fail. */
  void failUnchecked(String... words) {
    unchecked = true;
    failing.addAll(Set.of(words));
  }

  /** Nothing fails any more. */
  void mend() {
    failing.clear();
  }

  private void check(String word) throws SQLException {
    if (!failing.contains(word)) {
      return;
    }
    if (unchecked) {
      throw new IllegalStateException("a bug at " + word);
    }
    throw new SQLException("a broken disk at " + word, "", IO_ERROR);
  }

  @Override
  public Connection apply(Connection real) {
    try {
      check("OPEN");
    } catch (SQLException | RuntimeException e) {
      try {
        real.close();
      } catch (SQLException f) {
        throw new AssertionError(f);
      }
      throw new StoreException("cannot be opened", e);
    }
    return between(
        Connection.class,
        (proxy, method, args) -> {
          switch (method.getName()) {
            case "commit" -> check("COMMIT");
            case "rollback" -> check("ROLLBACK");
            case "setSavepoint" -> check("SAVEPOINT");
            default -> {}
          }
          Object result = call(real, method, args);
          if (result instanceof PreparedStatement statement && args != null) {
            String word = ((String) args[0]).split(" ", 2)[0];
            return between(
                PreparedStatement.class,
                (same, called, values) -> {
                  if (called.getName().startsWith("execute")) {
                    check(word);
                  }
                  Object done = call(statement, called, values);
                  if (called.getName().startsWith("execute")) {
                    check("AFTER " + word);
                  }
                  return done;
                });
          }
          return result;
        });
  }

  private static <T> T between(Class<T> type, InvocationHandler handler) {
    return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
  }

  private static @Nullable Object call(Object on, Method method, Object @Nullable [] args)
      throws Throwable {
    try {
      return method.invoke(on, args);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }
}
