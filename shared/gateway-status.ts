import { jwtVerify } from 'jose'
import { Type } from 'typebox'
import type { StatusReference } from './attestation.ts'
import { fetchText, type Fetch } from './fetch-text.ts'
import type { Refused } from './gateway-api.ts'
import type { GatewayKeys } from './gateway-keys.ts'
import { TYP, parseJws } from './jws.ts'
import { refused } from './refusal.ts'
import { parserOf, type Parsed } from './schema.ts'
import { STATUS, statusAt, unpackStatusList, type StatusList } from './status-list.ts'

/** Whether what an attestation says still holds, from the status lists of its collector. */
export type GatewayStatus = {
  /** Until when the list may be gone by that says that it holds, or why it does not. Where that cannot be told it does not. */
  holds(reference: StatusReference): Promise<{ ok: true; until: Date } | Refused>
}

export type GatewayStatusOptions = {
  issuer: string
  keys: GatewayKeys
  fetch: Fetch
  clock: () => Date
  timeoutMs: number
  toleranceSeconds: number
  /** The longest time that a list is gone by. */
  statusSeconds: number
}

/** A list of a million entries in which chance has set every bit is half of this. */
const LIST_BYTES = 2 ** 20
/** So many are kept, those that were fetched last. A collector has one for half a million attestations. */
const LISTS = 16
/** Where a list does not say for how long it may be gone by, and the longest that it may say. */
const TTL_SECONDS = { usual: 60, longest: 3600 }
/** A list that cannot be had is asked for again after this; until then nothing that names it is valid. */
const PATIENCE_MS = 1000

const parseClaims = parserOf(
  Type.Object({
    iat: Type.Integer(),
    exp: Type.Integer(),
    ttl: Type.Optional(Type.Integer({ minimum: 1 })),
    status_list: Type.Unknown(),
  }),
)

type Known = { from: Date; until: Date; list: Parsed<StatusList> }

export function openGatewayStatus(options: GatewayStatusOptions): GatewayStatus {
  const { issuer, keys, fetch, clock, timeoutMs, toleranceSeconds, statusSeconds } = options
  const known = new Map<string, Known>()
  const fetching = new Map<string, Promise<Known>>()

  async function look(uri: string): Promise<Known> {
    const from = clock()
    const fetched = await fetchList(uri, from)
    if (!fetched.ok) return { from, until: new Date(from.getTime() + PATIENCE_MS), list: fetched }
    const { list, seconds, exp } = fetched.value
    const until = new Date(Math.min(from.getTime() + seconds * 1000, exp * 1000))
    return { from, until, list: { ok: true, value: list } }
  }

  async function fetchList(
    uri: string,
    now: Date,
  ): Promise<Parsed<{ list: StatusList; seconds: number; exp: number }>> {
    // The address stands in a token that the collector signed; all the same we ask nobody else.
    if (!uri.startsWith(`${issuer}/`)) return { ok: false, problem: `${uri} is not an address of the collector` }
    const accept = 'application/statuslist+jwt'
    const text = await fetchText(fetch, { url: uri, accept, maxBytes: LIST_BYTES, timeoutMs })
    if (!text.ok) return text
    const payload = await verified(text.value, uri, now)
    if (!payload.ok) return payload
    const claims = parseClaims(payload.value)
    if (!claims.ok) return claims
    const { iat, exp, ttl = TTL_SECONDS.usual, status_list: packed } = claims.value
    if (iat > now.getTime() / 1000 + toleranceSeconds) return { ok: false, problem: 'the list is of the future' }
    const list = unpackStatusList(packed)
    return list.ok
      ? { ok: true, value: { list: list.value, seconds: Math.min(ttl, TTL_SECONDS.longest, statusSeconds), exp } }
      : list
  }

  async function verified(token: string, uri: string, currentDate: Date): Promise<Parsed<unknown>> {
    const jws = parseJws(token, TYP.statusList)
    if (!jws.ok) return jws
    const { kid = '', jwk } = jws.value.header
    if (jwk) return { ok: false, problem: 'the list brings its own key' }
    const found = await keys.keyFor(kid)
    if (!found.ok) return found
    try {
      const rules = { algorithms: ['ES256'], typ: TYP.statusList, subject: uri, currentDate, requiredClaims: ['exp'] }
      return { ok: true, value: (await jwtVerify(token, found.value, rules)).payload }
    } catch (error) {
      return { ok: false, problem: `the list is not right: ${String(error)}` }
    }
  }

  /** What is known of a list now; everybody who waits for one shares a request. */
  async function listAt(uri: string): Promise<Known> {
    const now = clock()
    const had = known.get(uri)
    if (had && had.from <= now && now < had.until) return had
    const pending = fetching.get(uri)
    if (pending) return pending
    const asked = look(uri).finally(() => fetching.delete(uri))
    fetching.set(uri, asked)
    const got = await asked
    known.delete(uri)
    known.set(uri, got)
    const [oldest] = known.size > LISTS ? known.keys() : []
    if (oldest !== undefined) known.delete(oldest)
    return got
  }

  return {
    async holds({ uri, idx }) {
      const { list, until } = await listAt(uri)
      if (!list.ok) return refused('status-unavailable', list.problem)
      switch (statusAt(list.value, idx)) {
        case STATUS.valid:
          return { ok: true, until }
        case STATUS.invalid:
          return refused('device-revoked')
        case STATUS.suspended:
          return refused('tier-lost')
        case undefined:
          return refused('status-unavailable', `${uri} has no entry ${idx}`)
        default:
          return refused('status-unavailable', `${uri} says something of entry ${idx} that is not known here`)
      }
    },
  }
}
