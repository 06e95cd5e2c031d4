# frozen_string_literal: true

# Runs a Ruby handler: takes events from the Runtime API and gives it the results.
#
# Follows the Runtime API 2018-06-01 and the behaviour of the managed Ruby runtimes. It speaks HTTP
# over a plain socket, so that a result and the wish for the next event are one write.

module LambicRuntime
  # To be called before anything is loaded that a function may have of its own.
  def self.find_own
    # It has made the variables' text UTF-8 at the start; on AWS another locale does that.
    ENV.delete('LC_CTYPE') if ENV['LC_CTYPE'] == 'C.UTF-8'

    # A function's own files come before the standard library, wherever that lies.
    ENV.fetch('RUBYLIB', '').split(':').reverse_each do |directory|
      $LOAD_PATH.delete(directory)
      $LOAD_PATH.unshift(directory)
    end

    # Gems that come with the interpreter are found after those of the function and of its layers.
    Gem.paths = { 'GEM_HOME' => ENV['GEM_HOME'],
                  'GEM_PATH' => (Gem.path + Gem.default_path - [Gem.user_dir]).join(File::PATH_SEPARATOR) }
  end
end

LambicRuntime.find_own

require 'json'
require 'socket'
require 'stringio'
require 'logger'

# Those of the managed runtimes have loaded them already.
autoload :Net, 'net/http'
autoload :URI, 'uri'

$stdout.sync = true
$stderr.sync = true
$_global_aws_request_id = nil

module LambicRuntime
  API = '/2018-06-01/runtime/'
  # Says that the next request follows at once, and that nobody waits for the answer to this one alone.
  AND_NEXT = '?next'
  MAX_RESPONSE = 6 * 1024 * 1024 + 100

  # The Runtime API gave an answer that leaves nothing to do but to end.
  class ApiError < StandardError
  end

  # An event as it came: its headers, whatever their case, and its body.
  class Request
    attr_reader :status, :body

    def initialize(status, headers, body)
      @status = status
      @headers = headers
      @body = body
    end

    def [](name)
      @headers[name.downcase]
    end
  end

  # One kept-alive connection to the Runtime API.
  class Api
    def initialize(address)
      @host = address
      @buffer = String.new(encoding: Encoding::BINARY)
      @chunk = String.new(capacity: 65_536, encoding: Encoding::BINARY)
    end

    def next_request
      "GET #{API}invocation/next HTTP/1.1\r\nHost: #{@host}\r\n\r\n".b
    end

    def post_request(path, body, content_type, error_type = nil)
      kind = error_type ? "Lambda-Runtime-Function-Error-Type: #{safe(error_type)}\r\n" : ''
      head = "POST #{API}#{path} HTTP/1.1\r\nHost: #{@host}\r\nContent-Type: #{content_type}\r\n" \
             "#{kind}Content-Length: #{body.bytesize}\r\n\r\n"
      head.b << body.b
    end

    def send(data)
      @socket ||= connect
      @socket.write(data)
    end

    def receive
      fill until (finish = @buffer.index("\r\n\r\n"))
      lines = @buffer.slice!(0, finish + 4).split("\r\n")
      headers = {}
      lines.drop(1).each do |line|
        name, value = line.split(':', 2)
        headers[name.downcase] = value.strip.force_encoding(Encoding::UTF_8)
      end
      length = headers['content-length'].to_i
      fill while @buffer.bytesize < length
      body = @buffer.slice!(0, length).force_encoding(Encoding::UTF_8)
      Request.new(lines.first.split(' ')[1].to_i, headers, body)
    end

    # The environment variables of the function that this process becomes; waits for it.
    def ask_for_binding
      send("GET /lambic/binding HTTP/1.1\r\nHost: #{@host}\r\n\r\n".b)
      answer = receive
      raise ApiError, "the Runtime API answered #{answer.status}" unless answer.status == 200

      answer.body
    end

    private

    def connect
      host, _, port = @host.rpartition(':')
      socket = TCPSocket.new(host, port.to_i)
      socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
      socket.sync = true
      socket
    end

    def fill
      @buffer << @socket.readpartial(65_536, @chunk)
    rescue EOFError, SystemCallError
      raise ApiError, 'the Runtime API closed the connection'
    end

    def safe(text)
      text.to_s.b.gsub(/[^ -~]/n, '?')
    end
  end

  # A failure as the caller and the log are told of it.
  class Failure
    # The only types that the platform is told of by name.
    NAMED = %w[
      ArgumentError NoMethodError Exception StandardError NameError LoadError SystemExit SystemStackError
    ].freeze

    def initialize(error, classification = 'Function')
      @error = error
      @type = "#{classification}<#{error.class}>"
    end

    # Whether the process has to end after it.
    def critical?
      @error.is_a?(NameError) || !@error.is_a?(StandardError)
    end

    def platform_type
      NAMED.include?(@error.class.to_s) ? @type : 'Function<UserException>'
    end

    def body
      { errorMessage: text(message), errorType: text(@type), stackTrace: stack }
    end

    def log(head)
      LambicRuntime.log("#{head}\n#{JSON.pretty_generate(body)}")
    rescue StandardError
      # The function may have closed or replaced its output; the caller is told all the same.
      nil
    end

    private

    def message
      @error.message
    rescue StandardError => e
      "#{e.class} in message"
    end

    # The frames of the function, without those of this file.
    def stack
      places = @error.backtrace_locations || @error.backtrace || []
      places.first(100).map(&:to_s).take_while { |line| !line.start_with?("#{__FILE__}:") }.map { |line| text(line) }
    end

    def text(value)
      value.to_s.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub('?')
    end
  end

  # Writes an event of the log: what it has more lines of ends them with carriage returns.
  def self.log(text)
    $stdout.write("#{text.chomp.gsub("\n", "\r")}\n")
  end

  # Every `puts` is one event of the log, however many lines it has.
  module OneEvent
    private

    def puts(*values)
      text = values.flatten.map { |value| value.to_s.encode(Encoding::UTF_8) }.join("\n")
      LambicRuntime.log(text)
      nil
    end
  end

  # Lines of a logger that tell of the request.
  class LogFormatter < Logger::Formatter
    FORMAT = '%<letter>s, [%<time>s #%<pid>d] %<severity>5s %<request>s -- %<name>s: %<text>s'

    def call(severity, time, name, message)
      parts = { letter: severity[0], time: format_datetime(time), pid: $$, severity: severity,
                request: $_global_aws_request_id, name: name, text: msg2str(message) }
      (FORMAT % parts).encode(Encoding::UTF_8)
    end
  end

  # Where the loggers of standard output and standard error write.
  class LogSink
    def write(text)
      LambicRuntime.log(text)
    end

    def close; end
  end

  # Gives loggers of standard output and standard error the form of the managed runtimes.
  module Loggers
    def initialize(device = nil, *rest, **options)
      if device.nil? || device == $stdout || device == $stderr
        device = LogSink.new
        options[:formatter] ||= LogFormatter.new
      end
      super(device, *rest, **options)
    end
  end
