// Runs in the page of the device check: how it asks the collector, the agent and the browser.
/** Longer than "check again" may take. */
const COLLECTOR_MS = 20_000

class Refused extends Error {
  constructor({ code, title, detail, fix }) {
    super(title)
    Object.assign(this, { code, detail, fix })
  }
}

export async function ask(step, body) {
  const response = await fetch(`/v1/device-check/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    cache: 'no-store',
    signal: AbortSignal.timeout(COLLECTOR_MS),
  })
  const answer = await response.json()
  if (!response.ok) throw new Refused(answer)
  return answer
}

export async function askAgent(url, { body, waitMs }) {
  const response = await fetch(url, {
    ...(body && { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'error',
    signal: AbortSignal.timeout(waitMs),
  })
  if (!response.ok) throw new Error(`the agent answered ${response.status}`)
  return response.json()
}

/** What Chromium says of a page that asks its own machine; other browsers, and older ones, know nothing of it. */
export async function permission() {
  // A page of this very machine asks nobody else's.
  if (location.hostname === '127.0.0.1') return 'granted'
  for (const name of ['loopback-network', 'local-network-access', 'local-network']) {
    try {
      const { state } = await navigator.permissions.query({ name })
      return state
    } catch {
      // This browser has another name for it, or none.
    }
  }
  return 'granted'
}

export const fragment = () => new URLSearchParams(location.hash.slice(1))

/** What this tab remembers; nothing where the browser keeps nothing, which the missing cookie then says better. */
export const memory = {
  get(key) {
    try {
      return JSON.parse(sessionStorage.getItem(key))
    } catch {
      return null
    }
  },
  set(key, value) {
    try {
      sessionStorage.setItem(key, JSON.stringify(value))
    } catch {
      // As above.
    }
  },
}

/**
 * Whether this tab was led back so often within a minute that its browser cannot be keeping what it gets there: then it would
 * go round and round.
 */
export function goesInCircles() {
  const KEY = 'muster-went'
  const lately = (memory.get(KEY) ?? []).filter((time) => Date.now() - time < 60_000)
  memory.set(KEY, [...lately, Date.now()])
  return lately.length >= 5
}
