import { readCorpus, type Capture } from './capture.ts'
import { differences, type Concluded } from './conclusion.ts'
import { matches } from './reader.ts'
import { NOT_STARTED, READERS } from './all.ts'

export type Outcome =
  | { capture: Capture; is: 'passed' | 'context' }
  | { capture: Capture; is: 'failed'; problems: readonly string[] }
  | { capture: Capture; is: 'not read'; instead: string | null }

/** Gives every capture below a folder to the reader of its command. */
export function runCorpus(folder: string): Outcome[] {
  return readCorpus(folder).map((capture): Outcome => {
    const reader = READERS.find(({ of }) => matches(of, capture))
    const { expect } = capture
    if (expect['ignore'] === true) return { capture, is: 'context' }
    if (!reader) {
      return { capture, is: 'not read', instead: NOT_STARTED.find(({ of }) => matches(of, capture))?.instead ?? null }
    }
    const problems = differences(
      expect,
      attempt(() => reader.read(capture)),
    )
    return problems.length === 0 ? { capture, is: 'passed' } : { capture, is: 'failed', problems }
  })
}

/** A reader that throws is a failure of its own, and must not end the run. */
function attempt(read: () => Concluded): Concluded {
  try {
    return read()
  } catch (error) {
    return { volumes: [{ threw: String(error) }], os: { threw: String(error) } }
  }
}

/** The report: what failed, which commands nothing reads, and the count. */
export function report(outcomes: readonly Outcome[]): string[] {
  const failed = outcomes.filter((it) => it.is === 'failed')
  const unread = outcomes.filter((it) => it.is === 'not read')
  const commands = new Map<string, string>()
  for (const { capture, instead } of unread) {
    commands.set(`${capture.os}: ${capture.command}`, instead ?? 'nothing reads it')
  }
  const count = (is: Outcome['is']) => outcomes.filter((it) => it.is === is).length
  return [
    ...failed.map(
      ({ capture, problems }) => `FAILED ${capture.name} (${capture.command})\n       ${problems.join('\n       ')}`,
    ),
    ...[...commands].map(([command, instead]) => `not read: ${command}\n       ${instead}`),
    `${count('context')} captures are context and are not compared`,
    `${count('passed')} passed, ${failed.length} failed, ${unread.length} not read`,
  ]
}
