import { Type, type Static } from 'typebox'
import { parserOf } from '../../../shared/schema.ts'
import type { Release } from '../catalogue.ts'
import { dayIn, dayOf } from '../day.ts'
import { invalidFeed, joined, type Found, type FoundRelease } from './feed.ts'
import { maybe, shapeOf } from './shape.ts'

/**
 * A monthly document of Microsoft's security updates (https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/2026-Jul): for every
 * vulnerability the builds that fix it. It may have 20 MB, nearly all of it about other products.
 */
const Document = Type.Object({
  DocumentTitle: maybe(Type.Object({ Value: maybe(Type.String()) })),
  DocumentTracking: maybe(
    Type.Object({ InitialReleaseDate: maybe(Type.String()), CurrentReleaseDate: maybe(Type.String()) }),
  ),
  ProductTree: Type.Object({ FullProductName: Type.Array(Type.Unknown()) }),
  Vulnerability: maybe(Type.Array(Type.Unknown())),
})
type Document = Static<typeof Document>
const parseDocument = parserOf(Document)

const isProduct = shapeOf(Type.Object({ ProductID: Type.String(), Value: Type.String() }))

const isVulnerability = shapeOf(
  Type.Object({
    Remediations: maybe(Type.Array(Type.Unknown())),
    Threats: maybe(Type.Array(Type.Unknown())),
    RevisionHistory: maybe(Type.Array(Type.Unknown())),
  }),
)

/** A fix by the vendor is of type 2; a workaround, advice or a note has another. */
const isFix = shapeOf(
  Type.Object({
    Type: Type.Literal(2),
    SubType: maybe(Type.String()),
    FixedBuild: Type.String(),
    ProductID: Type.Array(Type.String()),
  }),
)

/** What is known of attacks is a threat of type 1: `Publicly Disclosed:No;Exploited:Yes;...`. */
const isThreat = shapeOf(Type.Object({ Type: Type.Literal(1), Description: Type.Object({ Value: Type.String() }) }))

const isRevision = shapeOf(Type.Object({ Date: Type.String() }))

/** Builds that only servers have. On those that both have, the numbers of servers are others than those of laptops. */
const SERVER_BUILDS = new Set(['20348', '25398'])

type Build = { family: string; release: Release }

export function readMsrc(json: unknown): Found {
  const parsed = parseDocument(json)
  if (!parsed.ok) throw invalidFeed(`Microsoft's document: ${parsed.problem}`)
  const document = parsed.value
  const publishedOn = publicationOf(document)
  if (publishedOn === null) throw invalidFeed("Microsoft's document: it does not say of which month it is")

  const products = new Map<string, string>()
  for (const it of document.ProductTree.FullProductName) {
    if (isProduct(it)) products.set(it.ProductID, it.Value)
  }
  const builds: Build[] = []
  let skipped = 0
  for (const it of document.Vulnerability ?? []) {
    if (!isVulnerability(it)) {
      skipped++
      continue
    }
    const { Remediations: remediations, Threats: threats, RevisionHistory: revisions } = it
    const exploited = (threats ?? []).some(isAttacked) ? { exploited: true } : {}
    // A fix that came between two of the monthly days is in the document of its month, with its own day.
    const disclosedOn = firstOf(revisions ?? []) ?? publishedOn
    const releasedOn = disclosedOn > publishedOn ? disclosedOn : publishedOn
    for (const remediation of remediations ?? []) {
      const fix = fixOf(remediation, products)
      if (fix) builds.push({ family: fix.family, release: { ...fix.release, releasedOn, ...exploited } })
    }
  }
  return {
    format: 'msrc',
    statedOn: knownUntil(document, publishedOn),
    knownDays: [publishedOn],
    lines: [],
    releases: newestOfEach(builds),
    skipped,
  }
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]

/** The day of the document; where it names only the month, the second Tuesday of that, on which Microsoft publishes. */
function publicationOf({ DocumentTracking: tracking, DocumentTitle: title }: Document): string | null {
  const stated = dayIn(tracking?.InitialReleaseDate)
  if (stated !== null) return stated
  const [, month = '', year = ''] = /^([A-Za-z]{3,9}) (\d{4})\b/.exec(title?.Value ?? '') ?? []
  const at = MONTHS.indexOf(month.toLowerCase())
  if (at === -1) return null
  const weekday = new Date(Date.UTC(Number(year), at, 1)).getUTCDay()
  const day = 8 + ((9 - weekday) % 7)
  return dayIn(`${year}-${String(at + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`)
}

/** A document is revised for months, and then still knows nothing of the releases after its own month. */
function knownUntil({ DocumentTracking: tracking }: Document, publishedOn: string): string | null {
  const revisedOn = dayIn(tracking?.CurrentReleaseDate)
  const end = new Date(`${publishedOn}T00:00:00Z`)
  end.setUTCMonth(end.getUTCMonth() + 1, 0)
  const lastDay = dayOf(end)
  return revisedOn !== null && revisedOn > lastDay ? lastDay : revisedOn
}

function firstOf(revisions: readonly unknown[]): string | null {
  const days = revisions.map((it) => (isRevision(it) ? dayIn(it.Date) : null)).filter((day) => day !== null)
  return days.toSorted()[0] ?? null
}

function isAttacked(it: unknown): boolean {
  return isThreat(it) && /\bExploited:Yes\b/i.test(it.Description.Value)
}

/** The build of Windows that a remediation brings to laptops; null for all else that is remedied. */
function fixOf(
  it: unknown,
  products: ReadonlyMap<string, string>,
): { family: string; release: Omit<Release, 'releasedOn'> } | null {
  if (!isFix(it)) return null
  const { FixedBuild: build, SubType: kind, ProductID: ids } = it
  const [, family, revision] = /^10\.0\.(\d{5})\.(\d{1,6})$/.exec(build) ?? []
  if (family === undefined || revision === undefined || /servicing stack/i.test(kind ?? '')) return null
  const wanted = SERVER_BUILDS.has(family) ? /^Windows Server\b/i : /^Windows 1\d\b/i
  if (!ids.some((id) => wanted.test(products.get(id) ?? ''))) return null
  const track = /hotpatch/i.test(kind ?? '') ? ({ track: 'hotpatch' } as const) : {}
  return { family, release: { version: `${family}.${Number(revision)}`, ...track } }
}

/**
 * The newest build of each family and track, and before it the newest of each earlier day. What an older build fixes, a
 * newer one of the same day or before fixes too, so that nobody needs the older.
 */
function newestOfEach(builds: readonly Build[]): FoundRelease[] {
  const families = new Map<string, { family: string; releases: Map<string, Release> }>()
  for (const { family, release } of builds) {
    const name = `${family} ${release.track}`
    const known = families.get(name) ?? { family, releases: new Map<string, Release>() }
    families.set(name, known)
    known.releases.set(release.version, joined(release, known.releases.get(release.version)))
  }
  return [...families.values()].flatMap(({ family, releases }) => {
    const kept: Release[] = []
    for (const release of [...releases.values()].toSorted(newerFirst)) {
      const newer = kept.at(-1)
      if (!newer || release.releasedOn < newer.releasedOn) kept.push(release)
      else if (release.exploited) kept.splice(-1, 1, { ...newer, exploited: true })
    }
    return kept.map((release) => ({ id: 'windows' as const, version: family, release }))
  })
}

/** Of one family, so that the revision decides. */
function newerFirst(a: Release, b: Release): number {
  return Number(b.version.slice(6)) - Number(a.version.slice(6))
}
