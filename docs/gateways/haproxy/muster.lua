-- Muster for HAProxy (2.5 or later, built with Lua): asks the collector. Nothing here is to be filled in, and no library is needed.
--
--   http-request lua.muster_clean   removes what a client may not say
--   http-request lua.muster TIER    does so, asks, and answers a refusal by itself; goes on only where the request is let through

local inner = os.getenv("MUSTER_INNER")
local key = os.getenv("MUSTER_GATEWAY_KEY")
if not inner or inner == "" then
  error("MUSTER_INNER is to be the address of the listener muster_collector, such as abns@muster-collector")
end
if not key or not key:match("^mgw_[%w_-]+$") then
  error("MUSTER_GATEWAY_KEY is to be the key of this gateway: mgw_...")
end

-- More than the listener waits, so that it is the listener that gives up. (A client of HAProxy's tries again when it does.)
local TIMEOUT_MS = 5000

-- Of what the client sent, the collector gets these and nothing else.
local ASKED = { "authorization", "dpop", "cookie", "accept", "accept-language", "user-agent" }

-- What the collector says of the device. All are always written, so that none is left of the client's.
local POSTURE = {
  "x-posture-device-id", "x-posture-status", "x-posture-reasons", "x-posture-evaluated-at", "x-posture-expires",
  "x-auth-request-user",
}

-- What of the collector's answer is between it and HAProxy.
local HOP = {
  ["connection"] = true, ["keep-alive"] = true, ["transfer-encoding"] = true, ["content-length"] = true, ["date"] = true,
}

local PAGE = io.open("muster-unavailable.html"):read("a")
local PROBLEM = io.open("muster-unavailable.json"):read("a")

-- A header of HAProxy's: its values in a table that begins at 0.
local function values(headers, name)
  local list = {}
  local found = headers[name]
  if found then
    for index = 0, #found do
      if found[index] ~= nil then list[#list + 1] = found[index] end
    end
  end
  return list
end

-- What nobody but the gateway may say, by how it begins. "_" is read as "-": many an application takes one for the other.
local OURS = { "muster-", "x-posture-", "x-auth-request-", "x-forwarded-", "x-original-", "x-rewrite-", "x-real-" }

local function isOurs(name)
  local plain = name:lower():gsub("_", "-")
  if plain == "forwarded" or plain == "muster" then return true end
  for _, beginning in ipairs(OURS) do
    if plain:sub(1, #beginning) == beginning then return true end
  end
  return false
end

-- Removes all that the client may not say, and tells what it sent besides.
local function cleaned(http)
  for name in pairs(http:req_get_headers()) do
    if isOurs(name) then http:req_del_header(name) end
  end
  local sent = http:req_get_headers()
  -- Only WebSocket may change the protocol. An upgrade to anything else (h2c) would open a tunnel past every check.
  local upgrade = values(sent, "upgrade")
  if #upgrade ~= 1 or upgrade[1]:lower() ~= "websocket" then
    http:req_del_header("upgrade")
    http:req_del_header("http2-settings")
    http:req_del_header("connection")
  end
  return sent
end

-- The cookies of the device check let whoever holds them pass for the laptop: they are for the gateway alone.
local function withoutOurCookies(http, sent)
  http:req_del_header("cookie")
  for _, line in ipairs(values(sent, "cookie")) do
    local kept = {}
    for cookie in line:gmatch("[^;]+") do
      cookie = cookie:match("^%s*(.-)%s*$")
      if cookie ~= "" and not cookie:find("^__Host%-muster%-") then kept[#kept + 1] = cookie end
    end
    if #kept > 0 then http:req_add_header("cookie", table.concat(kept, "; ")) end
  end
end

-- Said when the collector did not answer. The request has not reached the application.
local function unavailable(accept)
  local isPage = accept:lower():find("text/html", 1, true)
  return {
    status = 503,
    headers = {
      ["content-type"] = { isPage and "text/html; charset=utf-8" or "application/problem+json" },
      ["cache-control"] = { "no-store" },
      ["retry-after"] = { "5" },
    },
    body = isPage and PAGE or PROBLEM,
  }
end

-- The collector's own answer: the page for people, the problem for scripts.
local function told(answer)
  local headers = {}
  for name in pairs(answer.headers) do
    if not HOP[name:lower()] then headers[name] = values(answer.headers, name) end
  end
  return { status = answer.status, headers = headers, body = answer.body }
end

-- What was asked for, as HAProxy understood it and not as the client says; and of what the client sent, the headers above.
local function question(fetch, sent)
  local headers = { ["muster-gateway-key"] = { key } }
  local asked = {
    method = fetch:method(),
    proto = fetch:ssl_fc() == "1" and "https" or "http",
    host = fetch:req_fhdr("host"),
    uri = fetch:pathq(),
    ["for"] = fetch:src(),
  }
  -- Twice, for a collector with a proxy before it that writes X-Forwarded-* itself.
  for name, value in pairs(asked) do
    headers["x-forwarded-" .. name] = { value }
    headers["x-original-" .. name] = { value }
  end
  for _, name in ipairs(ASKED) do
    local list = values(sent, name)
    if #list > 0 then headers[name] = list end
  end
  return headers
end

core.register_action("muster_clean", { "http-req" }, function(txn)
  cleaned(txn.http)
end, 0)

core.register_action("muster", { "http-req" }, function(txn, tier)
  local sent = cleaned(txn.http)
  local answer = core.httpclient():get({
    url = "http://muster-collector/v1/forward-auth/" .. tier,
    dst = inner,
    headers = question(txn.sf, sent),
    timeout = TIMEOUT_MS,
  })
  -- Let through: exactly 200, from a server that speaks of posture.
  local posture = answer.headers and values(answer.headers, "x-posture-status")[1] or ""
  if answer.status == 200 and posture ~= "" then
    for _, name in ipairs(POSTURE) do
      txn.http:req_set_header(name, values(answer.headers, name)[1] or "")
    end
    withoutOurCookies(txn.http, sent)
    return
  end
  local isRefused = answer.status == 400 or answer.status == 401 or answer.status == 403
  txn:done(txn:reply(isRefused and told(answer) or unavailable(txn.sf:req_fhdr("accept"))))
end, 1)
