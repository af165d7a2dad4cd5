import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { rememberLast, stateOf } from './remember.ts'

/** What `needrestart -b` tells of kernel and microcode; `kernel` is the release of the running one, where it is told. */
export type Needrestart = { rebootRequired: boolean | null; kernel: string | null }

/**
 * Reads `NEEDRESTART-KEY: value` lines, whatever Perl says between them. `KSTA` is 1 for "current", 2 for "one of the
 * same name waits" and 3 for "a newer one waits"; `UCSTA` the same of the processor's microcode, with 2 for "waits". A
 * user is told the version alone, which says nothing; so does 0, and services that wait are no restart.
 */
export function readNeedrestart(stdout: string): Fact<Needrestart> {
  const values = new Map<string, Set<string>>()
  for (const line of stdout.split(/\r?\n/)) {
    const [, key, text] = /^NEEDRESTART-([A-Z]+):(.*)$/.exec(line) ?? []
    if (key !== undefined && text !== undefined) values.set(key, (values.get(key) ?? new Set()).add(text.trim()))
  }
  const only = (key: string): string | null => {
    const [first, ...others] = values.get(key) ?? []
    return first !== undefined && others.length === 0 ? first : null
  }
  if (!values.has('VER')) return unreadable('this is no answer of needrestart')
  const kernel = only('KCUR')
  const waits = [/^[23]$/.test(only('KSTA') ?? ''), only('UCSTA') === '2']
  return value({
    rebootRequired: waits.includes(true) ? true : only('KSTA') === '1' ? false : null,
    kernel: kernel !== null && /^\d+\.\d+\S*$/.test(kernel) ? kernel : null,
  })
}

const BOOT = '/proc/sys/kernel/random/boot_id'
const STATUS = '/var/lib/dpkg/status'
/** The kernel and the microcode alone: what it looks at of all processes costs seconds, and is no restart of the machine. */
const ARGS = ['-b', '-k', '-w'] as const

/** Asks needrestart, once for each start of the machine and each change of its packages. It tells only root. */
export function needrestartAsker(): (host: Host) => Promise<boolean | null> {
  const remember = rememberLast<boolean | null>()
  return async (host) => {
    if (host.privileged === false) return null
    const boot = await host.readFile(BOOT)
    const packages = await stateOf(host, [STATUS])
    return remember(boot.ok && packages !== null ? [boot.text, packages].join('\n') : null, async () => {
      const ran = await host.run('needrestart', ARGS, { timeoutMs: 30_000 })
      const said = ran.ok && ran.exitCode === 0 ? readNeedrestart(ran.stdout) : null
      const isFinal = ran.ok || ran.reason === 'missing'
      return { result: said?.kind === 'value' ? said.value.rebootRequired : null, repeatable: isFinal }
    })
  }
}
