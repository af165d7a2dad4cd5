import type { Host, Unread } from '../../host/host.ts'
import type { OsRelease } from '../os/os-release.ts'
import { newest, notCounted, reasonOf, writtenAt, type Answer, type Count } from './answer.ts'
import { codenamesOf, isDistribution, parseRelease, securityLists, type Archive } from './apt-lists.ts'
import { readSimulation } from './apt-simulation.ts'
import { isAptAutomatic } from './automatic.ts'
import { parseDpkgStatus } from './dpkg-status.ts'
import { newerIn } from './package-list.ts'
import { isRestartOwedByApt } from './reboot.ts'
import { rememberLast, stateOf, type Computed } from './remember.ts'

const STATUS = '/var/lib/dpkg/status'
const LISTS = '/var/lib/apt/lists'
/** Written by what looks for updates every day, when it succeeded. */
const STAMPS = ['/var/lib/apt/periodic/update-success-stamp', '/var/lib/apt/periodic/update-stamp'] as const

const LIMITS = { statusBytes: 32 * 1024 * 1024, releaseBytes: 4 * 1024 * 1024, listBytes: 256 * 1024 * 1024 }
const SIMULATION = { timeoutMs: 60_000, maxBytes: 8 * 1024 * 1024 }

/** What apt's files say: the count, and until when and since when its lists can be from. */
type Examined = { count: Count; publishedAt: Date | null; validUntil: Date | null; own: string[]; source: string }

/** Reads Debian, Ubuntu and what is made of them. */
export function aptReader(): (host: Host, release: OsRelease) => Promise<Answer> {
  const remember = rememberLast<Examined>()
  return async (host, release) => {
    const folder = await host.readDirectory(LISTS)
    const names = folder.ok
      ? folder.names.filter((name) => /(?:^|_)(?:InRelease|Release|Packages(?:\.\w+)?)$/.test(name))
      : []
    const codenames = codenamesOf(release)
    const state = folder.ok ? await stateOf(host, [STATUS, ...names.map((name) => `${LISTS}/${name}`)]) : null
    const examined = await remember(state && [...codenames, state].join('\n'), () =>
      folder.ok ? examine(host, names, codenames) : withoutLists(host, folder),
    )
    const { count, source } = examined
    const lastCheckedAt = await checkedAt(host, examined)
    const [lastInstalledAt] = await writtenAt(host, [STATUS])
    return {
      value: {
        pendingSecurity: count.pendingSecurity,
        pending: count.pending,
        lastInstalledAt: lastInstalledAt?.toISOString() ?? null,
        lastCheckedAt: lastCheckedAt?.toISOString() ?? null,
        automatic: await isAptAutomatic(host),
        rebootRequired: await isRestartOwedByApt(host),
      },
      why: count.why,
      source,
    }
  }
}

async function examine(
  host: Host,
  names: readonly string[],
  codenames: readonly string[],
): Promise<Computed<Examined>> {
  const archives: Archive[] = []
  let unread: string | undefined
  for (const name of names.filter((it) => it.endsWith('Release'))) {
    const file = await host.readFile(`${LISTS}/${name}`, { maxBytes: LIMITS.releaseBytes })
    const release = file.ok ? parseRelease(file.text) : null
    if (!file.ok) unread ??= reasonOf(file)
    if (release) archives.push({ prefix: name.replace(/(?:In)?Release$/, ''), release })
  }

  const ours = archives.filter(({ release }) => isDistribution(release))
  const own = ours.length > 0 ? ours : archives
  const published = own.flatMap(({ release }) => release.publishedAt ?? [])
  const lists = securityLists(names, archives, codenames)
  const about = {
    publishedAt: newest(published.filter((time) => time <= host.now())),
    validUntil: lists.ok ? lists.validUntil : null,
    own: own.map(({ prefix }) => `${LISTS}/${prefix}`),
  }
  if (!lists.ok && unread === undefined) {
    return { result: { ...about, count: notCounted(lists.why), source: LISTS }, repeatable: true }
  }
  const counted = lists.ok ? await countNewer(host, lists.names) : { ok: false as const, why: unread ?? lists.why }
  if (counted.ok) {
    return { result: { ...about, count: counted.count, source: `${STATUS}, ${LISTS}` }, repeatable: true }
  }
  const simulated = await simulate(host, counted)
  return { ...simulated, result: { ...simulated.result, ...about } }
}

