import type { Host, Ran, Unread } from '../../host/host.ts'
import { lastWritten, notCounted, type Answer, type Count } from './answer.ts'
import { isDnfAutomatic } from './automatic.ts'
import { readAdvisories, readAdvisoryTable, readUpdateinfo } from './dnf-advisories.ts'
import { checkedAt, contentOf, dnfRepositories, isDistribution, yumRepositories, type Repository } from './dnf-cache.ts'
import { readCheckUpdate } from './dnf-check-update.ts'
import { restartsBy } from './needs-restarting.ts'
import { isKernelReplaced } from './reboot.ts'
import { lasting, passing, rememberLast, stateOf, stateOfFirst, type Computed } from './remember.ts'

/**
 * Which dnf, the newer first, with what it answers from. It asks nobody: `-C` is its cache alone. `advisories` are
 * ways to ask for the same, of which an old version knows only the later ones.
 */
const GENERATIONS = [
  {
    program: 'dnf5',
    advisories: [
      { args: ['-C', 'advisory', 'list', '--security', '--json'], read: readAdvisories },
      { args: ['-C', 'advisory', 'list', '--security'], read: readAdvisoryTable },
    ],
    updates: ['-C', '-q', 'check-upgrade'],
    cache: '/var/cache/libdnf5',
    repositories: dnfRepositories,
  },
  {
    program: 'dnf',
    advisories: [{ args: ['-C', '-q', 'updateinfo', 'list', '--security'], read: readUpdateinfo }],
    updates: ['-C', '-q', 'check-update'],
    cache: '/var/cache/dnf',
    repositories: dnfRepositories,
  },
  {
    program: 'yum',
    advisories: [{ args: ['-C', '-q', 'updateinfo', 'list', 'security'], read: readUpdateinfo }],
    updates: ['-C', '-q', 'check-update'],
    cache: '/var/cache/yum',
    repositories: yumRepositories,
  },
] as const

/** Written by every transaction, and by nothing else. */
const HISTORIES = ['/usr/lib/sysimage/libdnf5/transaction_history.sqlite', '/var/lib/dnf/history.sqlite'] as const
const DATABASES = ['/usr/lib/sysimage/rpm/rpmdb.sqlite', '/var/lib/rpm/rpmdb.sqlite', '/var/lib/rpm/Packages'] as const

const RUN = { timeoutMs: 60_000, maxBytes: 8 * 1024 * 1024 }

/** The plugin of dnf 5, that of dnf 4, and the program of yum. */
const RESTARTS = [
  { program: 'dnf5', args: ['-C', 'needs-restarting', '-r'] },
  { program: 'dnf', args: ['-C', 'needs-restarting', '-r'] },
  { program: 'needs-restarting', args: ['-r'] },
] as const

/** `check-update` ends with it where there are updates. */
const HAS_UPDATES = 100

type Generation = (typeof GENERATIONS)[number]
type Cached = Generation & { repos: readonly Repository[] }
type Counted = Count & { source: string }

/** Reads Fedora, RHEL and what is made of them. */
export function dnfReader(): (host: Host) => Promise<Answer> {
  const remember = rememberLast<Counted>()
  const restarts = restartsBy(RESTARTS)
  return async (host) => {
    const caches = await Promise.all(
      GENERATIONS.map(async (it) => ({ ...it, repos: await it.repositories(host, it.cache) })),
    )
    const repos = caches.flatMap((it) => it.repos)
    const packages = await stateOfFirst(host, DATABASES)
    const indexes = await stateOf(host, await existing(host, repos))
    // Without a database or a cache to look at, nothing tells that the answer is still the same.
    const key = repos.length > 0 && indexes && packages ? [indexes, packages].join('\n') : null
    const { source, ...count } = await remember(key, () => countMissing(host, caches))
    const lastInstalledAt = (await lastWritten(host, HISTORIES)) ?? (await lastWritten(host, DATABASES))
    const lastCheckedAt = await checkedAt(host, repos.filter(isDistribution))
    return {
      count,
      source,
      lastInstalledAt,
      lastCheckedAt,
      automatic: await isDnfAutomatic(host),
      rebootRequired: await restarts(host, await isKernelReplaced(host), packages),
    }
  }
}

/** The indexes that are there: yum's cache has other folders beside those of repositories. */
async function existing(host: Host, repos: readonly Repository[]): Promise<string[]> {
  const files = await Promise.all(repos.map(({ repomd }) => host.stat(repomd)))
  return repos.flatMap(({ repomd }, n) => (files[n]?.ok === false && files[n].reason === 'missing' ? [] : [repomd]))
}

async function countMissing(host: Host, caches: readonly Cached[]): Promise<Computed<Counted>> {
  for (const generation of caches) {
    const found = await askOne(host, generation)
    if (found !== null) return found
  }
  return passing({ ...notCounted('dnf is not installed'), source: 'dnf' })
}

/** The answer of one generation, in the last way that it was asked; null where it is not installed. */
async function askOne(host: Host, generation: Cached): Promise<Computed<Counted> | null> {
  let last: Computed<Counted> | null = null
  for (const { args, read } of generation.advisories) {
    const ran = await host.run(generation.program, args, RUN)
    if (!ran.ok && (ran.reason === 'missing' || ran.reason === 'not-recorded')) return last
    last = await answerOf(host, generation, args, { ran, read })
    if (last.repeatable) return last
  }
  return last
}

type Asked = { ran: Ran | Unread; read: Generation['advisories'][number]['read'] }

async function answerOf(
  host: Host,
  generation: Cached,
  args: readonly string[],
  { ran, read }: Asked,
): Promise<Computed<Counted>> {
  const { program, repos } = generation
  const source = `${program} ${args.join(' ')}`
  const unknown = (why: string) => ({ ...notCounted(why), source })
  if (!ran.ok) return passing(unknown(ran.why))
  if (ran.exitCode !== 0) return passing(unknown(`${program} ended with ${ran.exitCode}`))
  const found = read(ran.stdout)
  if (!found) return lasting(unknown(`the answer of ${program} makes no sense`))
  const { size } = found.security
  if (size > 0) return lasting({ pendingSecurity: size, pending: null, why: '', source })
  /*
   * dnf answers "none" from an empty cache too, leaving out in silence what it has no copy of. So it is believed only
   * where the system's cache has the distribution's advisories; a user may have been answered from a cache of their own.
   */
  if (host.privileged === false) return lasting(unknown(`${program} may have answered from the cache of a user`))
  const content = await contentOf(host, repos.filter(isDistribution))
  if (content.hasAdvisories) return lasting({ pendingSecurity: 0, pending: null, why: '', source })
  const why = `${program} has no advisories in its cache`
  return content.hasIndex ? countUpdates(host, generation, why) : lasting(unknown(why))
}

/** CentOS publishes no advisories. There "no security update" is known only where nothing at all is missing. */
async function countUpdates(host: Host, { program, updates }: Cached, why: string): Promise<Computed<Counted>> {
  const source = `${program} ${updates.join(' ')}`
  const ran = await host.run(program, updates, RUN)
  const isAnswer = ran.ok && (ran.exitCode === 0 || ran.exitCode === HAS_UPDATES)
  const names = isAnswer ? readCheckUpdate(ran.stdout) : null
  // Rows and exit code have to say the same.
  if (!isAnswer || !names || names.size > 0 !== (ran.exitCode === HAS_UPDATES)) {
    return { result: { ...notCounted(why), source }, repeatable: isAnswer }
  }
  const pendingSecurity = names.size === 0 ? 0 : null
  return lasting({ pendingSecurity, pending: names.size, why, source })
}
