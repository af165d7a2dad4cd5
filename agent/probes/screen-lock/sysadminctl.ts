import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/** Whether a password is asked after the screen saver has begun or the display has gone off, and how many seconds later. */
type PasswordDelay = { isAsked: false } | { isAsked: true; afterSeconds: number }

/** The line is a log entry, with a time, the name of the program and its process before it. */
const LINE =
  /^(?:.*\bsysadminctl\[[\da-f:]+\] +)?screenLock (is off|delay is immediate|delay is (\d{1,10}) seconds?)\.?$/

/** Reads `sysadminctl -screenLock status`, which answers on stderr. Two answers that differ, or none, tell nothing. */
export function readScreenLockStatus(stdout: string, stderr = ''): Fact<PasswordDelay> {
  const answers = `${stdout}\n${stderr}`.split(/\r?\n/).flatMap((line) => {
    const found = LINE.exec(line.trim())
    return found ? [found] : []
  })
  const [, words = '', seconds] = answers[0] ?? []
  if (new Set(answers.map(([, it]) => it)).size !== 1)
    return unreadable('sysadminctl does not tell whether a password is asked')
  if (words === 'is off') return value({ isAsked: false })
  return value({ isAsked: true, afterSeconds: Number(seconds ?? 0) })
}