end

Object.include(LambicRuntime::OneEvent)
Logger.prepend(LambicRuntime::Loggers)

# What a handler is told of its invocation.
class LambdaContext
  attr_reader :aws_request_id, :invoked_function_arn, :log_group_name, :log_stream_name,
              :function_name, :memory_limit_in_mb, :function_version, :identity, :tenant_id,
              :client_context, :deadline_ms

  def initialize(request)
    @deadline_ms = request['Lambda-Runtime-Deadline-Ms'].to_i
    @aws_request_id = request['Lambda-Runtime-Aws-Request-Id']
    @invoked_function_arn = request['Lambda-Runtime-Invoked-Function-Arn']
    @log_group_name = ENV['AWS_LAMBDA_LOG_GROUP_NAME']
    @log_stream_name = ENV['AWS_LAMBDA_LOG_STREAM_NAME']
    @function_name = ENV['AWS_LAMBDA_FUNCTION_NAME']
    @memory_limit_in_mb = ENV['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
    @function_version = ENV['AWS_LAMBDA_FUNCTION_VERSION']
    @identity = parsed(request['Lambda-Runtime-Cognito-Identity'])
    @client_context = parsed(request['Lambda-Runtime-Client-Context'])
    tenant = request['Lambda-Runtime-Aws-Tenant-Id'].to_s
    @tenant_id = tenant unless tenant.empty?
  end

  def get_remaining_time_in_millis
    [@deadline_ms - Process.clock_gettime(Process::CLOCK_REALTIME, :millisecond), 0].max
  end

  private

  def parsed(text)
    JSON.parse(text) unless text.to_s.empty?
  end
end

module AwsLambda
  # Turns what comes into events, and what handlers give into bytes. Functions may replace both.
  class Marshaller
    class << self
      def marshall_request(raw_request)
        raw_request['Content-Type'] == 'application/json' ? JSON.parse(raw_request.body) : raw_request.body
      end

      # What is to be sent, and of which type if it is no JSON.
      def marshall_response(method_response)
        case method_response
        when StringIO, IO
          [method_response, 'application/unknown']
        else
          method_response.to_json
        end
      end
    end
  end
end

# The function's code: a file, and a method of it or of a class in it.
class LambdaHandler
  attr_reader :handler_file_name, :handler_method_name

  def initialize(env_handler:)
    parts = env_handler.split('.')
    unless [2, 3].include?(parts.size)
      raise ArgumentError,
            "Invalid handler #{parts}, must be of form FILENAME.METHOD or FILENAME.CLASS.METHOD where " \
            'FILENAME corresponds with an existing Ruby source file FILENAME.rb, CLASS is an optional ' \
            'module/class namespace and METHOD is a callable method. If using CLASS, METHOD must be a ' \
            'class-level method.'
    end
    @handler_file_name = parts.first
    @handler_class = parts[1] if parts.size == 3
    @handler_method_name = parts.last
  end

  def call_handler(request:, context:)
    result =
      if @handler_class
        Kernel.const_get(@handler_class).send(@handler_method_name, event: request, context: context)
      else
        __send__(@handler_method_name, event: request, context: context)
      end
    AwsLambda::Marshaller.marshall_response(result)
  end
end

module LambicRuntime
  # Takes events and gives results until the process has to end.
  class Loop
    def initialize(api)
      @api = api
    end

    # The exit code of the process; it only comes when something has failed.
    def run
      handler = LambdaHandler.new(env_handler: ENV.fetch('_HANDLER', ''))
      directory = ENV.fetch('LAMBDA_TASK_ROOT', '/var/task')
      $LOAD_PATH.unshift(directory) unless $LOAD_PATH.include?(directory)
      require handler.handler_file_name
      @api.send(@api.next_request)
      serve(handler)
    rescue ApiError, SignalException
      raise
    rescue Exception => e # rubocop:disable Lint/RescueException -- whatever it is, the platform is told
      init_error(e)
      252
    end

    private

    def init_error(error)
      failure = Failure.new(error, 'Init')
      failure.log('Init error when loading handler ')
      @api.send(@api.post_request('init/error', failure.body.to_json, 'application/json', failure.platform_type))
      @api.receive
    end

    def serve(handler)
      loop do
        request = @api.receive
        raise ApiError, "the Runtime API answered #{request.status}" unless request.status == 200

        answer, over = invoke(handler, request)
        # The result and the wish for the next event travel together: one write, one wake-up.
        @api.send(over ? answer : answer << @api.next_request)
        reply = @api.receive
        return 255 if over

        # Somebody else of this environment has answered. The next event is on its way already and
        # has nothing to do with that.
        $stderr.write("[WARN] The result was refused with #{reply.status}\n") unless reply.status == 202
      end
    end

    # What to send, and whether the process has to end then.
    def invoke(handler, request)
      id = request['Lambda-Runtime-Aws-Request-Id']
      $_global_aws_request_id = id
      ENV['_X_AMZN_TRACE_ID'] = request['Lambda-Runtime-Trace-Id']
      event = AwsLambda::Marshaller.marshall_request(request)
      context = LambdaContext.new(request)
      begin
        result, type = handler.call_handler(request: event, context: context)
        result = result.read if type == 'application/unknown'
        [response("invocation/#{id}", result, type), false]
      rescue Exception => e # rubocop:disable Lint/RescueException -- the caller is told of all of them
        failure = Failure.new(e)
        failure.log(failure.critical? ? 'Critical exception from handler' : 'Error raised from handler method')
        [error("invocation/#{id}", failure.body.to_json, failure.platform_type), failure.critical?]
      end
    end

    def response(path, data, type)
      return too_large(path, data) if data.bytesize > MAX_RESPONSE

      @api.post_request("#{path}/response#{AND_NEXT}", data, type || 'application/json')
    end

    def error(path, data, type)
      return too_large(path, data) if data.bytesize > MAX_RESPONSE

      @api.post_request("#{path}/error#{AND_NEXT}", data, 'application/json', type)
    end

    # What Lambda would answer, without sending what it would refuse.
    def too_large(path, data)
      type = 'Function.ResponseSizeTooLarge'
      body = { errorType: type,
               errorMessage: "Response payload size (#{data.bytesize} bytes) exceeded maximum allowed payload " \
                             "size (#{MAX_RESPONSE} bytes)." }
      @api.post_request("#{path}/error#{AND_NEXT}", body.to_json, 'application/json', type)
    end
  end
end

module LambicRuntime
  def self.run
    api = Api.new(ENV.fetch('AWS_LAMBDA_RUNTIME_API'))
    if ENV.key?('LAMBIC_BINDING')
      load "#{__dir__}/binding.rb"
      load "#{__dir__}/zygote.rb" if ENV.key?('LAMBIC_ZYGOTE')
      bind(api)
    end
    Loop.new(api).run
  end
end

exit(LambicRuntime.run)
