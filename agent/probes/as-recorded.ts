import { unread, type Host, type Ran, type Unread } from '../host/host.ts'
import type { ProgramName } from '../host/programs.ts'

/**
 * Asks a program in the first of several ways. The others are for recordings that a person wrote, who asked the same in
 * plainer words: a machine answers the first.
 */
export async function runAsRecorded(
  host: Host,
  program: ProgramName,
  [asked, ...others]: readonly (readonly string[])[],
): Promise<Ran | Unread> {
  const ran = asked ? await host.run(program, asked) : unread('not-recorded', `nobody asks ${program}`)
  if (ran.ok || ran.reason !== 'not-recorded' || others.length === 0) return ran
  const other = await runAsRecorded(host, program, others)
  return other.ok ? other : ran
}
