import { unreadable, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import type { OsRelease } from '../os/os-release.ts'
import { unreadableBecause } from '../probe.ts'
import { countedWithoutClass, lastWritten, notCounted, type Answer, type Count, type Listing } from './answer.ts'
import { isZypperAutomatic } from './automatic.ts'
import { restartsBy } from './needs-restarting.ts'
import { isRestartOwedByZypper } from './reboot.ts'
import { lasting, passing, rememberLast, stateOf, stateOfFirst, type Computed } from './remember.ts'
import { readZypperList } from './zypper-list.ts'

const CACHE = '/var/cache/zypp/raw'
const DATABASES = [
  '/usr/lib/sysimage/rpm/rpmdb.sqlite',
  '/usr/lib/sysimage/rpm/Packages.db',
  '/usr/lib/sysimage/rpm/Packages',
  '/var/lib/rpm/Packages',
] as const

/** `--no-refresh`: its cache alone, nothing over the network. */
const QUIET = ['-n', '--xmlout', '--no-refresh'] as const
const RUN = { timeoutMs: 60_000, maxBytes: 16 * 1024 * 1024 }

/** From 100 on it ended well and has something to say of the updates; 104 and above: something was left out. */
const WELL = new Set([0, 100, 101, 102, 103])

const RESTARTS = [{ program: 'zypper', args: ['needs-rebooting'] }] as const

/** Tumbleweed, and what is made of it, is one stream of packages: it has no patches, so a list of none says nothing. */
const ROLLING = /^opensuse-(?:tumbleweed|slowroll|microos|aeon|kalpa)$/

/** Reads SUSE Linux Enterprise and openSUSE. Patches are counted, which are advisories, each for several packages. */
export function zypperReader(): (host: Host, release: OsRelease) => Promise<Answer> {
  const remember = rememberLast<Count & { source: string }>()
  const restarts = restartsBy(RESTARTS)
  return async (host, release) => {
    const isRolling = ROLLING.test(release.get('ID') ?? '')
    const repos = await repositories(host)
    const indexes = repos.flatMap(({ files }) => files)
    const packages = await stateOfFirst(host, DATABASES)
    const state = indexes.length > 0 ? await stateOf(host, indexes) : null
    const key = state && packages ? [String(isRolling), state, packages].join('\n') : null
    const { source, ...count } = await remember(key, () => countMissing(host, repos, isRolling))
    const checked = repos.filter(({ alias, hasPatches }) => isRolling || hasPatches || UPDATES.test(alias))
    const lastCheckedAt = await lastWritten(
      host,
      checked.flatMap(({ files }) => files),
    )
    const lastInstalledAt = await lastWritten(host, DATABASES)
    return {
      count,
      source,
      lastInstalledAt,
      lastCheckedAt,
      automatic: await isZypperAutomatic(host),
      rebootRequired: await restarts(host, await isRestartOwedByZypper(host), packages),
    }
  }
}

/** A repository in zypper's cache: the files that tell when it was fetched or found to be current. */
type Repository = { alias: string; files: string[]; hasPatches: boolean }

/** The repositories in which SUSE publishes its patches have this in their alias; vendors' seldom have any patches. */
const UPDATES = /update/i

async function repositories(host: Host): Promise<Repository[]> {
  const folder = await host.readDirectory(CACHE)
  return Promise.all(
    (folder.ok ? folder.names : []).map(async (alias) => {
      const content = await host.readDirectory(`${CACHE}/${alias}/repodata`)
      const names = content.ok ? content.names : []
      const index = names.filter((name) => name === 'repomd.xml').map((name) => `${CACHE}/${alias}/repodata/${name}`)
      const cookie = `${CACHE}/${alias}/cookie`
      const hasCookie = (await host.stat(cookie)).ok
      return {
        alias,
        files: hasCookie ? [...index, cookie] : index,
        hasPatches: UPDATES.test(alias) && names.some((name) => /updateinfo\.xml/.test(name)),
      }
    }),
  )
}

async function countMissing(
  host: Host,
  repos: readonly Repository[],
  isRolling: boolean,
): Promise<Computed<Count & { source: string }>> {
  const args = [...QUIET, isRolling ? 'list-updates' : 'list-patches']
  const source = `zypper ${args.join(' ')}`
  const list = await ask(host, args)
  if (list.kind !== 'value') return passing({ ...notCounted(list.why), source })
  const { pending, security } = list.value
  if (isRolling && pending.size === 0 && !repos.some(({ files }) => files.length > 0)) {
    return lasting({ ...notCounted('zypper has no cache to answer from'), source })
  }
  if (isRolling) return lasting({ ...countedWithoutClass(pending.size, 'openSUSE'), source })
  // It answers "none" where it has no list of patches, too.
  if (security === null || (security.size === 0 && !repos.some(({ hasPatches }) => hasPatches))) {
    return lasting({ ...notCounted('zypper has no patches in its cache'), source })
  }
  return lasting({ pendingSecurity: security.size, pending: pending.size, why: '', source })
}

async function ask(host: Host, args: readonly string[]): Promise<Fact<Listing>> {
  const ran = await host.run('zypper', args, RUN)
  if (!ran.ok) return unreadableBecause(ran)
  return WELL.has(ran.exitCode) ? readZypperList(ran.stdout) : unreadable(`zypper ended with ${ran.exitCode}`)
}
