-- For wrk. Arguments: a file of paths, one a line, and `zipf` or `cycle`. Without them, wrk sends the path
-- of its URL. Prints the result as JSON.

local function load_requests(file)
  local requests = {}
  for path in io.lines(file) do
    requests[#requests + 1] = wrk.format("GET", path)
  end
  return requests
end

-- The item of rank r is drawn with a probability in proportion to 1 / r.
local function draw_by_rank(requests)
  local cumulative, total = {}, 0
  for rank = 1, #requests do
    total = total + 1 / rank
    cumulative[rank] = total
  end
  return function()
    local drawn, low, high = math.random() * total, 1, #requests
    while low < high do
      local middle = math.floor((low + high) / 2)
      if cumulative[middle] < drawn then low = middle + 1 else high = middle end
    end
    return requests[low]
  end
end

local function cycle(requests)
  local position = 0
  return function()
    position = position % #requests + 1
    return requests[position]
  end
end

function init(args)
  if args[1] then
    -- Else every round would draw the same paths.
    math.randomseed(os.time())
    local requests = load_requests(args[1])
    request = args[2] == "zipf" and draw_by_rank(requests) or cycle(requests)
  end
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p95_ms": %.3f, "max_ms": %.3f, "failures": %d}',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency.max / 1e3, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
