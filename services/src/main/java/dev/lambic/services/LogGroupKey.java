package dev.lambic.services;

/**
 * What a log group is known by.
 *
 * @param account twelve digits
 * @param region such as {@code us-east-1}
 * @param name such as {@code /aws/lambda/hello}
 */
public record LogGroupKey(String account, String region, String name) {}
