import { NO_LINE, type Extent } from '../protocol/audit-chain.ts'
import type { AuditHead, AuditLine, Store } from '../store/store.ts'
import type { Marker } from './mark.ts'

/** Where a log goes on, and what was found not to be as it was written. */
export type Begin = {
  extent: Extent
  /** The head as it is on disk; null where it has to be written first. */
  head: AuditHead | null
  problem: string | null
}

type Found = { head: AuditHead | null; copy: AuditHead | null; last: AuditLine | null; first: AuditLine | null }

/** Where to go on with the log of a store. Nothing that is missing is ever numbered anew: the gap stays to be seen. */
export async function beginOf(
  store: Pick<Store, 'auditHead' | 'auditEnd' | 'auditBegin'>,
  copy: AuditHead | null,
  marker: Pick<Marker, 'isOurs' | 'isNew'>,
): Promise<Begin> {
  const [head, last, [first = null]] = [await store.auditHead(), await store.auditEnd(), await store.auditBegin(1)]
  const nothing = { extent: { first: 1, previous: null, ...NO_LINE }, head: null, problem: null }
  if (marker.isNew && !head && !copy && !last) return nothing
  // The very first start may have ended between the head and its copy.
  if (head?.seq === 0 && marker.isOurs(head) && !copy && !last) return nothing
  const found = { head, copy, last, first }
  const problem = problemOf(found, marker)
  return { extent: extentOf(found, marker), head: problem === null ? head : null, problem }
}

/** The furthest that anything says the log has come; of two that say the same, what is signed. */
function extentOf({ head, copy, last, first }: Found, { isOurs }: Pick<Marker, 'isOurs'>): Extent {
  const signed = [head, copy].filter((it) => it !== null).filter(isOurs)
  const lines = last && first ? [{ first: first.seq, previous: previousOf(first), seq: last.seq, hash: last.hash }] : []
  const ends: Extent[] = [...signed, ...lines]
  const start = { first: 1, previous: null, ...NO_LINE }
  const furthest = ends.reduce<Extent>((most, it) => (it.seq > most.seq ? it : most), signed[0] ?? lines[0] ?? start)
  const { first: from, previous } = signed[0] ?? furthest
  return { first: from, previous, seq: furthest.seq, hash: furthest.hash }
}

function previousOf({ line }: AuditLine): string | null {
  const [, hash = null] = /,"previous":"([A-Za-z0-9_-]{43})"\}$/.exec(line) ?? []
  return hash
}

/** What is wrong at the end of the log, which is all that a start looks at. */
function problemOf({ head, copy, last }: Found, { isOurs }: Pick<Marker, 'isOurs'>): string | null {
  if (!head) return 'the head of the log is gone'
  if (!isOurs(head)) return 'the head of the log is not signed with its key'
  if ((last?.seq ?? 0) < head.seq)
    return `the log ended with line ${last?.seq ?? 0}, where its head names line ${head.seq}`
  if (last && last.seq > head.seq) return `lines stood behind line ${head.seq}, with which the log ended`
  if (last && last.hash !== head.hash) return `line ${last.seq} was not the one that the head of the log names`
  if (!copy) return 'the copy of the head beside the database is gone'
  if (!isOurs(copy)) return 'the copy of the head beside the database is not signed with the key of the log'
  return copy.seq > head.seq ? `the log had come to line ${copy.seq}, and went back to line ${head.seq}` : null
}
