import type { Host, Ran, Unread } from '../../host/host.ts'
import { newest, notCounted, writtenAt, type Answer, type Count } from './answer.ts'
import { isDnfAutomatic } from './automatic.ts'
import { readAdvisories, readUpdateinfo } from './dnf-advisories.ts'
import { isKernelReplaced } from './reboot.ts'
import { rememberLast, stateOf, type Computed } from './remember.ts'

/** Which dnf, the newer first, with what it answers from. It asks nobody: `-C` is its cache alone. */
const GENERATIONS = [
  {
    program: 'dnf5',
    args: ['-C', 'advisory', 'list', '--security', '--json'],
    cache: '/var/cache/libdnf5',
    read: readAdvisories,
  },
  {
    program: 'dnf',
    args: ['-C', '-q', 'updateinfo', 'list', '--security'],
    cache: '/var/cache/dnf',
    read: readUpdateinfo,
  },
] as const

/** Written by every transaction, and by nothing else. */
const HISTORIES = ['/usr/lib/sysimage/libdnf5/transaction_history.sqlite', '/var/lib/dnf/history.sqlite'] as const
const DATABASES = ['/usr/lib/sysimage/rpm/rpmdb.sqlite', '/var/lib/rpm/rpmdb.sqlite', '/var/lib/rpm/Packages'] as const

/**
 * The repositories in which the distributions publish their advisories, as they stand in the names of the cache's
 * folders. A vendor's own, or EPEL, has some too: they say nothing of what the system lacks.
 */
const ADVISORY_REPO =
  /^(?:updates|baseos|rhel-\d+-for-\w+-baseos(?:-\w+)*-rpms|ol\d+_baseos_latest|amazonlinux)-[0-9a-f]{16}$/

const RUN = { timeoutMs: 60_000, maxBytes: 8 * 1024 * 1024 }

type Generation = (typeof GENERATIONS)[number]

/** Reads Fedora, RHEL and what is made of them. */
export function dnfReader(): (host: Host) => Promise<Answer> {
  const remember = rememberLast<Count & { source: string }>()
  return async (host) => {
    const caches = await Promise.all(GENERATIONS.map(({ cache }) => repositories(host, cache)))
    const repos = caches.flat()
    const databases = await Promise.all(DATABASES.map((path) => stateOf(host, [path])))
    const states = [await stateOf(host, repos.map(repomd)), databases.find((state) => state !== null)]
    // Without a database or a cache to look at, nothing tells that the answer is still the same.
    const key = repos.length > 0 && states[0] && states[1] ? states.join('\n') : null
    const { source, ...count } = await remember(key, () => countAdvisories(host, repos))
    const lastInstalledAt = newest(await writtenAt(host, HISTORIES)) ?? newest(await writtenAt(host, DATABASES))
    const lastCheckedAt = await checkedAt(host, repos.filter(hasAdvisories))
    return {
      value: {
        pendingSecurity: count.pendingSecurity,
        pending: null,
        lastInstalledAt: lastInstalledAt?.toISOString() ?? null,
        lastCheckedAt: lastCheckedAt?.toISOString() ?? null,
        automatic: await isDnfAutomatic(host),
        rebootRequired: await isKernelReplaced(host),
      },
      why: count.why,
      source,
    }
  }
}

async function countAdvisories(host: Host, repos: readonly string[]): Promise<Computed<Count & { source: string }>> {
  let ran: Ran | Unread | undefined
  let generation: Generation = GENERATIONS[0]
  for (generation of GENERATIONS) {
    ran = await host.run(generation.program, generation.args, RUN)
    if (ran.ok || (ran.reason !== 'missing' && ran.reason !== 'not-recorded')) break
  }
  const source = `${generation.program} ${generation.args.join(' ')}`
  const unknown = (why: string, repeatable: boolean) => ({ result: { ...notCounted(why), source }, repeatable })
  if (!ran?.ok) return unknown(ran?.why ?? 'dnf was not found', false)
  if (ran.exitCode !== 0) return unknown(`${generation.program} ended with ${ran.exitCode}`, false)
  const packages = generation.read(ran.stdout)
  if (!packages) return unknown(`the answer of ${generation.program} makes no sense`, true)
  if (packages.size === 0 && !(await knowsAdvisories(host, repos, generation))) {
    return unknown(`${generation.program} has no advisories in its cache`, true)
  }
  return { result: { pendingSecurity: packages.size, pending: null, why: '', source }, repeatable: true }
}

/**
 * dnf answers "none" from an empty cache too, leaving out in silence what it has no copy of. So it is believed only
 * where the system's cache has the distribution's advisories; a user may have been answered from a cache of their own.
 */
async function knowsAdvisories(host: Host, repos: readonly string[], { cache }: Generation): Promise<boolean> {
  if (host.privileged === false) return false
  const sources = repos.filter((path) => path.startsWith(`${cache}/`) && hasAdvisories(path))
  const indexes = await Promise.all(sources.map((path) => host.readFile(repomd(path))))
  return indexes.some((index) => index.ok && /<data\s+type="updateinfo"/.test(index.text))
}

/** The folders of the cached repositories. */
async function repositories(host: Host, cache: string): Promise<string[]> {
  const folder = await host.readDirectory(cache)
  const names = folder.ok ? folder.names.filter((name) => /^.+-[0-9a-f]{16}$/.test(name)) : []
  return names.map((name) => `${cache}/${name}`)
}

const hasAdvisories = (path: string): boolean => ADVISORY_REPO.test(path.slice(path.lastIndexOf('/') + 1))

const repomd = (repository: string): string => `${repository}/repodata/repomd.xml`

/** When the cache was last fetched or found to be current: dnf 4 marks the latter on the list of packages alone. */
async function checkedAt(host: Host, repos: readonly string[]): Promise<Date | null> {
  const folders = await Promise.all(repos.map((path) => host.readDirectory(`${path}/repodata`)))
  const lists = folders.flatMap((folder, n) =>
    folder.ok
      ? folder.names.filter((name) => /primary\.xml/.test(name)).map((name) => `${repos[n]}/repodata/${name}`)
      : [],
  )
  return newest(await writtenAt(host, [...repos.map(repomd), ...lists]))
}
