package dev.lambic.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.services.lambda.model.CreateFunctionRequest;

/**
 * Hostile code in a function, one attempt at a time and through the API: each is refused in the way
 * that is named beside it, and a neighbour lives on. INVARIANTS.md lists what is forbidden.
 */
class HostileFunctionTest {
  private static final String ABSTRACT =
      "lambic-acceptance-hostile-" + ProcessHandle.current().pid();
  private static final List<String> FILES =
      List.of(
          "hostile.py",
          "hostile_calls.py",
          "hostile_files.py",
          "hostile_power.py",
          "hostile_reach.py",
          "hostile_shared.py");

  @RegisterExtension static final SharedLambic LAMBIC = new SharedLambic();
  @TempDir static Path directory;

  /** Makes the attempts. */
  static TestFunction hostile;

  private static MappedFiles files;
  private static TestFunction neighbour;
  private static ServerSocket listener;
  private static ServerSocketChannel socket;
  private static Process abstractListener;
  private static String address;

  @BeforeAll
  static void deploy() throws IOException {
    files = MappedFiles.of(LAMBIC.server());
    byte[] code = code();
    hostile =
        create("hostile", code, FileSystemsTest.seeing("fsap-0123456789abcdef0", "/mnt/shared"));
    neighbour =
        create("neighbour", code, FileSystemsTest.seeing("fsap-0123456789abcdef1", "/mnt/other"));
    Path shared = FileSystemsTest.directory(LAMBIC.server(), "fsap-0123456789abcdef1");
    Files.writeString(Files.createDirectories(shared).resolve("secret"), "of the neighbour");
    listener = new ServerSocket(0);
    socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    socket.bind(UnixDomainSocketAddress.of(directory.resolve("s")));
    abstractListener =
        new ProcessBuilder(
                Places.python().toString(),
                "-c",
                "import socket, sys\n"
                    + "one = socket.socket(socket.AF_UNIX)\n"
                    + "one.bind('\\0"
                    + ABSTRACT
                    + "')\n"
                    + "one.listen()\n"
                    + "print('listens', flush=True)\n"
                    + "sys.stdin.read()")
            .start();
    assertThat(abstractListener.inputReader().readLine()).isEqualTo("listens");
    address = addressOfTheHost();
    assertThat(tryAs(neighbour, "settle").path("got").asText()).isEqualTo("settled");
  }

  private static TestFunction create(
      String name, byte[] code, Consumer<CreateFunctionRequest.Builder> more) {
    return TestFunction.create(
        LAMBIC.lambda(),
        name,
        TestFunction.PYTHON,
        "hostile.handler",
        code,
        more.andThen(settings -> settings.timeout(60).memorySize(256)));
  }

  /** Another function with the code that makes the attempts. */
  static TestFunction create(String name, Consumer<CreateFunctionRequest.Builder> more) {
    return create(name, code(), more);
  }

  private static byte[] code() {
    Zip zip = Zip.empty();
    FILES.forEach(file -> zip.file(file, Zip.read(Places.function(file))));
    return zip.bytes();
  }

  /** One by which others reach this machine, if there is any. */
  private static String addressOfTheHost() throws IOException {
    for (NetworkInterface network : Collections.list(NetworkInterface.getNetworkInterfaces())) {
      for (InetAddress one : Collections.list(network.getInetAddresses())) {
        if (!one.isLoopbackAddress() && !one.isLinkLocalAddress()) {
          return one.getHostAddress().replaceFirst("%.*", "");
        }
      }
    }
    return "127.0.0.1";
  }

  @AfterAll
  static void close() throws IOException {
    files.close();
    abstractListener.destroy();
    listener.close();
    socket.close();
  }

  @AfterEach
  void theNeighbourLives() {
    assertThat(tryAs(neighbour, "live").path("got").asText()).isEqualTo("alive");
  }

  private static Invoked attempt(TestFunction function, String name) {
    ObjectNode event = JsonNodeFactory.instance.objectNode();
    event.put("attempt", name);
    event.put("server", LAMBIC.server().pid());
    event.put("data", LAMBIC.server().data().toString());
    event.put("port", listener.getLocalPort());
    event.put("address", address);
    event.put("socket", directory.resolve("s").toString());
    event.put("abstract", ABSTRACT);
    return function.invoke(event.toString());
  }

  static JsonNode tryAs(TestFunction function, String name) {
    return attempt(function, name).success();
  }

  private static void refused(String name, String how) {
    JsonNode answer = tryAs(hostile, name);
    assertThat(answer.path("refused").asText())
        .as("%s: %s", name, answer)
        .isIn(List.of(how.split("\\|", -1)));
  }

