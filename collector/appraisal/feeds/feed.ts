import { MusterError } from '../../../shared/errors.ts'
import type { Release, ReleaseLine, SupportLine } from '../catalogue.ts'
import { dayOf, newestOf, tomorrowOf } from '../day.ts'
import { entriesOf, linesOf, nameOfEntry, type SupportEntry } from './by-edition.ts'

export const FEED_FORMATS = ['catalogue', 'windows-builds', 'sofa', 'endoflife', 'msrc', 'distro-info', 'gdmf'] as const
export type FeedFormat = (typeof FEED_FORMATS)[number]

export type Dated<Line extends { asOf?: string }> = Line & { asOf: string }

/** A part of the release catalogue, as one source tells it. */
export type Feed = {
  format: FeedFormat
  /** The day until which the source knows what it says. */
  asOf: string
  /** Whether the source states that day itself; otherwise it is the day of the newest thing that it knows. */
  isDated: boolean
  lines: readonly Dated<SupportLine>[]
  releases: readonly Dated<ReleaseLine>[]
  /** How many of its entries could not be read. */
  skipped: number
}

/** A release, and the line that it belongs to. */
export type FoundRelease = Pick<ReleaseLine, 'id' | 'version'> & { release: Release }

/** What a reader found, before it is put in order. */
export type Found = {
  format: FeedFormat
  /** The day that the feed states as its own; null where it states none. */
  statedOn: string | null
  /** Days of things that had happened when the feed was written: it is as new as the newest of them. */
  knownDays: readonly string[]
  lines: readonly SupportLine[]
  releases: readonly FoundRelease[]
  skipped: number
}

const LIMITS = { lines: 2000, releaseLines: 200, releases: 500 } as const

/**
 * Puts in order what a reader found. A date in the future is nobody's knowledge: it makes no feed newer, and a release of
 * tomorrow is not out. @throws MusterError `releases-invalid` where nothing is left
 */
export function feedOf(found: Found, now: Date): Feed {
  const tomorrow = tomorrowOf(now)
  const isPast = (day: string) => day <= tomorrow
  const out = found.releases.filter(({ release }) => isPast(release.releasedOn))
  const ends = withoutMisleading(strictest(found.lines))
  if (ends.length + out.length === 0) throw invalidFeed('nothing in it could be read')

  const stated = found.statedOn !== null && isPast(found.statedOn) ? found.statedOn : null
  const newest = stated ?? newestOf(found.knownDays.filter(isPast))
  if (newest === null) throw invalidFeed('it tells no day, so nobody can say how old it is')
  const today = dayOf(now)
  const asOf = newest < today ? newest : today
  const lines = ends.map((line) => ({ ...line, asOf }))
  const releases = groupedByLine(out).map((line) => ({ ...line, asOf }))
  const skipped = found.skipped + found.releases.length - out.length
  return { format: found.format, asOf, isDated: stated !== null, lines, releases, skipped }
}

export function invalidFeed(problem: string): MusterError {
  return new MusterError('releases-invalid', problem)
}

/** One end for each line and edition: of two that a feed tells for the same, the earlier, since a machine may be either. */
function strictest(lines: readonly SupportLine[]): SupportLine[] {
  const ends = new Map<string, SupportEntry>()
  for (const entry of lines.flatMap(entriesOf)) {
    const name = nameOfEntry(entry)
    const other = ends.get(name)
    if (!other || endOf(entry) < endOf(other)) ends.set(name, entry)
  }
  return linesOf(ends.values()).slice(0, LIMITS.lines)
}

const endOf = ({ line }: SupportEntry): string => line.supportedUntil ?? '9999'

/**
 * A line `15` is taken for every `15.x` that has no line of its own. Where the feed knows `15` as one release among
 * others, with an end of its own, it must not be.
 */
function withoutMisleading(lines: readonly SupportLine[]): SupportLine[] {
  return lines.filter(
    (line) =>
      !lines.some(
        ({ id, version, supportedUntil }) =>
          id === line.id && version?.startsWith(`${line.version}.`) && supportedUntil !== line.supportedUntil,
      ),
  )
}

/**
 * The releases of each line, each once, the newest first, and no more than the catalogue takes. Of two days for one
 * release the earlier counts: what is published a second time was out before.
 */
export function groupedByLine(found: readonly FoundRelease[]): ReleaseLine[] {
  const lines = new Map<string, Pick<ReleaseLine, 'id' | 'version'> & { releases: Map<string, Release> }>()
  for (const { id, version, release } of found) {
    const line = lines.get(`${id} ${version}`) ?? { id, version, releases: new Map<string, Release>() }
    lines.set(`${id} ${version}`, line)
    const name = `${release.version} ${release.track}`
    line.releases.set(name, joined(release, line.releases.get(name)))
  }
  return [...lines.values()].slice(0, LIMITS.releaseLines).map(({ id, version, releases }) => {
    const newestFirst = [...releases.values()].toSorted((a, b) => newness(b) - newness(a))
    return { id, version, releases: newestFirst.slice(0, LIMITS.releases) }
  })
}

/** What is known of one release from two places: out since the earlier day, attacked where either says so. */
export function joined(one: Release, other: Release | undefined): Release {
  if (!other) return one
  const earlier = one.releasedOn < other.releasedOn ? one : other
  return one.exploited || other.exploited ? { ...earlier, exploited: true } : earlier
}

function newness({ releasedOn }: Release): number {
  return Date.parse(releasedOn)
}
