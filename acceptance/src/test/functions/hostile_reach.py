"""Attempts to reach the host and other environments, and to take more than there is."""

import errno
import fcntl
import os
import socket
import struct

from hostile_calls import call, refuse, write


# --- networks and sockets ---

def family(number, kind=socket.SOCK_DGRAM, protocol=0):
    with socket.socket(number, kind, protocol):
        return f"made a socket of family {number}"


def try_raw_socket(event):
    return family(socket.AF_INET, socket.SOCK_RAW, 1)


def try_packet_socket(event):
    return family(17, socket.SOCK_RAW)


def try_socket_to_the_hypervisor(event):
    return family(40, socket.SOCK_STREAM)


def try_crypto_socket(event):
    return family(38, socket.SOCK_SEQPACKET)


def try_bluetooth_socket(event):
    return family(31, socket.SOCK_RAW)


def try_key_socket(event):
    return family(15, socket.SOCK_RAW, 2)


def try_xdp_socket(event):
    return family(44, socket.SOCK_RAW)


def try_netlink_audit(event):
    return family(16, socket.SOCK_RAW, 9)


def try_netlink_netfilter(event):
    return family(16, socket.SOCK_RAW, 12)


def try_netlink_device_events(event):
    return family(16, socket.SOCK_RAW, 15)


def try_new_network_device(event):
    """By routes' netlink, which may be opened: RTM_NEWLINK of a dummy device."""
    with socket.socket(16, socket.SOCK_RAW, 0) as netlink:
        kind = struct.pack("HH", 10, 1) + b"dummy\0\0\0"
        body = struct.pack("BxHiII", 0, 0, 0, 0, 0) + struct.pack("HH", 4 + len(kind), 18) + kind
        netlink.send(struct.pack("IHHII", 16 + len(body), 16, 0x605, 1, 0) + body)
        result = struct.unpack_from("i", netlink.recv(4096), 16)[0]
        return refuse(-result) if result < 0 else "made"