  @ParameterizedTest
  @CsvSource({
    "mount_a_tmpfs, EPERM",
    "mount_the_control_groups, EPERM",
    "bind_over_the_code, EPERM",
    "remount_usr_writable, EPERM",
    "unmount_proc, EPERM",
    "unmount_what_hides_files, EPERM",
    "pivot_the_root, EPERM",
    "chroot, EPERM",
    "open_a_tree, EPERM",
    "move_a_mount, EPERM",
    "open_a_file_system, EPERM",
    "change_a_mounts_attributes, EPERM",
    "handle_of_a_file, EPERM",
    "open_by_handle, EPERM",
  })
  void mountsAndRootsStay(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "own_user_namespace, EPERM",
    "own_mount_namespace, EPERM",
    "own_network_namespace, EPERM",
    "clone_into_user_namespace, EPERM",
    "clone3, ENOSYS",
    "enter_the_first_process, ENOENT",
    "enter_by_pidfd, EPERM",
    "map_ids, EPERM",
  })
  void namespacesStay(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "trace_the_first_process, EPERM",
    "be_traced, EPERM",
    "read_memory_of_the_first_process, ENOENT",
    "write_memory_of_the_first_process, ENOENT",
    "read_memory_by_call, EPERM",
    "write_memory_by_call, EPERM",
    "take_a_descriptor, EPERM",
    "compare_processes, EPERM",
    "environment_of_the_first_process, ENOENT",
    "descriptors_of_the_first_process, ENOENT",
    "root_of_the_first_process, ENOENT",
    "program_of_the_first_process, ENOENT",
    "signal_the_first_process, EPERM",
    "signal_the_server, ESRCH",
    "signal_all_numbers, ESRCH",
    "limits_of_the_first_process, EPERM",
    "place_of_the_first_process, EPERM",
    "pages_of_the_first_process, EPERM",
  })
  void otherProcessesAreOutOfReach(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "become_root, EPERM",
    "become_another_user, EINVAL",
    "join_a_group, EPERM",
    "raise_capabilities, EPERM",
    "ambient_capability, EPERM",
    "new_privileges, EINVAL",
    "setuid_program, EPERM",
    "own_setuid_program, EPERM",
    "file_capabilities, EPERM",
    "give_a_file_to_root, EPERM",
    "more_descriptors, EPERM",
    "core_dumps, EPERM",
    "real_time, EPERM",
    "priority, EACCES",
    "real_time_disk, EPERM",
    "not_to_be_killed_first, EACCES",
    "lock_memory, ENOMEM",
    "no_randomization, EPERM",
  })
  void noPrivilegeIsGained(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "load_a_module, EPERM",
    "load_a_module_file, EPERM",
    "unload_a_module, EPERM",
    "another_kernel, EPERM",
    "another_kernel_file, EPERM",
    "reboot, EPERM",
    "swap_on, EPERM",
    "swap_off, EPERM",
    "accounting, EPERM",
    "quotas, EPERM",
    "kernel_log, EPERM",
    "hang_up, EPERM",
    "set_the_time, EPERM",
    "adjust_the_time, EPERM",
    "set_the_host_name, EPERM",
    "add_a_key, EPERM",
    "request_a_key, EPERM",
    "keys_of_the_session, EPERM",
    "bpf, EPERM",
    "performance_events, EPERM",
    "page_faults_of_its_own, EPERM",
    "io_uring, EPERM",
    "watch_all_files, EPERM",
    "core_pattern, EROFS",
    "module_program, ENOENT|EROFS",
    "drop_caches, EROFS",
    "overcommit, EROFS",
    "forward_packets, EROFS",
    "more_namespaces, EROFS",
    "sysrq, ENOENT|ENODEV",
    "memory_of_the_kernel, ENOENT|ENODATA",
    "messages_of_the_kernel, ENOENT|ENODATA",
    "symbols_of_the_kernel, ENOENT|ENODATA",
    "interrupts, EROFS",
    "binary_formats, ENOENT|EROFS",
  })
  void theKernelIsNotSteered(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "make_a_disk, EPERM",
    "make_a_character_device, EPERM",
    "physical_memory, ENOENT",
    "kernel_messages_device, ENOENT",
    "loop_control, ENOENT",
    "fuse, ENOENT",
    "kvm, ENOENT",
    "network_tunnel, ENOENT",
    "terminals, ENOENT",
    "host_bus, ENOENT",
    "type_into_a_terminal, EPERM",
    "sysfs, ENOENT",
    "control_groups, ENOENT",
    "freeze_the_file_system, EPERM",
    "shut_the_file_system_down, EPERM|ENOTTY",
    "grow_the_file_system, EPERM|ENOTTY",
    "trim_the_disk, EPERM",
    "immutable_file, EPERM|ENOTTY",
  })
  void devicesAndFileSystemsAreOutOfReach(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "write_the_code, EROFS",
    "change_the_code, EROFS",
    "delete_the_code, EROFS",
    "change_the_codes_mode, EROFS",
    "write_the_bootstrap, EROFS|EACCES",
    "write_layers, EROFS",
    "write_extensions, ENOENT",
    "write_the_root, EROFS",
    "write_usr, EROFS",
    "write_etc, EROFS",
    "write_dev, EROFS",
    "nameless_file_in_usr, EROFS",
    "write_by_opening_again, EACCES",
    "write_by_mapping, EACCES",
    "overwrite_the_interpreter, EACCES",
    "hard_link_to_the_code, EXDEV",
    "hard_link_to_a_setuid_program, EXDEV",
    "move_the_code, EROFS",
    "link_to_the_hosts_files, ENOENT",
    "watch_the_hosts_files, ENOENT",
    "hosts_passwords, ENOENT",
    "servers_credentials, ENOENT",
    "descriptors_it_was_given, EBADF",
  })
  void filesStayAsTheyAre(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "share_another_access_point, ENOENT",
    "share_above, ENOENT",
    "share_of_the_host, ENOENT",
    "share_link_to_the_host, ENOENT",
    "share_setuid_program, EPERM",
    "share_capable_program, EPERM",
    "share_trusted_attribute, EPERM",
    "share_gift_to_root, EPERM|EOVERFLOW",
    "share_gift_to_the_disks_user, EPERM|EINVAL",
    "share_gift_to_a_neighbour, EPERM|EINVAL",
    "share_device, EPERM",
    "share_unmount, EPERM",
    "share_with_setuid, EPERM",
    "share_elsewhere, EPERM",
    "share_by_a_tree, EPERM",
    "share_by_handle, EPERM",
    "share_more_places, EROFS",
    "share_by_another_name, EROFS|EBUSY|EXDEV",
    "share_the_code, EXDEV",
    "share_out_of_it, EXDEV",
    "share_for_ever, EPERM|ENOTTY",
    "share_freeze, EPERM",
    "share_shut_down, EPERM|ENOTTY",
  })
  void sharedFilesLeadNowhere(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "raw_socket, EPERM",
    "packet_socket, EPERM",
    "socket_to_the_hypervisor, EPERM",
    "crypto_socket, EPERM",
    "bluetooth_socket, EPERM",
    "key_socket, EPERM",
    "xdp_socket, EPERM",
    "netlink_audit, EPERM",
    "netlink_netfilter, EPERM",
    "netlink_device_events, EPERM",
    "new_network_device, EPERM",
  })
  void socketsOfOtherKindsAreNotMade(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "hosts_loopback, ECONNREFUSED",
    "hosts_loopback_of_ipv6, ECONNREFUSED|EADDRNOTAVAIL|EAFNOSUPPORT",
    "hosts_address, ECONNREFUSED|ENETUNREACH|EADDRNOTAVAIL",
    "hosts_loopback_through_s3, EINVAL",
    "hosts_address_through_s3, EINVAL",
    "hosts_loopback_as_by_a_proxy, EINVAL",
    "metadata_service, ENETUNREACH",
    "internet, ENETUNREACH",
    "names_by_datagram, ENETUNREACH",
    "names, ENETUNREACH",
    "broadcast, ENETUNREACH",
    "take_the_runtime_api, EADDRINUSE",
    "extension_out_of_time, EACCES",
    "events_of_an_extension, EACCES",
    "telemetry_to_the_host, EACCES",
    "privileged_port, EACCES",
    "hosts_abstract_socket, ECONNREFUSED",
    "hosts_socket, ENOENT",
  })
  void nothingIsReachedByNetwork(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "neighbours_port, ECONNREFUSED",
    "neighbours_abstract_socket, ECONNREFUSED",
    "neighbours_shared_memory, ENOENT",
    "neighbours_message_queue, ENOENT|ENOSYS",
    "neighbours_file, ENOENT",
    "neighbours_processes, ESRCH",
    "neighbours_user, EPERM",
  })
  void otherEnvironmentsAreOutOfReach(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @CsvSource({
    "huge_file, ENOSPC",
    "memory_of_pipes, EPERM",
    "slow_requests, ECONNRESET",
    "requests_without_reading, EAGAIN",
  })
  void whatIsTooMuchIsRefused(String attempt, String refusal) {
    refused(attempt, refusal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"memory_of_a_nameless_file", "memory_of_sockets"})
  void memoryInOtherFormsCountsToo(String attempt) {
    Invoked answer = attempt(hostile, attempt);
    if (answer.error() == null) {
      // What so many sockets can hold may be less than the function's memory.
      assertThat(answer.json().path("refused").asText()).isEqualTo("EMFILE");
    } else {
      assertThat(answer.errorType()).isEqualTo("Runtime.ExitError");
      assertThat(answer.errorMessage()).endsWith("signal: killed");
    }
  }

  @Test
  void anAnswerWithoutAnEndIsCutOff() {
    assertThat(attempt(hostile, "endless_answer").errorType())
        .isEqualTo("Function.ResponseSizeTooLarge");
  }

  @Test
  void everyAttemptIsMade() throws IOException {
    String test =
        Zip.read(
            Places.root()
                .resolve(
                    "acceptance/src/test/java/dev/lambic/acceptance"
                        + "/HostileFunctionTest.java"));
    String attempts =
        FILES.stream().map(file -> Zip.read(Places.function(file))).reduce("", String::concat);
    List<String> names =
        Pattern.compile("(?m)^def try_(\\w+)")
            .matcher(attempts)
            .results()
            .map(match -> match.group(1))
            .toList();
    assertThat(names).hasSizeGreaterThan(150).doesNotHaveDuplicates();
    assertThat(names).allMatch(name -> test.contains('"' + name), "is in a list of this class");
  }
}
