package dev.lambic.bench;

/**
 * One line of a report for what could not be measured, so that it is not just left out.
 *
 * @param what should have been done
 * @param subject who should have done it
 * @param reason why not, in its own words where it has any
 */
record Absence(String what, String subject, String reason) {}
