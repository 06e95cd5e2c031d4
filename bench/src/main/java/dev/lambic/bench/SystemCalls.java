package dev.lambic.bench;

import java.util.Map;

/** The names of the system calls of x86-64 that matter here. */
final class SystemCalls {
  private static final Map<Integer, String> NAMES =
      Map.<Integer, String>ofEntries(
          Map.entry(0, "read"),
          Map.entry(1, "write"),
          Map.entry(3, "close"),
          Map.entry(7, "poll"),
          Map.entry(9, "mmap"),
          Map.entry(10, "mprotect"),
          Map.entry(11, "munmap"),
          Map.entry(16, "ioctl"),
          Map.entry(20, "writev"),
          Map.entry(24, "sched_yield"),
          Map.entry(28, "madvise"),
          Map.entry(41, "socket"),
          Map.entry(42, "connect"),
          Map.entry(44, "sendto"),
          Map.entry(45, "recvfrom"),
          Map.entry(46, "sendmsg"),
          Map.entry(47, "recvmsg"),
          Map.entry(56, "clone"),
          Map.entry(59, "execve"),
          Map.entry(61, "wait4"),
          Map.entry(72, "fcntl"),
          Map.entry(165, "mount"),
          Map.entry(202, "futex"),
          Map.entry(228, "clock_gettime"),
          Map.entry(230, "clock_nanosleep"),
          Map.entry(232, "epoll_wait"),
          Map.entry(233, "epoll_ctl"),
          Map.entry(257, "openat"),
          Map.entry(262, "newfstatat"),
          Map.entry(281, "epoll_pwait"),
          Map.entry(288, "accept4"),
          Map.entry(308, "setns"),
          Map.entry(332, "statx"),
          Map.entry(435, "clone3"),
          Map.entry(441, "epoll_pwait2"));

  private SystemCalls() {}

  static String name(int number) {
    return NAMES.getOrDefault(number, "#" + number);
  }
}
