package dev.lambic.bench;

/** The least that a JVM can do. */
final class HelloMain {
  private HelloMain() {}

  /** Says hello. */
  public static void main(String[] args) {
    System.out.println("hello");
  }
}
