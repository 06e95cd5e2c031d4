# Tells about the environment that it runs in, and does what the event asks for.

require 'vendored'
require 'fileutils'

LOADED_AT = "#{Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)}-#{Process.pid}"
$calls = 0

# Functions may be methods of modules.
module Probe
  def self.handler(event:, context:)
    $calls += 1
    send("do_#{event['do']}", event, context)
  end

  def self.do_echo(event, _context)
    event
  end

  def self.do_identity(_event, _context)
    { loaded: LOADED_AT, calls: $calls }
  end

  def self.do_introspect(_event, context)
    names = %i[aws_request_id function_name function_version invoked_function_arn log_group_name
               log_stream_name memory_limit_in_mb]
    { context: names.to_h { |name| [name, context.public_send(name)] }
                    .merge(remaining: context.get_remaining_time_in_millis),
      environment: ENV.to_h, directory: Dir.pwd, vendored: VENDORED,
      user: Process.uid, encoding: Encoding.default_external.name, version: RUBY_VERSION }
  end

  def self.do_libraries(_event, _context)
    require 'openssl'
    require 'net/http'
    require 'yaml'
    require 'set'
    require 'digest'
    FileUtils.mkdir_p('/tmp/made')
    [Digest::SHA256.hexdigest('x')[0, 8], { 'a' => [1] }.to_yaml, OpenSSL::Digest.new('SHA256').name]
  end

  def self.do_log(_event, context)
    puts "printed\nin two lines"
    Logger.new($stdout).info('logged')
    warn 'to stderr'
    context.aws_request_id
  end
end
