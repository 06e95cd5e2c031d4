// The least that can call a Node.js handler over HTTP: one process, one connection, no isolation.
//
// Connects to the port of 127.0.0.1 that the only argument names and answers what is asked there.
"use strict";

const net = require("node:net");
const { handler } = require("./hello.js");

const connection = net.connect({ host: "127.0.0.1", port: Number(process.argv[2]), noDelay: true });
let buffer = Buffer.alloc(0);

connection.on("data", async (data) => {
  buffer = buffer.length === 0 ? data : Buffer.concat([buffer, data]);
  const end = buffer.indexOf("\r\n\r\n");
  if (end < 0) {
    return;
  }
  const head = buffer.toString("latin1", 0, end).toLowerCase();
  const at = head.indexOf("\r\ncontent-length:") + 17;
  const whole = end + 4 + parseInt(head.slice(at), 10);
  if (buffer.length < whole) {
    return;
  }
  if (head.startsWith("post /stream ")) {
    buffer = buffer.subarray(whole);
    connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
    setTimeout(() => connection.write("4\r\nlast\r\n0\r\n\r\n"), 5);
    return;
  }
  const event = JSON.parse(buffer.toString("utf8", end + 4, whole));
  buffer = buffer.subarray(whole);
  const body = JSON.stringify(await handler(event));
  connection.write(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
});
connection.on("close", () => process.exit(0));
connection.on("error", () => process.exit(1));
