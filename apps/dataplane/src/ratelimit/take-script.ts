// The script that takes tokens in Redis: all buckets of a request in one step, by the clock of Redis alone.

/**
 * KEYS: buckets. ARGV: hits; then for each bucket the microseconds of one token and those of all. A bucket is the time
 * at which it will be full, as in packages/traffic; one that is full needs no key and expires. Answers four numbers for each:
 * taken, remaining, microseconds to wait, microseconds until full.
 */
export const TAKE_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local hits = tonumber(ARGV[1])
local fullAt, fits = {}, true
for i, key in ipairs(KEYS) do
  local full = tonumber(redis.call('GET', key) or '0')
  if full < now then full = now end
  fullAt[i] = full
  if full + tonumber(ARGV[2 * i]) * hits - now > tonumber(ARGV[2 * i + 1]) + 1 then fits = false end
end
local answer = {}
for i, key in ipairs(KEYS) do
  local one, size = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local full = fullAt[i]
  local over = full + one * hits - now - size
  if fits then
    full = full + one * hits
    redis.call('SET', key, string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
  end
  local left = math.max(0, math.floor((size - (full - now)) / one + 0.001))
  local taken = 0
  if over <= 1 then taken = 1 end
  answer[#answer + 1] = taken
  answer[#answer + 1] = left
  answer[#answer + 1] = math.max(0, math.ceil(over))
  answer[#answer + 1] = math.max(0, math.ceil(full - now))
end
return answer
`;
