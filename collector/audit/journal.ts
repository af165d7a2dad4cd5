import { MusterError } from '../../shared/errors.ts'
import { seal, type Extent, type SealedLine } from '../protocol/audit-chain.ts'
import type { AuditHead, Store } from '../store/store.ts'

export type Entry = {
  at: Date
  /** What the line says, a JSON object; a function makes it when its turn has come. */
  body: string | (() => string)
  /** Characters that it takes while it waits; else those of its body. */
  size?: number
  /** How many decisions are in it, and of which kind. */
  count?: number
  isDenial?: boolean
}

/** Adds lines to the chain, one batch after the other; what waits is bounded. */
export type Journal = {
  /** Returns at once. Where the store is away for long, what does not fit any more is counted, and the count is a line. */
  push(entry: Entry): void
  /** Resolves when the line is on disk. @throws MusterError where it was not kept */
  append(entry: Entry): Promise<void>
  /** Writes the head of a log that has no line yet: where it is missing later, somebody took it away. */
  begin(): Promise<void>
  /** Resolves when nothing waits. @throws MusterError where that cannot be written now */
  settled(): Promise<void>
  /** Forgets lines before one, which stays. */
  forget(first: SealedLine, previous: string | null): Promise<number>
  /** From where to where the log goes. */
  extent(): Extent
  /** The same as it is on disk, signed; null where it is not there yet. */
  head(): AuditHead | null
  /** Lines that wait to be written, and how many decisions and lines were not kept since the start. */
  load(): { waiting: number; lost: number }
  close(): void
}

export type JournalOptions = {
  store: Pick<Store, 'addAudit' | 'dropAudit'>
  mark: (extent: Extent) => AuditHead
  /** Where to go on, and the head of that if it is on disk. */
  extent: Extent
  head: AuditHead | null
  clock: () => Date
  onError: (error: unknown) => void
  /** Characters that may wait. */
  most?: number
}

/** A transaction holds the event loop for a few milliseconds. */
const BATCH = 200
const RETRY_MS = 1000
const MOST_CHARS = 48_000_000

type Waiting = Entry & { done?: () => void; failed?: (error: unknown) => void }
type Lost = { denied: number; allowed: number; others: number; from: Date; to: Date }

export function openJournal(options: JournalOptions): Journal {
  const { store, mark, clock, onError, most = MOST_CHARS } = options
  let { extent, head } = options
  let waiting: Waiting[] = []
  let chars = 0
  let lost: Lost | null = null
  let lostInAll = 0
  let isWriting = false
  /** The store refused what was tried last. */
  let isAway = false
  let isClosed = false
  let retry: NodeJS.Timeout | null = null
  let idle: { done: () => void; failed: (error: unknown) => void }[] = []
  let turn: Promise<unknown> = Promise.resolve()

  /** One change of the log at a time: each leans on the head that the one before it left. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = turn.then(act, act)
    turn = next.catch(() => undefined)
    return next
  }

  function add(entry: Waiting): void {
    waiting.push(entry)
    chars += sizeOf(entry)
    // While the store is away, only whoever waits for an answer has it tried at once.
    if (!isWriting && (retry === null || entry.failed)) void pump()
  }

  async function pump(): Promise<void> {
    if (isWriting || isClosed || waiting.length === 0) return
    rest()
    isWriting = true
    try {
      while (waiting.length > 0) await inTurn(writeBatch)
      for (const { done } of idle) done()
      idle = []
    } catch (error) {
      refuse(error)
      if (!isClosed) retry = setTimeout(() => void pump(), RETRY_MS).unref()
    } finally {
      isWriting = false
    }
  }

  function rest(): void {
    if (retry) clearTimeout(retry)
    retry = null
  }

  /** An act is not done without its line: whoever asked for it is told, and may ask again. All else waits. */
  function refuse(error: unknown): void {
    if (!isAway) onError(error)
    isAway = true
    const refused = waiting.filter(({ failed }) => failed)
    waiting = waiting.filter(({ failed }) => !failed)
    for (const entry of refused) chars -= sizeOf(entry)
    for (const { failed } of [...refused, ...idle]) failed?.(error)
    idle = []
  }

  async function writeBatch(): Promise<void> {
    const batch = waiting.slice(0, BATCH)
    const lines: SealedLine[] = []
    for (const { at, body } of batch) {
      lines.push(seal(typeof body === 'string' ? body : body(), at, lines.at(-1) ?? extent))
    }
    const { seq, hash } = lines.at(-1) ?? extent
    const end = { ...extent, seq, hash }
    const next = mark(end)
    const inTheWay = await store.addAudit(lines, next)
    ;[extent, head] = [end, next]
    isAway = false
    // Whatever came meanwhile stands behind them.
    waiting = waiting.slice(batch.length)
    for (const entry of batch) chars -= sizeOf(entry)
    for (const { done } of batch) done?.()
    if (inTheWay > 0) add(damaged(clock(), `${inTheWay} lines stood behind the end of the log; they were taken away`))
    if (lost) add(lostEntry(lost))
    lost = null
  }

  function lose({ at, count = 1, isDenial }: Entry): void {
    lost ??= { denied: 0, allowed: 0, others: 0, from: at, to: at }
    lost.to = at
    lostInAll += count
    if (isDenial === undefined) lost.others += count
    else lost[isDenial ? 'denied' : 'allowed'] += count
  }

  return {
    push: (entry) => (chars + sizeOf(entry) > most ? lose(entry) : add(entry)),
    append: (entry) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new MusterError('store-unavailable', 'the audit log is closed'))
        add({ ...entry, done: resolve, failed: reject })
      }),
    begin: () =>
      inTurn(async () => {
        const next = mark(extent)
        await store.addAudit([], next)
        head = next
      }),
    settled: () =>
      new Promise((resolve, reject) => {
        if (isClosed || (waiting.length === 0 && !isWriting)) return resolve()
        idle.push({ done: resolve, failed: reject })
        void pump()
      }),
    forget: ({ seq: first }, previous) =>
      inTurn(async () => {
        const next = mark({ ...extent, first, previous })
        const gone = await store.dropAudit(next)
        ;[extent, head] = [{ ...extent, first, previous }, next]
        return gone
      }),
    extent: () => extent,
    head: () => head,
    load: () => ({ waiting: waiting.length, lost: lostInAll }),
    close() {
      isClosed = true
      rest()
      if (waiting.length === 0) return
      const error = new MusterError('store-unavailable', `${waiting.length} lines of the audit log were not kept`)
      refuse(error)
      waiting = []
      onError(error)
    },
  }
}

const sizeOf = ({ size, body }: Entry) => size ?? body.length

/** The line that says that a log is not what was written. */
export function damaged(at: Date, problem: string): Entry {
  return { at, body: JSON.stringify({ kind: 'damaged', problem }) }
}

function lostEntry({ denied, allowed, others, from, to }: Lost): Entry {
  const span = { from: from.toISOString(), to: to.toISOString() }
  const body = { kind: 'lost', problem: lostProblem(denied, allowed, others), denied, allowed, others, ...span }
  return { at: to, body: JSON.stringify(body) }
}

function lostProblem(denied: number, allowed: number, others: number): string {
  const more = others > 0 ? ` and ${others} other lines` : ''
  return `${denied} denials, ${allowed} decisions to allow${more} were not kept: the database could not be written`
}
