import type { DecisionEvent } from '../protocol/decision-event.ts'
import { cut, KEPT, resourceOf } from './body.ts'

/** Decisions of one minute that are alike, counted. */
export type Counts = {
  /** Counts a decision; false where it is of another minute than the rest, or would be one too many. */
  add(event: DecisionEvent): boolean
  /** What was counted, with the number of decisions in each; begins anew. The text of a line is made when it is asked for. */
  take(): { body: () => string; size: number; count: number }[]
  /** The minute of what is counted, since 1970; null where nothing is. */
  minute(): number | null
}

/** So many different ones are counted at a time. */
const MOST = 10_000
/** What a line has besides its key, in characters. */
const OVERHEAD = 400
/** Of what differs within a count so many are named. */
const NAMED = 8

type Count = {
  gatewayName: string
  action: string | null
  client: string | null
  /** What came besides the first; null where nothing did. */
  actions: Set<string> | null
  clients: Set<string> | null
  count: number
  first: number
  last: number
}

const MINUTE_MS = 60_000
export const minuteOf = (at: Date) => Math.floor(at.getTime() / MINUTE_MS)

/** `of` says what makes two decisions alike. */
export function openCounts(of: (event: DecisionEvent) => string, most = MOST): Counts {
  let counts = new Map<string, Count>()
  let minute: number | null = null

  return {
    add(event) {
      const at = event.at.getTime()
      const now = Math.floor(at / MINUTE_MS)
      if (minute !== now && minute !== null) return false
      const key = of(event)
      const known = counts.get(key)
      if (known !== undefined) {
        known.count += 1
        known.last = at
        if (known.action !== event.action) known.actions = andAlso(known.actions, event.action)
        if (known.client !== event.client) known.clients = andAlso(known.clients, event.client)
        return true
      }
      if (counts.size >= most) return false
      minute = now
      counts.set(key, {
        gatewayName: event.gateway.name,
        action: cut(event.action, KEPT.name),
        client: cut(event.client, KEPT.name),
        actions: null,
        clients: null,
        count: 1,
        first: at,
        last: at,
      })
      return true
    },
    take() {
      const taken = [...counts].map(([key, it]) => {
        return { body: () => bodyOf(key, it), size: key.length + OVERHEAD, count: it.count }
      })
      counts = new Map()
      minute = null
      return taken
    },
    minute: () => minute,
  }
}

/**
 * Decisions to allow are alike when the same device of the same user reached the same thing in the same way. The parts of a
 * key are between characters that none of them contains: it is the one thing that is kept of the question, so that a
 * count never holds on to the whole request.
 */
export function allowKey(event: DecisionEvent): string {
  const { gateway, by, deviceId, provedBy, tier, policyVersion, user, resource } = event
  const device = part(deviceId, KEPT.name)
  const person = part(user, KEPT.user)
  const thing = part(resourceOf(resource), KEPT.resource)
  return `${gateway.id}\0${by}\0${device}\0${provedBy ?? ''}\0${part(tier, KEPT.name)}\0${policyVersion}\0\0${person}\0${thing}`
}

/** Denials that are too many to be told one by one: a device that is not known can be called anything. */
export function denialKey({ gateway, by, deviceId, code, tier, policyVersion }: DecisionEvent): string {
  const isKnown = code !== 'device-unknown' && code !== 'tier-unknown'
  const device = isKnown ? part(deviceId, KEPT.name) : ''
  const wanted = code === 'tier-unknown' ? '' : part(tier, KEPT.name)
  return `${gateway.id}\0${by}\0${device}\0\0${wanted}\0${policyVersion}\0${code ?? 'not-admitted'}\0\0`
}

function part(text: string | null, most: number): string {
  if (text === null) return ''
  const short = text.length > most ? String(cut(text, most)) : text
  return short.includes('\0') ? short.replaceAll('\0', '\ufffd') : short
}

function andAlso(known: Set<string> | null, more: string | null): Set<string> | null {
  if (more === null) return known
  const all = known ?? new Set<string>()
  if (all.size < NAMED) all.add(String(cut(more, KEPT.name)))
  return all
}

function bodyOf(key: string, { gatewayName, action, client, actions, clients, count, first, last }: Count): string {
  const [id, by, device, provedBy, tier, policyVersion, code, user, resource] = key.split('\0')
  return JSON.stringify({
    kind: code === '' ? 'allowed' : 'denied',
    by,
    gateway: { id, name: gatewayName },
    device: device || null,
    ...(code === '' && { provedBy: provedBy || null, user: user || null, resource: resource || null }),
    tier: tier || null,
    ...(code === '' ? { actions: listOf(action, actions), clients: listOf(client, clients) } : { code }),
    policyVersion: Number(policyVersion),
    count,
    first: new Date(first).toISOString(),
    last: new Date(last).toISOString(),
  })
}

function listOf(first: string | null, more: Set<string> | null): string[] {
  return [...new Set([...(first === null ? [] : [first]), ...(more ?? [])])].slice(0, NAMED)
}
