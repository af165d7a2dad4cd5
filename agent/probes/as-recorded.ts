import type { Host, Ran, Unread } from '../host/host.ts'
import type { ProgramName } from '../host/programs.ts'

type Arguments = readonly string[]

/**
 * Asks a program in the first of several ways. The others are for recordings that a person wrote, who asked the same in
 * plainer words: a machine answers the first.
 */
export async function runAsRecorded(
  host: Host,
  program: ProgramName,
  [asked, ...others]: readonly [Arguments, ...Arguments[]],
): Promise<Ran | Unread> {
  const ran = await host.run(program, asked)
  if (ran.ok || ran.reason !== 'not-recorded') return ran
  for (const args of others) {
    const other = await host.run(program, args)
    if (other.ok) return other
  }
  return ran
}
