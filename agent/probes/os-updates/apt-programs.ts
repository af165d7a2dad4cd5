import type { Fact } from '../../../shared/fact.ts'
import { unreadable, value } from '../../../shared/fact.ts'
import type { Host, Ran } from '../../host/host.ts'
import type { Count } from './answer.ts'
import { readAptCheck } from './apt-check.ts'
import { readAptList } from './apt-list.ts'
import { readSimulation } from './apt-simulation.ts'
import { lasting, passing, type Computed } from './remember.ts'
import { readPro } from './ubuntu-pro.ts'

/** What a program counts. `none` is what an answer without fixes means: whether all were looked at, or some are not told. */
type Told = { security: number | null; pending: number | null; none: 'none is missing' | 'not told' }

type Question = {
  program: 'apt-check' | 'pro' | 'apt-get' | 'apt'
  args: readonly string[]
  read: (ran: Ran) => Fact<Told>
}

/** Ubuntu's own count, which sees a fix that a newer version without the label replaced. */
const UBUNTU: readonly Question[] = [
  {
    program: 'apt-check',
    args: [],
    read: ({ stderr, stdout }) =>
      map(readAptCheck(`${stderr}\n${stdout}`), ({ pendingSecurity, pending }) => ({
        security: pendingSecurity,
        pending,
        none: 'none is missing',
      })),
  },
  {
    program: 'pro',
    args: ['security-status', '--format', 'json'],
    read: ({ stdout }) =>
      map(readPro(stdout), ({ pendingSecurity }) => ({
        security: pendingSecurity,
        pending: null,
        none: 'none is missing',
      })),
  },
]

/** apt itself cannot see such a fix, so "none" counts only where nothing at all is pending. */
const APT: readonly Question[] = [
  {
    program: 'apt-get',
    args: ['-s', 'dist-upgrade'],
    read: ({ stdout }) => {
      const found = readSimulation(stdout)
      if (!found) return unreadable('apt-get -s did not come to an end')
      const { security, upgrades, keptBack, isNonePending } = found
      const none = isNonePending ? 'none is missing' : 'not told'
      return value({ security: security.size, pending: upgrades.size + (keptBack ?? 0), none })
    },
  },
  // It answers where apt-get cannot, for dependencies that are broken.
  {
    program: 'apt',
    args: ['list', '--upgradable'],
    read: ({ stdout }) =>
      map(readAptList(stdout), ({ security, pending }) => ({
        security: security?.size ?? null,
        pending: pending.size,
        none: pending.size === 0 ? 'none is missing' : 'not told',
      })),
  },
]

const RUN = { timeoutMs: 60_000, maxBytes: 8 * 1024 * 1024 }

/** Why apt's files told nothing, and whether it was not for the lists: they are whole, and apt can count from them. */
export type Failed = { why: string; areListsWhole?: boolean }

/**
 * Asks apt and what counts for it, the first that answers: each reads all the lists again (seconds of CPU time). Without
 * a list of fixes they find none, so "none" is believed only where those lists are there.
 */
export async function askApt(
  host: Host,
  failed: Failed,
  { isUbuntu }: { isUbuntu: boolean },
): Promise<Computed<{ count: Count; source: string }>> {
  let last: { why: string; source: string } | undefined
  const kept = isUbuntu ? await readKept(host) : null
  if (kept) return lasting({ count: countOf(kept, failed, 'update-notifier'), source: KEPT })
  for (const question of isUbuntu ? [...UBUNTU, ...APT] : APT) {
    const { program, args, read } = question
    const source = [program, ...args].join(' ')
    const ran = await host.run(program, args, RUN)
    const told = !ran.ok || ran.exitCode !== 0 ? null : read(ran)
    if (told?.kind === 'value') return lasting({ count: countOf(told.value, failed, program), source })
    const why = !ran.ok ? ran.why : ran.exitCode !== 0 ? `${program} ended with ${ran.exitCode}` : (told?.why ?? '')
    // That a helper is not installed explains nothing; that apt-get is not, does.
    if (ran.ok || program === 'apt-get') last = { why, source }
  }
  const { why = '', source = 'apt-get' } = last ?? {}
  const count = { pendingSecurity: null, pending: null, why: `${failed.why}; ${why}` }
  return passing({ count, source })
}

/** Where update-notifier keeps what it counted, which it does whenever lists or packages have changed. */
const KEPT = '/var/lib/update-notifier/updates-available'
const CHANGES = ['/var/lib/dpkg/status', '/var/lib/apt/lists'] as const

/** What update-notifier counted after the last change; null where something changed since, or that cannot be seen. */
async function readKept(host: Host): Promise<Told | null> {
  const [kept, ...changes] = await Promise.all([KEPT, ...CHANGES].map((path) => host.stat(path)))
  const isCurrent = changes.every((it) => kept?.ok && it.ok && it.modifiedAt <= kept.modifiedAt)
  const file = isCurrent ? await host.readFile(KEPT) : null
  const counted = file?.ok ? readAptCheck(file.text) : null
  if (counted?.kind !== 'value') return null
  const { pendingSecurity, pending } = counted.value
  return { security: pendingSecurity, pending, none: 'none is missing' }
}

function countOf({ security, pending, none }: Told, failed: Failed, program: string): Count {
  const isNoneSure = failed.areListsWhole === true && none === 'none is missing'
  const known = (count: number | null) => count || (count === 0 && isNoneSure ? 0 : null)
  const why = `${failed.why}; ${program} does not tell which updates are security updates`
  return { pendingSecurity: known(security), pending: known(pending), why }
}

function map<T, U>(fact: Fact<T>, of: (it: T) => U): Fact<U> {
  return fact.kind === 'value' ? value(of(fact.value)) : fact
}
