"""What the Redis server does in one step, in Lua.

Every entry is kept as eight bytes that change with each write, then its value. Beside the entries stand their times of
writing and expiry, their sizes and the sums of them, so that nothing has to be searched.
"""

from __future__ import annotations

SPACE = "{mde-files}:"
CLOCK, EXPIRES, WRITTEN, SIZES, TOTALS = KEYS = tuple(
    SPACE + name for name in ("clock", "expires", "written", "sizes", "totals")
)
ENTRY = SPACE + "entry:"

# KEYS: the five above, then the entry's. ARGV[1] is the ceiling: the latest time the caller's own clock finds possible.
_COMMON = """
local clock, expires, written, sizes, totals = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local space = '{mde-files}:entry:'

local function moment()
  local time = redis.call('TIME')
  local server = time[1] * 1000000 + time[2]
  local kept = redis.call('HMGET', clock, 'shift', 'seen')
  local seen = tonumber(kept[2] or '0')
  local plain = server + tonumber(kept[1] or '0')
  local now, ceiling = plain, tonumber(ARGV[1])
  if ceiling > 0 and now > ceiling then now = ceiling end
  if now < seen then now = seen end
  if now ~= plain then redis.call('HSET', clock, 'shift', string.format('%.0f', now - server)) end
  return now
end

local function text(number) return string.format('%.0f', number) end
local function group(name) return string.match(name, '^[^/]*') end
local function under(name, prefix) return string.sub(name, 1, #prefix) == prefix end

local function forget(name)
  local size = redis.call('HGET', sizes, name)
  if size then
    -- First what a server without memory allows: the rest of a script that has begun to write is allowed, too.
    redis.call('DEL', space .. name)
    redis.call('HDEL', sizes, name)
    redis.call('ZREM', expires, name)
    redis.call('ZREM', written, name)
    redis.call('HINCRBY', totals, group(name), -size)
  end
end

local function sweep(now, most)
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', expires, '-inf', text(now), 'LIMIT', 0, most)) do forget(name) end
end

local function current(name, now)
  local due = redis.call('ZSCORE', expires, name)
  if not due or tonumber(due) <= now then return false end
  return redis.call('GET', KEYS[6])
end
"""

# ARGV: ceiling, name. Returns the entry and the time.
READ = (
    _COMMON
    + """
local now = moment()
return {current(ARGV[2], now), text(now)}
"""
)

# ARGV: ceiling, name, expected mark, new entry (empty: remove), microseconds to keep, bytes it counts for, milliseconds
# after which the server forgets it whatever its clock did. Returns 1, or 0 with the entry and the time.
SWAP = (
    _COMMON
    + """
local now, name = moment(), ARGV[2]
local entry = current(name, now)
local mark = entry and string.sub(entry, 1, 8) or ''
if mark ~= ARGV[3] then return {0, entry, text(now)} end
sweep(now, 20)
forget(name)
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[6], ARGV[4], 'PX', ARGV[7])
  redis.call('ZADD', expires, text(now + ARGV[5]), name)
  redis.call('ZADD', written, text(now), name)
  redis.call('HSET', sizes, name, ARGV[6])
  redis.call('HINCRBY', totals, group(name), ARGV[6])
end
redis.call('HSET', clock, 'seen', text(now))
return {1}
"""
)

# ARGV: ceiling. Returns the time.
TIME = _COMMON + "return text(moment())"

# ARGV: ceiling, prefix, most entries to remove in this step.
PURGE = (
    _COMMON
    + """
local removed, most = 0, tonumber(ARGV[3])
for _, name in ipairs(redis.call('HKEYS', sizes)) do
  if removed == most then break end
  if under(name, ARGV[2]) then forget(name); removed = removed + 1 end
end
return removed
"""
)

# ARGV: ceiling, prefix.
SIZE = (
    _COMMON
    + """
sweep(moment(), -1)
local count, sum, all = 0, 0, redis.call('HGETALL', sizes)
for at = 1, #all, 2 do
  if under(all[at], ARGV[2]) then count = count + 1; sum = sum + all[at + 1] end
end
return {count, sum}
"""
)

# ARGV: ceiling, prefix, most bytes, bytes to go down to, most entries to remove in this step.
EVICT = (
    _COMMON
    + """
local prefix = ARGV[2]
local most, target = tonumber(ARGV[3]), tonumber(ARGV[4])
local total = tonumber(redis.call('HGET', totals, group(prefix)) or '0')
if string.find(prefix, '/', 1, true) and total <= most then return 0 end
sweep(moment(), -1)
local sum, all = 0, redis.call('HGETALL', sizes)
for at = 1, #all, 2 do if under(all[at], prefix) then sum = sum + all[at + 1] end end
if sum <= most then return 0 end
local removed, step = 0, tonumber(ARGV[5])
for _, name in ipairs(redis.call('ZRANGE', written, 0, -1)) do
  if sum <= target or removed == step then break end
  if under(name, prefix) then
    sum = sum - redis.call('HGET', sizes, name)
    forget(name)
    removed = removed + 1
  end
end
return removed
"""
)
