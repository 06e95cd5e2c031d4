# Fails in the way that the event asks for, in as few words as in the other languages.

def handler(event:, context:)
  case event['do']
  when 'throw' then raise 'no luck'
  when 'name' then nil.luck
  when 'marshal' then "\xFF"
  when 'large' then 'x' * (7 << 20)
  when 'exit' then exit(3)
  when 'exit_now' then exit!(3)
  when 'silent' then exit!(0)
  when 'kill' then Process.kill(:KILL, $$) && sleep
  when 'memory' then Array.new(1000) { 'x' * (8 << 20) }
  when 'spin' then loop {}
  else 'well'
  end
end
