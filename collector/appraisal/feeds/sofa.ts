import { Type, type Static } from 'typebox'
import { parserOf } from '../../../shared/schema.ts'
import { dayIn } from '../day.ts'
import { invalidFeed, type Found, type FoundRelease } from './feed.ts'
import { macosVersionOf } from './macos-version.ts'
import { maybe, shapeOf } from './shape.ts'

/**
 * The feed of SOFA about macOS, versions 1 and 2 (https://sofa.macadmins.io): every release of the lines that Apple
 * maintains, with what each fixes. It says nothing about ends of support.
 */
const parseFeed = parserOf(
  Type.Object({
    LastCheck: maybe(Type.String()),
    OSVersions: Type.Array(Type.Unknown(), { maxItems: 100 }),
    BackgroundSecurityImprovements: Type.Optional(Type.Unknown()),
    XProtectPayloads: Type.Optional(Type.Unknown()),
    XProtectPlistConfigData: Type.Optional(Type.Unknown()),
  }),
)

const isSystem = shapeOf(
  Type.Object({ Latest: Type.Optional(Type.Unknown()), SecurityReleases: maybe(Type.Array(Type.Unknown())) }),
)

const Release = Type.Object({
  ProductName: maybe(Type.String()),
  UpdateName: maybe(Type.String()),
  ProductVersion: Type.String(),
  ReleaseDate: Type.String(),
  SecurityInfo: maybe(Type.String()),
  /** By number; whether it is exploited in version 1, an object that may be empty in version 2. */
  CVEs: maybe(Type.Record(Type.String(), Type.Unknown())),
  ActivelyExploitedCVEs: maybe(Type.Array(Type.Unknown())),
  UniqueCVEsCount: maybe(Type.Integer({ minimum: 0 })),
  DeviceScope: maybe(Type.String()),
})
type Release = Static<typeof Release>
const isRelease = shapeOf(Release)

export function readSofa(json: unknown): Found {
  const feed = parseFeed(json)
  if (!feed.ok) throw invalidFeed(`SOFA: ${feed.problem}`)
  const releases: FoundRelease[] = []
  // What XProtect got is no release, and tells how new the feed is: it comes more often than they do.
  const { XProtectPayloads: payloads, XProtectPlistConfigData: rules } = feed.value
  const knownDays = [payloads, rules].map(dayOfXProtect).filter((day) => day !== null)
  let skipped = 0
  let isOfMacos = false

  for (const system of feed.value.OSVersions) {
    if (!isSystem(system)) {
      skipped++
      continue
    }
    // The newest release stands among the others too; where it does not, it counts all the same.
    const { Latest: latest, SecurityReleases: listed } = system
    const entries = [...(listed ?? []).map((it) => ({ it, isListed: true })), { it: latest, isListed: false }]
    for (const { it, isListed } of entries) {
      const read = readRelease(it)
      // In version 1 the newest has no name of its own, and is not needed.
      if (read === 'odd') skipped += isListed ? 1 : 0
      else isOfMacos = true
      if (read === 'odd' || read === 'of some models') continue
      knownDays.push(read.releasedOn)
      if (read.found) releases.push(read.found)
    }
  }
  // These do not say of which system they are.
  for (const it of isOfMacos ? improvements(feed.value.BackgroundSecurityImprovements) : []) {
    const read = readImprovement(it)
    if (read === 'odd') skipped++
    else if (read !== 'of some models') releases.push(read)
  }
  return { format: 'sofa', statedOn: dayIn(feed.value.LastCheck), knownDays, lines: [], releases, skipped }
}

const isDatedPart = shapeOf(Type.Object({ ReleaseDate: Type.String() }))

function dayOfXProtect(it: unknown): string | null {
  return isDatedPart(it) ? dayIn(it.ReleaseDate) : null
}

type Read = { releasedOn: string; found: FoundRelease | null }

function readRelease(it: unknown): Read | 'odd' | 'of some models' {
  // The feeds of Apple's other systems look the same, and since 2025 have the same numbers.
  if (!isRelease(it) || !isMacos(it)) return 'odd'
  const version = macosVersionOf(withLetter(it))
  const releasedOn = dayIn(it.ReleaseDate)
  if (!version || releasedOn === null) return 'odd'
  if (isOfSomeModels(it)) return 'of some models'
  if (fixesNothing(it)) return { releasedOn, found: null }
  const exploited = isExploited(it) ? { exploited: true } : {}
  return {
    releasedOn,
    found: { id: 'macos', version: version.line, release: { version: version.version, releasedOn, ...exploited } },
  }
}

function isMacos({ ProductName: product, UpdateName: name }: Release): boolean {
  return product ? product === 'macOS' : /\bmacOS\b/.test(name ?? '')
}

/** What only some models are offered can be asked of none: the catalogue knows no models. */
function isOfSomeModels({ DeviceScope: scope }: Pick<Release, 'DeviceScope'>): boolean {
  return typeof scope === 'string' && scope !== 'universal'
}

/** The letter of a rapid response, where it stands in the name of the update alone. */
function withLetter({ ProductVersion: version, UpdateName: name }: Release): string {
  const [letter] = / ?\([a-z]{1,2}\)$/.exec(name ?? '') ?? []
  return letter !== undefined && !version.endsWith(')') ? `${version}${letter}` : version
}

/**
 * Not every release mends a security hole, and one that does not may be left out for as long as one likes. The feed says
 * so itself: it counts no CVE, and in place of the address of Apple's page it says that there are none. Where it gives the
 * address and counts none, the list is still to come, and the release counts. So does a rapid response always.
 */
function fixesNothing(release: Release): boolean {
  const { CVEs: cves, UniqueCVEsCount: count, SecurityInfo: info } = release
  const isCounted = (count ?? 0) > 0 || Object.keys(cves ?? {}).length > 0 || isExploited(release)
  return !isCounted && !/^https?:/.test(info ?? '') && !withLetter(release).endsWith(')')
}

function isExploited({ ActivelyExploitedCVEs: listed, CVEs: cves }: Release): boolean {
  return (listed ?? []).length > 0 || Object.values(cves ?? {}).some(isMarkedExploited)
}

const isMark = shapeOf(
  Type.Union([Type.Object({ ActivelyExploited: Type.Literal(true) }), Type.Object({ InKEV: Type.Literal(true) })]),
)

function isMarkedExploited(cve: unknown): boolean {
  return cve === true || isMark(cve)
}

/** What Apple installs between releases, by line; only version 2 lists them. */
const isImprovements = shapeOf(Type.Record(Type.String(), Type.Array(Type.Unknown())))

function improvements(it: unknown): unknown[] {
  return isImprovements(it) ? Object.values(it).flat() : []
}

const isImprovement = shapeOf(
  Type.Object({
    Version: Type.String(),
    VersionExtra: Type.String({ pattern: '^ ?\\([a-z]{1,2}\\)$' }),
    PostingDate: Type.String(),
    DeviceScope: maybe(Type.String()),
  }),
)

function readImprovement(it: unknown): FoundRelease | 'odd' | 'of some models' {
  if (!isImprovement(it)) return 'odd'
  const { Version: base, VersionExtra: letter, PostingDate: posted } = it
  const version = macosVersionOf(`${base} ${letter.trim()}`)
  const releasedOn = dayIn(posted)
  if (!version || releasedOn === null) return 'odd'
  if (isOfSomeModels(it)) return 'of some models'
  return { id: 'macos', version: version.line, release: { version: version.version, releasedOn } }
}
