import { unreadable, type Fact } from '../../shared/fact.ts'
import type { Host, RunOptions } from '../host/host.ts'
import type { ProgramName } from '../host/programs.ts'
import { unreadableBecause } from './probe.ts'

/** What a program prints, as its reader takes it; one that ended with an error told nothing, whatever it printed. */
export async function askProgram<T>(
  host: Host,
  program: ProgramName,
  args: readonly string[],
  read: (stdout: string, stderr: string) => Fact<T>,
  options?: RunOptions,
): Promise<Fact<T>> {
  const ran = await host.run(program, args, options)
  if (!ran.ok) return unreadableBecause(ran)
  if (ran.exitCode !== 0) return unreadable(`${[program, ...args].slice(0, 2).join(' ')} ended with ${ran.exitCode}`)
  return read(ran.stdout, ran.stderr)
}

/** The same of one of the agent's questions to PowerShell, by its name; why it failed stands on stderr. */
export async function askPowerShell<T>(
  host: Host,
  question: string,
  read: (stdout: string) => Fact<T>,
): Promise<Fact<T>> {
  const ran = await host.run('powershell', [question])
  if (!ran.ok) return unreadableBecause(ran)
  return ran.exitCode === 0 ? read(ran.stdout) : unreadable(`${question}: ${ran.stderr}`)
}
