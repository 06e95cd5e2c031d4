# frozen_string_literal: true

# Makes a process that was started without a function one that was started for it: it waits for the
# function's variables, and sees whether what it has loaded is what a start would have loaded.

# The managed runtimes have loaded it before a function's code.
require 'net/http'

module LambicRuntime
  # What has been loaded before there was a function.
  class Loaded
    def initialize
      @command = File.binread('/proc/self/cmdline').split("\0")
      @gem_directories = Gem.path
      @gems = Gem.loaded_specs.keys
      @features = $LOADED_FEATURES.map { |file| required_as(file) }.group_by { |name| top(name) }
    end

    # Whether neither the function nor its layers have a file or a gem of such a name. They would
    # come first, and have other versions.
    def what_a_start_would_load?
      return false if ENV.fetch('RUBYLIB', '').split(':').any? { |directory| hides_features?(directory) }

      (Gem.path - @gem_directories).concat(function_gems).none? do |directory|
        children("#{directory}/specifications").any? { |name| @gems.include?(name[/\A(.+?)-\d/, 1]) }
      end
    end

    # Executes the program anew, as it would have been started for the function.
    def start_anew(variables)
      program, *arguments = @command
      exec(variables, [program, program], *arguments, unsetenv_others: true)
    end

    private

    # Those directories of before that only the function or its layers can have filled.
    def function_gems
      @gem_directories.grep(%r{\A/(var/task|opt)(/|\z)})
    end

    def children(directory)
      Dir.children(directory)
    rescue SystemCallError
      []
    end

    def hides_features?(directory)
      children(directory).any? do |child|
        @features[top(child)]&.any? do |name|
          %w[rb so].any? { |ending| File.file?("#{directory}/#{name}.#{ending}") }
        end
      end
    end

    # The name by which a file is required, if it lies in the path for that.
    def required_as(file)
      root = $LOAD_PATH.select { |directory| file.start_with?("#{directory}/") }.max_by(&:size)
      (root ? file[(root.size + 1)..] : file).sub(/\.(rb|so)\z/, '')
    end

    def top(name)
      name[%r{\A[^./]+}]
    end
  end

  LOADED = Loaded.new

  # Asks whose process this is, and becomes that.
  def self.bind(api)
    block = api.ask_for_binding
    variables = block.split("\0").to_h { |pair| pair.split('=', 2) }
    ENV.clear
    variables.each { |name, value| ENV[name] = value }
    # The function's code lies over what was there.
    Dir.chdir('/var/task')
    forget_gems
    find_own
    LOADED.start_anew(variables) unless LOADED.what_a_start_would_load?
    show(block)
    clean_up
  end

  # What is known of places that the variables tell.
  def self.forget_gems
    Gem.clear_paths
    %i[@user_home @data_home @config_home @config_file @cache_home @state_home @state_file
       @spec_cache_dir @configuration].each do |name|
      Gem.remove_instance_variable(name) if Gem.instance_variable_defined?(name)
    end
  end

  # Lets /proc show the variables where those lie that the process was started with.
  def self.show(block)
    fields = File.binread('/proc/self/stat').rpartition(')').last.split
    start = fields[47].to_i
    length = fields[48].to_i - start
    File.open('/proc/self/mem', 'r+b') do |memory|
      memory.pwrite(block.b.ljust(length, "\0")[0, length], start)
    end
  rescue SystemCallError
    # It is for those who look from outside only.
    nil
  end

  def self.clean_up
    singleton_class.class_eval { %i[bind forget_gems show clean_up].each { |name| remove_method(name) } }
    %i[LOADED Loaded].each { |name| remove_const(name) }
  end
end
