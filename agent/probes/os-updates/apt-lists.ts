/** What the head of an archive's InRelease or Release file says. */
export type Release = {
  origin: string
  label: string
  suite: string
  codename: string
  /** When the archive was published, and until when apt may believe it. */
  publishedAt: Date | null
  validUntil: Date | null
  /** `main/binary-amd64` of the package lists that have anything in them. */
  filled: ReadonlySet<string>
}

/** Reads an InRelease or Release file; null where it does not say whose it is. */
export function parseRelease(text: string): Release | null {
  // The fields stand before the long lists of checksums.
  const list = /^(?:MD5Sum|SHA1|SHA256|SHA512):/m.exec(text)
  const head = text.slice(0, list?.index)
  const field = (name: string) => new RegExp(`^${name}: *(.*?) *\\r?$`, 'm').exec(head)?.[1] ?? ''
  const release = { origin: field('Origin'), label: field('Label'), suite: field('Suite'), codename: field('Codename') }
  if (release.origin === '' || (release.suite === '' && release.codename === '')) return null
  const filled = new Set<string>()
  for (const [, path] of text.matchAll(/^ [0-9a-f]+ +[1-9]\d* (\S+\/binary-[\w-]+)\/Packages\r?$/gm)) {
    if (path !== undefined) filled.add(path)
  }
  return { ...release, publishedAt: timeOf(field('Date')), validUntil: timeOf(field('Valid-Until')), filled }
}

function timeOf(text: string): Date | null {
  const time = /^\w{3}, +\d{1,2} \w{3} \d{4} [\d:]+ (?:UTC|GMT|\+0000)$/.test(text) ? new Date(text) : null
  return time && !Number.isNaN(time.getTime()) ? time : null
}

/**
 * The archives whose packages are security fixes. Anyone can call a suite `-security`, so the origin decides too.
 * `testing-security` is none: fixes reach Debian testing through its main archive, and the list stays all but empty.
 */
const SECURITY: readonly { origin: string; label?: RegExp; suite?: RegExp; addsTo?: string }[] = [
  { origin: 'Debian', label: /^Debian-Security$/, suite: /^(?!testing|unstable)/ },
  { origin: 'Ubuntu', suite: /-security$/ },
  { origin: 'Devuan', label: /^Devuan-Security$/, suite: /^(?!testing|unstable)/ },
  // Ubuntu Pro: more fixes beside those of -security, never in place of them.
  { origin: 'UbuntuESM', suite: /-infra-security$/, addsTo: 'Ubuntu' },
  { origin: 'UbuntuESMApps', suite: /-apps-security$/, addsTo: 'Ubuntu' },
]

const OWN_ORIGINS = new Set(SECURITY.map(({ origin }) => origin))

/** Whether an archive is the distribution's own: when a vendor's was last fetched says nothing of security fixes. */
export const isDistribution = (release: Release): boolean => OWN_ORIGINS.has(release.origin)

const securityOf = (release: Release) =>
  SECURITY.find(
    ({ origin, label, suite }) =>
      release.origin === origin && (label?.test(release.label) ?? true) && (suite?.test(release.suite) ?? true),
  )

/** An archive whose release file lies among apt's lists; its files there have names that start with `prefix`. */
export type Archive = { prefix: string; release: Release }

/**
 * Which of apt's files are the security lists of this very release of the system, or why they cannot tell what is
 * missing. Lists of the release before say nothing, nor do those of `main` about what was installed from `universe`.
 */
export function securityLists(
  names: readonly string[],
  archives: readonly Archive[],
  codenames: readonly string[],
): { ok: true; names: string[]; validUntil: Date | null } | { ok: false; why: string } {
  if (codenames.length === 0) return { ok: false, why: 'os-release does not say which release this is' }
  const ours = archives.filter(({ release }) => codenames.includes(codenameOf(release)))
  const security = ours.filter(({ release }) => securityOf(release) !== undefined)
  const standard = security.filter(({ release }) => securityOf(release)?.addsTo === undefined)
  const lists = security.flatMap((archive) => listsOf(names, archive))
  if (standard.length === 0 || lists.length === 0) {
    return { ok: false, why: `no security suite of ${codenames.join(' or ')} is among apt's package lists` }
  }

  const read = new Set(standard.flatMap((archive) => listsOf(names, archive)).map(({ path }) => path))
  const wanted = ours
    .filter(({ release }) => securityOf(release) === undefined && isDistribution(release))
    .flatMap((archive) => listsOf(names, archive))
  const lacking = wanted.find(({ path }) => !read.has(path) && standard.some(({ release }) => release.filled.has(path)))
  if (lacking) return { ok: false, why: `the security list of ${lacking.path} is not among apt's package lists` }

  const ends = standard.flatMap(({ release }) => (release.validUntil ? [release.validUntil.getTime()] : []))
  return {
    ok: true,
    names: lists.map(({ name }) => name),
    validUntil: ends.length ? new Date(Math.min(...ends)) : null,
  }
}

/** `bookworm` of `bookworm-security`, of Debian 10's plain `buster`, and of Ubuntu, whose pockets share one. */
function codenameOf({ codename, suite }: Release): string {
  return (codename || suite).replace(/[-/](?:security|updates|infra-security|apps-security)$/, '')
}

/** The package lists of one archive: `PREFIXmain_binary-amd64_Packages`, plain or compressed. */
function listsOf(names: readonly string[], { prefix }: Archive): { name: string; path: string }[] {
  return names.flatMap((name) => {
    const rest = name.startsWith(prefix) ? name.slice(prefix.length) : ''
    const parts = /^(\S+)_(binary-[\w-]+)_Packages(?:\.\w+)?$/.exec(rest)
    return parts ? [{ name, path: `${(parts[1] ?? '').replaceAll('_', '/')}/${parts[2] ?? ''}` }] : []
  })
}

/** By which names the archives may know this release: a derivative names that of Ubuntu or Debian beside its own. */
export function codenamesOf(osRelease: ReadonlyMap<string, string>): string[] {
  const stated = ['VERSION_CODENAME', 'UBUNTU_CODENAME', 'DEBIAN_CODENAME'].map((key) => osRelease.get(key))
  // Before 2018 it stood in brackets only: VERSION="8 (jessie)".
  const inBrackets = /\((\w+)\)$/.exec(osRelease.get('VERSION') ?? '')?.[1]
  return [...new Set([...stated, inBrackets].flatMap((name) => (name ? [name.toLowerCase()] : [])))]
}
