"""The least that can call a Python handler over HTTP: one process, one connection, no isolation.

Connects to the port of 127.0.0.1 that the only argument names and answers what is asked there.
"""

import _socket
import json
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from hello import handler


def main():
    connection = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    connection.connect(("127.0.0.1", int(sys.argv[1])))
    connection.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
    buffer = b""
    while True:
        end = buffer.find(b"\r\n\r\n")
        while end < 0:
            part = connection.recv(65536)
            if not part:
                return
            buffer += part
            end = buffer.find(b"\r\n\r\n")
        head = buffer[:end].lower()
        at = head.index(b"\r\ncontent-length:") + 17
        whole = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
        while len(buffer) < whole:
            buffer += connection.recv(65536)
        body = json.dumps(handler(json.loads(buffer[end + 4:whole]), None)).encode()
        buffer = buffer[whole:]
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (len(body), body)
        )


main()
