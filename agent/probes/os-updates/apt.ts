import type { Host, Unread } from '../../host/host.ts'
import type { OsRelease } from '../os/os-release.ts'
import { lastWritten, newest, notCounted, reasonOf, type Answer, type Count } from './answer.ts'
import { codenamesOf, isDistribution, parseRelease, securityLists, type Archive } from './apt-lists.ts'
import { askApt, type Failed } from './apt-programs.ts'
import { isAptAutomatic } from './automatic.ts'
import { parseDpkgStatus } from './dpkg-status.ts'
import { needrestartAsker } from './needrestart.ts'
import { newerIn } from './package-list.ts'
import { isRestartOwedByApt } from './reboot.ts'
import { lasting, rememberLast, stateOf, type Computed } from './remember.ts'

const STATUS = '/var/lib/dpkg/status'
const LISTS = '/var/lib/apt/lists'
/** Written by what looks for updates every day, when it succeeded. */
const STAMPS = ['/var/lib/apt/periodic/update-success-stamp', '/var/lib/apt/periodic/update-stamp'] as const

const LIMITS = { statusBytes: 32 * 1024 * 1024, releaseBytes: 4 * 1024 * 1024, listBytes: 256 * 1024 * 1024 }

/** What apt's files say: the count, and until when and since when its lists can be from. */
type Examined = { count: Count; publishedAt: Date | null; validUntil: Date | null; own: string[]; source: string }

/** By which names its archives may know this release, and whether Ubuntu's programs may be there. */
type System = { codenames: readonly string[]; isUbuntu: boolean }

const idsOf = (release: OsRelease): string => `${release.get('ID') ?? ''} ${release.get('ID_LIKE') ?? ''}`

/** Reads Debian, Ubuntu and what is made of them. */
export function aptReader(): (host: Host, release: OsRelease) => Promise<Answer> {
  const remember = rememberLast<Examined>()
  const askNeedrestart = needrestartAsker()
  return async (host, release) => {
    const folder = await host.readDirectory(LISTS)
    const names = folder.ok
      ? folder.names.filter((name) => /(?:^|_)(?:InRelease|Release|Packages(?:\.\w+)?)$/.test(name))
      : []
    const of = { codenames: codenamesOf(release), isUbuntu: /\bubuntu\b/.test(idsOf(release)) }
    const state = folder.ok ? await stateOf(host, [STATUS, ...names.map((name) => `${LISTS}/${name}`)]) : null
    const examined = await remember(state && [...of.codenames, state].join('\n'), () =>
      folder.ok ? examine(host, names, of) : withoutLists(host, folder, of),
    )
    const { count, source } = examined
    const lastCheckedAt = await checkedAt(host, examined)
    const lastInstalledAt = await lastWritten(host, [STATUS])
    return {
      count,
      source,
      lastInstalledAt,
      lastCheckedAt,
      automatic: await isAptAutomatic(host),
      rebootRequired: await isRestartOwedByApt(host, () => askNeedrestart(host)),
    }
  }
}

async function examine(host: Host, names: readonly string[], of: System): Promise<Computed<Examined>> {
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
  const lists = securityLists(names, archives, of.codenames)
  const about = {
    publishedAt: newest(published.filter((time) => time <= host.now())),
    validUntil: lists.ok ? lists.validUntil : null,
    own: own.map(({ prefix }) => `${LISTS}/${prefix}`),
  }
  if (!lists.ok && unread === undefined) {
    return lasting({ ...about, count: notCounted(lists.why), source: LISTS })
  }
  const counted = lists.ok ? await countNewer(host, lists.names) : { ok: false as const, why: unread ?? lists.why }
  if (counted.ok) {
    return lasting({ ...about, count: counted.count, source: `${STATUS}, ${LISTS}` })
  }
  const asked = await askApt(host, counted, of)
  return { ...asked, result: { ...asked.result, ...about } }
}

/** Where apt's lists cannot be seen, apt itself may still answer; where there are none, it has nothing to answer from. */
async function withoutLists(host: Host, folder: Unread, of: System): Promise<Computed<Examined>> {
  const about = { publishedAt: null, validUntil: null, own: [] }
  if (folder.reason === 'missing') {
    return lasting({ ...about, count: notCounted('apt has no package lists'), source: LISTS })
  }
  const asked = await askApt(host, { why: reasonOf(folder) }, of)
  return { ...asked, result: { ...asked.result, ...about } }
}

async function countNewer(
  host: Host,
  names: readonly string[],
): Promise<{ ok: true; count: Count } | ({ ok: false } & Failed)> {
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
 * When apt last looked, at the latest known: all that is known are moments before which it cannot have been. The time
 * of a list is that of the server's copy, and a list past its own end was not refreshed after it, whatever a stamp says.
 */
async function checkedAt(host: Host, { own, publishedAt, validUntil }: Examined): Promise<Date | null> {
  const releases = own.flatMap((prefix) => [`${prefix}InRelease`, `${prefix}Release`])
  const written = (await lastWritten(host, [...STAMPS, ...releases])) ?? publishedAt
  return written && validUntil && validUntil < written ? validUntil : written
}
