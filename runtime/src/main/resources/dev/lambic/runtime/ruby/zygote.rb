# frozen_string_literal: true

# Turns the interpreter into one that forks itself into the environments of functions: it loads what
# the managed runtime has loaded before a function's code, then forks whenever the server asks.
#
# The fork is Ruby's own, with all that belongs to it: a library that is loaded before the C library
# is the one whose fork Ruby calls, and makes it in the sandbox.

require 'net/http'

module LambicRuntime
  # Forks this process.
  module Zygote
    LIBRARY = '/mnt/forking.so'

    class << self
      # Returns in each fork; ends the process when nobody asks for forks any more.
      def serve
        before = descriptors
        require LIBRARY
        $LOADED_FEATURES.delete(LIBRARY)
        settle_memory
        exit!(3) unless Thread.list.size == 1 && descriptors == before
        $stdout.syswrite("ready \n")
        loop do
          exit!(0) unless await.zero?
          break if fork.nil?

          exit!(0) unless answer.zero?
        end
        renew
      end

      private

      # Those that are open, but for the one that is needed to find out.
      def descriptors
        names = Dir.children('/proc/self/fd')
        names.select { |name| File.symlink?("/proc/self/fd/#{name}") }.sort
      end

      # What has grown old is not moved or marked any more, so that forks share it for long.
      def settle_memory
        return Process.warmup if Process.respond_to?(:warmup)

        4.times { GC.start }
      end

      # Makes all random state this process's own; Ruby itself has done so for the default generator.
      def renew
        ObjectSpace.each_object(Random) { |generator| generator.__send__(:initialize) }
        Random.srand
      end
    end
  end

  Zygote.serve
  remove_const(:Zygote)
end
