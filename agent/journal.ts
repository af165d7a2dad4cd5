import { appendFile } from 'node:fs/promises'
import { Type, type Static } from 'typebox'
import { Time } from '../shared/fact.ts'
import { jsonParserOf, nullable, oneOf, strict, text } from '../shared/schema.ts'
import { readIfThere, writeDurably } from './durable.ts'

/** One report that left this laptop: all of it, so that its user can see what was said. */
export const Sent = strict({
  time: Time,
  kind: oneOf(['evidence', 'unchanged']),
  seq: Type.Integer(),
  to: text(300),
  jws: text(256 * 1024),
  /** What came back: `appraised`, or the code of a goodbye; null where nothing did. */
  answer: nullable(text(60)),
})
export type Sent = Static<typeof Sent>

/** A report is noted before it leaves, and its answer in a line of its own: a journal is only ever appended to. */
const Line = Type.Union([strict({ sent: Sent }), strict({ seq: Type.Integer(), answer: text(60) })])
const parseLine = jsonParserOf(Line)

export type Journal = {
  sent(report: Omit<Sent, 'answer'>): Promise<void>
  answered(seq: number, answer: string): Promise<void>
}

/** How many reports are kept. */
export const JOURNAL_ENTRIES = 200
/** Lines after which the file is written anew; twice the entries, each with its answer, before anything is cut. */
const MOST_LINES = JOURNAL_ENTRIES * 4

/** What was sent from this device, in a file: the newest reports, and no more. */
export async function openJournal(path: string): Promise<Journal> {
  let lines = ((await readIfThere(path)) ?? '').split('\n').length
  let writing: Promise<void> = Promise.resolve()

  async function write(line: Static<typeof Line>): Promise<void> {
    // A line that a crash cut in two must not swallow this one.
    await appendFile(path, `\n${JSON.stringify(line)}`, { mode: 0o600 })
    lines += 1
    if (lines <= MOST_LINES) return
    const kept = (await readJournal(path)).toReversed()
    await writeDurably(path, kept.map((sent) => JSON.stringify({ sent })).join('\n'))
    lines = kept.length
  }

  function append(line: Static<typeof Line>): Promise<void> {
    writing = writing.catch(() => undefined).then(() => write(line))
    return writing
  }

  return {
    sent: (report) => append({ sent: { ...report, answer: null } }),
    answered: (seq, answer) => append({ seq, answer }),
  }
}

/** The reports in a journal, the newest first. Lines that cannot be read are left out. */
export async function readJournal(path: string): Promise<Sent[]> {
  const bySequence = new Map<number, Sent>()
  for (const json of ((await readIfThere(path)) ?? '').split('\n')) {
    const line = parseLine(json)
    if (!line.ok) continue
    if ('sent' in line.value) bySequence.set(line.value.sent.seq, line.value.sent)
    else {
      const sent = bySequence.get(line.value.seq)
      if (sent) bySequence.set(sent.seq, { ...sent, answer: line.value.answer })
    }
  }
  return [...bySequence.values()].toReversed().slice(0, JOURNAL_ENTRIES)
}
