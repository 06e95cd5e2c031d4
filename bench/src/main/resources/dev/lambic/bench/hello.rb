# frozen_string_literal: true

$calls = 0

def handler(event:, context:)
  start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
  $calls += 1
  answer = { hello: event['name'], calls: $calls }
  answer[:version] = RUBY_DESCRIPTION if event['name'] == 'version'
  sleep(event['hold'] / 1000.0) if event.key?('hold')
  answer[:at] = start
  answer[:nanos] = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start
  answer
end
