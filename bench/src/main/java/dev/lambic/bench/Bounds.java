package dev.lambic.bench;

import java.util.Locale;

/**
 * What a figure shall be: two numbers, of which the second is for the 99th percentile, or only one.
 *
 * @param p50 for the median, or for the only number
 * @param p99 for the 99th percentile; NaN if there is only one number
 */
record Bounds(double p50, double p99) {
  static final Bounds NONE = new Bounds(Double.NaN, Double.NaN);

  static Bounds of(double p50, double p99) {
    return new Bounds(p50, p99);
  }

  static Bounds of(double only) {
    return new Bounds(only, Double.NaN);
  }

  boolean exist() {
    return !Double.isNaN(p50);
  }

  /** Whether a figure is not above these, or not below where more is better. */
  boolean keeps(Bounds figure, boolean moreIsBetter) {
    return within(figure.p50, p50, moreIsBetter) && within(figure.p99, p99, moreIsBetter);
  }

  private static boolean within(double figure, double bound, boolean moreIsBetter) {
    return Double.isNaN(bound) || (moreIsBetter ? figure >= bound : figure <= bound);
  }

  /** As people write it, with a unit behind. */
  String text(String unit) {
    if (!exist()) {
      return "";
    }
    String both = number(p50) + (Double.isNaN(p99) ? "" : " / " + number(p99));
    return both + (unit.isEmpty() ? "" : " " + unit);
  }

  /** With about three digits, or all before the point. */
  static String number(double value) {
    double size = Math.abs(value);
    String digits =
        size >= 99.95 ? "%,.0f" : size >= 9.995 ? "%.1f" : size >= 0.9995 ? "%.2f" : "%.3f";
    String text = String.format(Locale.ROOT, digits, value);
    return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
  }
}
