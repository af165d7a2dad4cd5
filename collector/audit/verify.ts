import { readChain, type Finding } from '../protocol/audit-chain.ts'
import type { AuditReader } from '../store/audit-reader.ts'
import type { AuditHead } from '../store/store.ts'
import type { Marker } from './mark.ts'

/** What there is to say of a log: what was read, and the first thing that is not as it was written. */
export type Verified = {
  /** How many lines are as they were written. */
  lines: number
  head: AuditHead | null
  /** `seq` is null where it is no line that is wrong. */
  finding: { seq: number | null; problem: string } | null
}

export type LogToVerify = {
  reader: Pick<AuditReader, 'head' | 'line' | 'lines'>
  /** The copy of the head beside the database, as it was before the log was looked at. */
  copy: AuditHead | null
  /** Null where the folder has no key. */
  marker: Pick<Marker, 'isOurs'> | null
  /** Only what comes after this line is looked at, and the line itself taken as it is. */
  after?: number
}

/** Reads a log from its beginning to its end, and tells the first thing that is not as it was written. */
export function verifyLog({ reader, copy, marker, after }: LogToVerify): Verified {
  const head = reader.head()
  const bad = (problem: string): Verified => ({ lines: 0, head, finding: { seq: null, problem } })
  if (!head) return bad('the database has no head of the log, which says where it ends')
  if (!marker) return bad('the folder has no audit-key, which the head of the log is signed with')
  if (!marker.isOurs(head)) return bad('the head of the log is not signed with its key')
  if (!copy) return bad('the folder has no audit-head.json, the copy of the head, or none that can be read')
  if (!marker.isOurs(copy)) return bad('audit-head.json, the copy of the head, is not signed with the key of the log')

  const start = after === undefined ? null : reader.line(after)
  if (after !== undefined && !start) return bad(`there is no line ${after} to begin after`)
  const chain = readChain(start ? { ...head, first: start.seq + 1, previous: start.hash } : head)
  let lines = 0
  for (const line of reader.lines(after ?? Number.MIN_SAFE_INTEGER)) {
    const finding = chain.next(line) ?? otherThanCopy(line, copy)
    if (finding) return { lines, head, finding }
    lines += 1
  }
  return { lines, head, finding: chain.end() ?? behindCopy(head, copy) }
}

function otherThanCopy({ seq, hash }: { seq: number; hash: string }, copy: AuditHead): Finding | null {
  if (seq !== copy.seq || hash === copy.hash) return null
  return { seq, problem: 'it is not the line that was written: the copy of the head names another' }
}

function behindCopy(head: AuditHead, copy: AuditHead): Finding | null {
  if (copy.seq <= head.seq) return null
  return {
    seq: head.seq + 1,
    problem: `it is missing: the log had come to line ${copy.seq}, says the copy of its head`,
  }
}
