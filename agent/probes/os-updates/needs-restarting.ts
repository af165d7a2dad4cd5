import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { lasting, rememberLast } from './remember.ts'

/**
 * What `needs-restarting -r` of yum and dnf, or `zypper needs-rebooting`, says: whether the kernel, the C library,
 * systemd or the like were replaced since the start. An exit code other than 0 means "yes", and also that it failed, so
 * the text has to agree; the list in it tells the same in any language.
 */
export function readNeedsRestarting(stdout: string, exitCode: number | null): Fact<boolean> {
  const isAsked = /^Reboot is (?:required|suggested) to /m.test(stdout) || /^[ \t]+(?:\* \S|\S+ -> \S)/m.test(stdout)
  const isNotAsked = /^Reboot (?:should not be|is probably not) necessary\.\s*$/m.test(stdout)
  if (isAsked && !isNotAsked && exitCode !== 0) return value(true)
  if (isNotAsked && !isAsked && (exitCode === 0 || exitCode === null)) return value(false)
  return unreadable('it does not tell whether a restart is owed')
}

/** A program that may be asked, and how. */
export type Question = {
  program: 'dnf5' | 'dnf' | 'needs-restarting' | 'zypper'
  args: readonly string[]
}

const BOOT = '/proc/sys/kernel/random/boot_id'
const RUN = { timeoutMs: 30_000 }

/** Whether a restart is owed, with what the kernel tells; null where nobody knows. */
export type Restarts = (
  host: Host,
  isKernelReplaced: boolean | null,
  packages: string | null,
) => Promise<boolean | null>

/**
 * Asks what else than a newer kernel owes a restart, the first program that answers; remembers it for as long as the
 * same `packages` (the state of their database) are installed and the machine is not started again.
 */
export function restartsBy(questions: readonly Question[]): Restarts {
  const remember = rememberLast<boolean | null>()
  return async (host, isKernelReplaced, packages) => {
    if (isKernelReplaced === true) return true
    const boot = await host.readFile(BOOT)
    const key = boot.ok && packages !== null ? [boot.text, packages].join('\n') : null
    const isAsked = await remember(key, () => ask(host, questions))
    return isAsked === true ? true : (isKernelReplaced ?? isAsked)
  }
}

async function ask(host: Host, questions: readonly Question[]) {
  let repeatable = true
  for (const { program, args } of questions) {
    const ran = await host.run(program, args, RUN)
    const said = ran.ok ? readNeedsRestarting(ran.stdout, ran.exitCode) : null
    if (said?.kind === 'value') return lasting(said.value)
    // A program that is not there stays so until packages change.
    if (!ran.ok && ran.reason === 'timed-out') repeatable = false
  }
  return { result: null, repeatable }
}