def connect(host, port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as one:
        one.settimeout(5)
        one.connect((host, port))
        return f"connected to {host}:{port}"


def try_hosts_loopback(event):
    return connect("127.0.0.1", event["port"])


def try_hosts_loopback_of_ipv6(event):
    return connect("::1", event["port"])


def try_hosts_address(event):
    return connect(event["address"], event["port"])


def try_metadata_service(event):
    return connect("169.254.169.254", 80)


def try_internet(event):
    return connect("8.8.8.8", 443)


def try_names_by_datagram(event):
    return connect("8.8.8.8", 53, socket.SOCK_DGRAM)


def try_names(event):
    try:
        return socket.getaddrinfo("example.com", 80)
    except socket.gaierror:
        refuse(errno.ENETUNREACH)


def try_broadcast(event):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        return one.sendto(b"x", ("255.255.255.255", 9))


def try_take_the_runtime_api(event):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        one.bind(("127.0.0.1", 9001))
        return one.listen() or "listens"


def try_privileged_port(event):
    with socket.socket() as one:
        return one.bind(("127.0.0.1", 80)) or "bound"


def try_hosts_abstract_socket(event):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect("\0" + event["abstract"]) or "connected"


def try_hosts_socket(event):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect(event["socket"]) or "connected"


def status(port, line, headers="", body=""):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as one:
        head = f"{line} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
        one.sendall((head + body).encode())
        return one.recv(12).decode()


def ask(line, headers="", body=""):
    """A request to the environment's own port; a refusal of the server is one too."""
    answer = status(9001, line, headers, body)
    return refuse(errno.EACCES) if " 4" in answer else answer


def through_s3(target):
    """The server passes requests for S3 on: the target would make its own address a password."""
    signature = (
        "X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256"
        " Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00\r\n"
    )
    answer = status(4566, f"GET {target}", signature)
    return refuse(errno.EINVAL) if answer.endswith(" 400") else answer


def try_hosts_loopback_through_s3(event):
    return through_s3(f"@127.0.0.1:{event['port']}/2015-03-31/functions")


def try_hosts_address_through_s3(event):
    return through_s3(f"@{event['address']}:{event['port']}/")


def try_hosts_loopback_as_by_a_proxy(event):
    return through_s3(f"http://127.0.0.1:{event['port']}/")


def try_extension_out_of_time(event):
    name = "Lambda-Extension-Name: hostile\r\n"
    return ask("POST /2020-01-01/extension/register", name, '{"events": ["INVOKE", "SHUTDOWN"]}')


def try_events_of_an_extension(event):
    return ask("GET /2020-01-01/extension/event/next", "Lambda-Extension-Identifier: 00000000-0000-4000-8000-000000000000\r\n")


def try_telemetry_to_the_host(event):
    there = f"http://{event['address']}:{event['port']}"
    wish = '{"schemaVersion": "2022-07-01", "types": ["function"], "destination": {"protocol": "HTTP", "URI": "%s"}}'
    return ask("PUT /2022-07-01/telemetry", "Lambda-Extension-Identifier: 00000000-0000-4000-8000-000000000000\r\n", wish % there)


# --- other environments; `settle` makes one of them ---

def try_live(event):
    return "alive"


def try_settle(event):
    """Keeps things by which another environment could be reached."""
    global listener, abstract, segment
    write("/tmp/neighbour", "secret")
    listener = socket.create_server(("127.0.0.1", 7777))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind("\0neighbour")
    abstract.listen()
    segment = call("shmget", 4242, 4096, 0o1666)
    call("mq_open", "neighbour", 0o100 | os.O_RDWR, 0o666, None)
    return "settled"


def try_neighbours_port(event):
    return connect("127.0.0.1", 7777)


def try_neighbours_abstract_socket(event):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect("\0neighbour") or "connected"


def try_neighbours_shared_memory(event):
    return call("shmget", 4242, 0, 0)


def try_neighbours_message_queue(event):
    return call("mq_open", "neighbour", os.O_RDWR, 0, None)


def try_neighbours_file(event):
    return open("/tmp/neighbour").read()


def try_neighbours_processes(event):
    others = [name for name in os.listdir("/proc") if name.isdigit() and os.stat(f"/proc/{name}").st_uid != os.getuid()]
    return others or refuse(errno.ESRCH)


def try_neighbours_user(event):
    """Only its own ids are mapped, so no file or process can ever be of another environment's user."""
    mapped = [line.split() for line in open("/proc/self/uid_map")]
    if sum(int(count) for _, _, count in mapped) > 2:
        return mapped
    call("setresuid", 0, 0, 0)


# --- more than it may have: here only that it returns matters ---

def try_huge_file(event):
    fd = os.open("/tmp/huge", os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.posix_fallocate(fd, 0, 1 << 40)
        return "allocated"
    finally:
        os.close(fd)
        os.unlink("/tmp/huge")


def try_memory_of_a_nameless_file(event):
    fd = os.memfd_create("x")
    block = bytes(1 << 20)
    for _ in range(4096):
        os.write(fd, block)
    return "written"


def try_memory_of_pipes(event):
    held, block = [], bytes(1 << 20)
    while True:
        reader, writer = os.pipe()
        held.append((reader, writer))
        fcntl.fcntl(writer, 1031, 1 << 20)
        os.set_blocking(writer, False)
        os.write(writer, block)


def try_memory_of_sockets(event):
    held, block = [], bytes(64 << 10)
    while True:
        one, other = socket.socketpair()
        held += [one, other]
        one.setblocking(False)
        try:
            while True:
                one.send(block)
        except BlockingIOError:
            pass


def try_slow_requests(event):
    """Hundreds of requests to the Runtime API that never end: the last ones are not even taken."""
    held = []
    try:
        for _ in range(500):
            held.append(socket.create_connection(("127.0.0.1", 9001), timeout=20))
            held[-1].send(b"POST /2018-06-01/runtime/invocation/x/response HTTP/1.1\r\nContent-Len")
        return "waits" if held[-1].recv(1) else refuse(errno.ECONNRESET)
    except (BrokenPipeError, ConnectionResetError):
        refuse(errno.ECONNRESET)
    finally:
        for one in held:
            one.close()


def try_requests_without_reading(event):
    """Requests without an end whose answers nobody reads."""
    request = b"GET /2018-06-01/runtime/invocation/nothing HTTP/1.1\r\nHost: x\r\n\r\n" * 1000
    with socket.create_connection(("127.0.0.1", 9001), timeout=2) as one:
        sent = 0
        try:
            while sent < 1 << 30:
                sent += one.send(request)
        except TimeoutError:
            refuse(errno.EAGAIN)
    return sent


def try_endless_answer(event):
    """An answer in chunks without an end, for its own invocation."""
    chunk = b"10000\r\n" + bytes(0x10000) + b"\r\n"
    with socket.create_connection(("127.0.0.1", 9001), timeout=5) as one:
        one.send(
            f"POST /2018-06-01/runtime/invocation/{event['id']}/response HTTP/1.1\r\nHost: x\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(16_384):
            one.sendall(chunk)
    return "a gigabyte was taken"
