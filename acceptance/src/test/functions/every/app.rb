# What ./lambic test runtimes asks of every Ruby.

module App
  def self.handler(event:, context:)
    send("do_#{event['do']}", event)
  end

  def self.do_version(_event)
    "ruby#{RUBY_VERSION[/\d+\.\d+/]}"
  end

  def self.do_echo(event)
    event['value']
  end

  def self.do_fail(_event)
    raise ArgumentError, 'no luck'
  end

  def self.do_environment(_event)
    ENV.to_h
  end

  def self.do_libraries(_event)
    require 'digest'
    require 'net/http'
    require 'openssl'
    require 'yaml'
    require 'zlib'
    [{ 'a' => [21] }.to_yaml[/\d+/].to_i, Digest::SHA256.hexdigest('x')[0, 8], OpenSSL::Digest.new('SHA256').name]
  end

  def self.do_shell(_event)
    puts 'printed'
    `sh -c 'echo hello | sed s/h/j/'`.strip
  end
end
