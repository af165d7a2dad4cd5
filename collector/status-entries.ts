import { emptyStatusList, packStatusList, setStatus, statusAt, type StatusList } from '../shared/status-list.ts'
import type { Issuer } from './issuer.ts'
import { STATUS_LIST_SECONDS } from './protocol/key-plan.ts'
import { drawEntry, type Lease, type ListRoom } from './protocol/status-leases.ts'

/** The lists in memory: which entries are taken and what each says, unsigned and signed. */
export type StatusEntries = {
  /** An entry that nobody holds, in a new list where the others are half full. */
  draw(): { list: number; index: number }
  take(lease: Lease): void
  show(lease: Lease): void
  free(lease: Lease): void
  token(list: number, now: Date): Promise<string | null>
  uriOf(list: number): string
  uris(): string[]
}

export type StatusEntriesOptions = {
  issuer: Pick<Issuer, 'statusList'>
  issuerUrl: string
  /** A random whole number from 0 up to, and without, the limit. */
  below: (limit: number) => number
  /** How many entries a list has. */
  entries: number
}

/** Seconds for which a verifier may go by a list: a loss shows everywhere within that time. */
const TTL_SECONDS = 60
/** A list that nothing changed is signed again when half of the life of its token is over. */
const RENEW_MS = (STATUS_LIST_SECONDS / 2) * 1000

type List = ListRoom & {
  statuses: StatusList
  occupied: StatusList
  /** Null once something has changed. */
  signed: { at: Date; token: Promise<string> } | null
}

export function openStatusEntries({ issuer, issuerUrl, below, entries }: StatusEntriesOptions): StatusEntries {
  const lists = new Map<number, List>()
  const uriOf = (list: number) => `${issuerUrl}/v1/status-lists/${list}`
  listOf(1)

  function listOf(number: number): List {
    const known = lists.get(number)
    if (known) return known
    const occupied = emptyStatusList(1, entries)
    const isTaken = (index: number) => statusAt(occupied, index) === 1
    const list: List = { taken: 0, entries, isTaken, occupied, statuses: emptyStatusList(2, entries), signed: null }
    lists.set(number, list)
    return list
  }

  function draw(): { list: number; index: number } {
    const drawn = drawEntry(lists, below)
    if (drawn) return drawn
    listOf(Math.max(...lists.keys()) + 1)
    return draw()
  }

  function show({ list: number, index, status }: Pick<Lease, 'list' | 'index' | 'status'>): void {
    const list = listOf(number)
    setStatus(list.statuses, index, status)
    list.signed = null
  }

  async function sign(number: number, { statuses }: List, now: Date): Promise<string> {
    const iat = Math.floor(now.getTime() / 1000)
    const times = { iat, exp: iat + STATUS_LIST_SECONDS, ttl: TTL_SECONDS }
    return issuer.statusList({ sub: uriOf(number), ...times, status_list: packStatusList(statuses) })
  }

  return {
    draw,
    take(lease) {
      const list = listOf(lease.list)
      list.taken += 1
      setStatus(list.occupied, lease.index, 1)
      if (lease.status !== 0) show(lease)
    },
    show,
    free({ list: number, index, status }) {
      const list = listOf(number)
      list.taken -= 1
      setStatus(list.occupied, index, 0)
      if (status !== 0) show({ list: number, index, status: 0 })
    },
    async token(number, now) {
      const list = lists.get(number)
      if (!list) return null
      if (list.signed && isCurrent(list.signed, now)) return list.signed.token
      const signed = { at: now, token: sign(number, list, now) }
      list.signed = signed
      signed.token.catch(() => {
        if (list.signed === signed) list.signed = null
      })
      return signed.token
    },
    uriOf,
    uris: () => [...lists.keys()].map(uriOf),
  }
}

function isCurrent({ at }: { at: Date }, now: Date): boolean {
  return at <= now && now.getTime() - at.getTime() < RENEW_MS
}