/** Where apt's lists cannot be seen, apt itself may still answer; where there are none, it has nothing to answer from. */
async function withoutLists(host: Host, folder: Unread): Promise<Computed<Examined>> {
  if (folder.reason !== 'missing') return simulate(host, { why: reasonOf(folder) })
  const count = notCounted('apt has no package lists')
  return { result: { count, publishedAt: null, validUntil: null, own: [], source: LISTS }, repeatable: true }
}

/** A count that failed, and whether it was not for the lists: they are whole, and apt can count from them. */
type Failed = { ok?: false; why: string; areListsWhole?: boolean }

async function countNewer(host: Host, names: readonly string[]): Promise<{ ok: true; count: Count } | Failed> {
  const status = await host.readFile(STATUS, { maxBytes: LIMITS.statusBytes })
  const installed = status.ok ? parseDpkgStatus(status.text) : null
  const missing = new Set<string>()
  for (const name of names) {
    const list = await readList(host, `${LISTS}/${name}`)
    const newer = list === null ? null : newerIn(list, installed ?? new Map())
    if (!newer) return { ok: false, why: `${LISTS}/${name} is not a whole package list` }
    for (const it of newer) missing.add(it)
  }
  if (installed) return { ok: true, count: { pendingSecurity: missing.size, pending: null, why: '' } }
  const why = status.ok ? `${STATUS} is damaged` : reasonOf(status)
  return { ok: false, why, areListsWhole: true }
}

async function readList(host: Host, path: string): Promise<string | null> {
  if (path.endsWith('_Packages')) {
    const file = await host.readFile(path, { maxBytes: LIMITS.listBytes })
    return file.ok ? file.text : null
  }
  const ran = await host.run('apt-helper', ['cat-file', path], { maxBytes: LIMITS.listBytes })
  return ran.ok && ran.exitCode === 0 ? ran.stdout : null
}

/**
 * Asks apt, which reads all its lists again (seconds of CPU time). It cannot see a fix that a newer version without the
 * label replaced, and without a list of fixes it finds none: so "none" counts only where those lists are there and
 * nothing at all is pending.
 */
async function simulate(host: Host, failed: Failed): Promise<Computed<Examined>> {
  const ran = await host.run('apt-get', ['-s', 'dist-upgrade'], SIMULATION)
  const found = ran.ok && ran.exitCode === 0 ? readSimulation(ran.stdout) : null
  const isNonePending = failed.areListsWhole === true && found?.isNonePending === true
  const counted = (packages: ReadonlySet<string> | undefined) => packages?.size || (isNonePending ? 0 : null)
  const pendingSecurity = counted(found?.security)
  const answer = !ran.ok
    ? ran.why
    : ran.exitCode !== 0
      ? `apt-get ended with ${ran.exitCode}`
      : 'apt-get does not tell which updates are security updates'
  return {
    result: {
      count: { pendingSecurity, pending: counted(found?.upgrades), why: `${failed.why}; ${answer}` },
      publishedAt: null,
      validUntil: null,
      own: [],
      source: 'apt-get -s dist-upgrade',
    },
    repeatable: found !== null,
  }
}

/**
 * When apt last looked, at the latest known: all that is known are moments before which it cannot have been. The time
 * of a list is that of the server's copy, and a list past its own end was not refreshed after it, whatever a stamp says.
 */
async function checkedAt(host: Host, { own, publishedAt, validUntil }: Examined): Promise<Date | null> {
  const releases = own.flatMap((prefix) => [`${prefix}InRelease`, `${prefix}Release`])
  const written = newest(await writtenAt(host, [...STAMPS, ...releases])) ?? publishedAt
  return written && validUntil && validUntil < written ? validUntil : written
}
