import { digest } from '../../shared/jws.ts'

/** A line of the audit log with its hash, as `docs/audit.md` specifies both. */
export type SealedLine = {
  seq: number
  /** Milliseconds since 1970: the `at` of the line, for questions by time. */
  at: number
  /** JSON, with everything but its own hash. */
  line: string
  /** SHA-256 of the line in UTF-8, base64url. */
  hash: string
}

/** The end of a chain, which the next line names as what was before it. */
export type Link = { seq: number; hash: string | null }

/** Before the first line there is nothing. */
export const NO_LINE: Link = { seq: 0, hash: null }

/** From where to where a log goes: the hash before its first line, and the last line. */
export type Extent = { first: number; previous: string | null; seq: number; hash: string | null }

// What a terminal could take for an order: control characters, marks of direction, line separators.
// oxlint-disable-next-line no-control-regex
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
const escaped = (json: string) => json.replace(UNSAFE, (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Adds a line to a chain; `body` is a JSON object that says what happened. */
export function seal(body: string, at: Date, after: Link): SealedLine {
  const seq = after.seq + 1
  const line = `{"seq":${seq},"at":"${at.toISOString()}",${escaped(body.slice(1, -1))},"previous":${JSON.stringify(after.hash)}}`
  return { seq, at: at.getTime(), line, hash: digest(line) }
}

/** A line as it is exported: the same JSON with its hash at the end. */
export function exportedLine({ line, hash }: Pick<SealedLine, 'line' | 'hash'>): string {
  return `${line.slice(0, -1)},"hash":"${hash}"}`
}

/** What the signature of a head is over. */
export function headText({ first, previous, seq, hash }: Extent): string {
  return ['muster-audit-head', first, previous ?? 'null', seq, hash ?? 'null'].join('\n')
}

/** What is wrong with a log, and with which line it begins. */
export type Finding = {
  seq: number
  problem: string
  /** The line is as it was written, and tells of what the collector found. */
  isTold?: true
}

export type ChainReader = {
  /** Looks at the next line in order; what is wrong there, if anything is. */
  next(line: SealedLine): Finding | null
  /** Whether the log ends where it has to. */
  end(): Finding | null
}

/** Reads a log line by line, and compares it with what its head says of it. Nothing counts after the first finding. */
export function readChain({ first, previous, seq: last, hash: lastHash }: Extent): ChainReader {
  let expected = first
  let before = previous

  function problemOf({ seq, at, line, hash }: SealedLine): string | null {
    if (digest(line) !== hash) return 'it is not what was written: its hash does not fit'
    const said = saidIn(line)
    if (said === null) return 'it is no line of an audit log'
    if (said.seq !== seq) return `it was written as line ${String(said.seq)}`
    if (Date.parse(said.at) !== at) return 'its time is not the one that was written'
    if (said.previous !== before) return 'it does not follow the line before it: one of the two was put there later'
    if (seq === last && hash !== lastHash) return 'it is not the last line that the head of the log names'
    if (seq > last) return `the log ends with line ${last}: it was put there later`
    return null
  }

  return {
    next(line) {
      const { seq } = line
      if (seq < expected) return { seq, problem: `the log begins with line ${first}: it was put there later` }
      if (seq > expected && expected <= last) return { seq: expected, problem: missing(expected, seq - 1) }
      const problem = problemOf(line)
      expected = seq + 1
      before = line.hash
      return problem === null ? told(line) : { seq, problem }
    },
    end: () => (expected <= last ? { seq: expected, problem: missing(expected, last) } : null),
  }
}

/** What a line says that is as it was written. */
function told({ seq, line }: SealedLine): Finding | null {
  const said = saidIn(line)
  const problem = `the collector found the log damaged: ${String(said?.problem)}`
  return said?.kind === 'damaged' ? { seq, problem, isTold: true } : null
}

function missing(from: number, to: number): string {
  return from === to ? 'it is missing' : `lines ${from} to ${to} are missing`
}

type Said = { seq: unknown; at: string; previous: unknown; kind: unknown; problem: unknown }

function saidIn(line: string): Said | null {
  let it: unknown
  try {
    it = JSON.parse(line)
  } catch {
    return null
  }
  if (typeof it !== 'object' || it === null || !('seq' in it) || !('at' in it) || !('previous' in it)) return null
  const { seq, at, previous } = it
  const kind = 'kind' in it ? it.kind : null
  const problem = 'problem' in it ? it.problem : null
  return { seq, at: String(at), previous, kind, problem }
}
