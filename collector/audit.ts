import { damaged, openJournal } from './audit/journal.ts'
import { beginOf } from './audit/begin.ts'
import { denialBody } from './audit/body.ts'
import { allowKey, denialKey, minuteOf, openCounts, type Counts } from './audit/counts.ts'
import { openMarker, readCopy, writeCopy } from './audit/mark.ts'
import type { Clock } from './clock.ts'
import { readChain, type Extent } from './protocol/audit-chain.ts'
import type { DecisionEvent } from './protocol/decision-event.ts'
import type { AuditHead, AuditLine, Store } from './store/store.ts'

/** What an admin, or the collector by itself, did. */
export type ActEvent = {
  at: Date
  /** `user anna`, `gateway rollout (gw_...)`, or `collector`. */
  who: string
  act: string
  /** What it was done to, where there is one thing. */
  target: string | null
  details: object
}

/** The record of decisions and of acts of admins, which nobody can change unnoticed: `docs/audit.md`. */
export type Audit = {
  /** Returns at once: a decision never waits for its record. */
  decided(event: DecisionEvent): void
  /** Resolves when it is on disk. @throws MusterError `store-unavailable` where it was not kept */
  acted(event: ActEvent): Promise<void>
  /** The same for what happens by itself: written as soon as it can be, waited for by nobody. */
  noted(event: ActEvent): void
  /** Lines as they are on disk: in their order, or by time where a span is asked for. */
  lines: Store['auditLines']
  /** Lines that wait to be written, and how many decisions and lines were not kept since the start. */
  load(): { waiting: number; lost: number }
  /** Forgets lines from before a moment, a signed beginning in their place; tells how many. */
  forget(before: Date): Promise<number>
  /** Writes whatever waits, counts of the current minute included. @throws MusterError where that cannot be written now */
  flush(): Promise<void>
  close(): Promise<void>
}

export type AuditOptions = {
  store: Pick<Store, 'addAudit' | 'dropAudit' | 'auditHead' | 'auditEnd' | 'auditBegin' | 'auditLines'>
  /** The collector's own folder: the key, and a copy of the head. */
  folder: string
  clock: Clock
  /** What could not be written; it is tried again. */
  onError: (error: unknown) => void
  /** The log is not what was written. */
  onDamaged: (problem: string) => void
}

const LOOK_MS = 1000
/** So many denials of a minute are told one by one. */
const DENIALS = 10_000
/** Lines that are looked at in one go to be forgotten. */
const SLICE = 500

/** Opens the log of a store, and goes on with it. A log that is not as it was left goes on too, and says so in a line. */
export async function openAudit({ store, folder, clock, onError, onDamaged }: AuditOptions): Promise<Audit> {
  const marker = openMarker(folder)
  const begun = await beginOf(store, readCopy(folder), marker)
  const journal = openJournal({ store, ...begun, mark: marker.mark, clock: clock.now, onError })
  const allows = openCounts(allowKey)
  const more = openCounts(denialKey)
  let copied: AuditHead | null = null
  let denials = { minute: 0, count: 0 }

  function write(counts: Counts, isDenial: boolean): void {
    const at = clock.now()
    for (const it of counts.take()) journal.push({ at, ...it, isDenial })
  }

  function count(counts: Counts, isDenial: boolean, event: DecisionEvent): void {
    if (counts.add(event)) return
    write(counts, isDenial)
    counts.add(event)
  }

  function denied(event: DecisionEvent): void {
    const minute = minuteOf(event.at)
    if (denials.minute !== minute) denials = { minute, count: 0 }
    denials.count += 1
    if (denials.count > DENIALS) return count(more, true, event)
    journal.push({ at: event.at, body: denialBody(event), isDenial: true })
  }

  /** The counts of a minute that is over, and once a minute a copy of the head. */
  function look(): void {
    const now = minuteOf(clock.now())
    if (allows.minute() !== now) write(allows, false)
    if (more.minute() !== now) write(more, true)
    if (now !== lookedAt) void copy()
    lookedAt = now
  }
  let lookedAt = minuteOf(clock.now())

  /** Only of a head that is on disk: what was found wrong at the start has to be in the log before its traces go. */
  async function copyHead(): Promise<void> {
    const head = journal.head()
    if (!head || (head.seq === copied?.seq && head.first === copied.first)) return
    await writeCopy(folder, head)
    copied = head
  }

  /** One at a time, and never a reason to stop. */
  function copy(): Promise<void> {
    copying = copying.then(copyHead).catch(onError)
    return copying
  }
  let copying = Promise.resolve()

  async function flush(): Promise<void> {
    write(allows, false)
    write(more, true)
    await journal.settled()
  }

  const noted = ({ at, who, act, target, details }: ActEvent) =>
    journal.push({ at, body: JSON.stringify({ kind: 'act', who, act, target, details }) })

  if (begun.problem !== null) {
    onDamaged(begun.problem)
    journal.push(damaged(clock.now(), begun.problem))
    await journal.settled().catch(onError)
  } else if (!begun.head) {
    await journal.begin()
  }
  await copy()
  clock.onSet((milliseconds) => {
    const at = clock.now()
    noted({ at, who: 'collector', act: 'clock-set', target: null, details: { milliseconds } })
  })
  const timer = setInterval(look, LOOK_MS).unref()

  return {
    decided: (event) => (event.allow ? count(allows, false, event) : denied(event)),
    acted: ({ at, who, act, target, details }) =>
      journal.append({ at, body: JSON.stringify({ kind: 'act', who, act, target, details }) }),
    noted,
    lines: store.auditLines,
    load: journal.load,
    async forget(before) {
      let gone = 0
      for (;;) {
        const begin = await store.auditBegin(SLICE)
        const kept = begin.findIndex(({ at }) => at >= before.getTime())
        const to = kept === -1 ? begin.length - 1 : kept
        const [first, last] = [begin[to], begin[to - 1]]
        if (!first || !last) break
        // What is wrong with lines that go would be forgotten with them.
        const problem = forgottenProblem(begin.slice(0, to + 1), journal.extent())
        if (problem !== null) journal.push(damaged(clock.now(), problem))
        gone += await journal.forget(first, last.hash)
        if (kept !== -1) break
      }
      if (gone > 0) {
        const { first, previous } = journal.extent()
        const details = { lines: gone, before: before.toISOString(), first, previous }
        noted({ at: clock.now(), who: 'collector', act: 'audit-forget', target: null, details })
      }
      return gone
    },
    flush,
    async close() {
      clearInterval(timer)
      try {
        await flush()
        await copy()
      } catch (error) {
        onError(error)
      }
      journal.close()
    },
  }
}

function forgottenProblem(lines: readonly AuditLine[], extent: Extent): string | null {
  const chain = readChain(extent)
  const finding = lines.map(chain.next).find((it) => it !== null)
  return finding && !finding.isTold ? `of lines that were forgotten, line ${finding.seq}: ${finding.problem}` : null
}
