# frozen_string_literal: true

# The least that can call a Ruby handler over HTTP: one process, one connection, no isolation.
#
# Connects to the port of 127.0.0.1 that the only argument names and answers what is asked there.

require 'json'
require 'socket'
require_relative 'hello'

connection = TCPSocket.new('127.0.0.1', ARGV.fetch(0).to_i)
connection.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
connection.sync = true
buffer = String.new(encoding: Encoding::BINARY)
begin
  loop do
    buffer << connection.readpartial(65_536) until (finish = buffer.index("\r\n\r\n"))
    whole = finish + 4 + buffer[0, finish].downcase[/\r\ncontent-length:(.*)/, 1].to_i
    buffer << connection.readpartial(65_536) while buffer.bytesize < whole
    event = buffer.slice!(0, whole)[(finish + 4)..].force_encoding(Encoding::UTF_8)
    body = handler(event: JSON.parse(event), context: nil).to_json
    connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
                     "Content-Length: #{body.bytesize}\r\n\r\n#{body}")
  end
rescue EOFError
  exit
end
