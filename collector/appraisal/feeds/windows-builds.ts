import { Type, type Static } from 'typebox'
import { oneOf, parserOf, strict, text } from '../../../shared/schema.ts'
import { Day, WINDOWS_EDITIONS, type Release, type SupportLine } from '../catalogue.ts'
import { dayIn, tomorrowOf } from '../day.ts'
import { invalidFeed, type Found, type FoundRelease } from './feed.ts'

const BuildNumber = Type.String({ pattern: '^\\d{4,5}$' })
/** Days and what was released on each: `2026-11-10: 9445`, or `2026-11-10: 9445 exploited`. */
const ByDay = Type.Record(Type.String(), Type.String({ pattern: '^\\d{1,6}(?: exploited)?$' }))
/** Builds of Windows, kept by hand. Builds that share their revisions share an entry. */
const WindowsBuilds = strict({
  date: Day,
  builds: Type.Array(
    strict({
      build: Type.Union([BuildNumber, Type.Array(BuildNumber, { minItems: 1, maxItems: 16 })]),
      name: Type.Optional(text(60)),
      /** The last day of support: one for everyone, or one for each edition. */
      supported: Type.Optional(Type.Union([Day, Type.Record(Type.String(), Day)])),
      /** Extended updates: their last day, and the revision above which a machine proves to get them. */
      extended: Type.Optional(
        Type.Array(strict({ until: Day, above: Type.String({ pattern: '^\\d{1,6}$' }) }), { maxItems: 8 }),
      ),
      releases: Type.Optional(ByDay),
      hotpatch: Type.Optional(ByDay),
    }),
    { minItems: 1, maxItems: 200 },
  ),
})
type WindowsBuild = Static<typeof WindowsBuilds>['builds'][number]
const parse = parserOf(WindowsBuilds)
const isEdition = parserOf(oneOf(WINDOWS_EDITIONS))

/**
 * Reads plain values, in which every scalar is a string. Whoever keeps the list by hand wants to be told of a slip, so
 * that nothing is skipped here. @throws MusterError `releases-invalid` with the place
 */
export function readWindowsBuilds(values: unknown, now: Date): Found {
  const list = parse(values)
  if (!list.ok) throw invalidFeed(`Windows builds: ${list.problem}`)
  const lines: SupportLine[] = []
  const releases: FoundRelease[] = []
  list.value.builds.forEach((entry, at) => {
    const place = `Windows builds: builds.${at}`
    if (entry.extended && !entry.supported) throw invalidFeed(`${place} has extended, but not supported`)
    for (const build of [entry.build].flat()) {
      lines.push(...linesOf(build, entry, place))
      releases.push(...releasesOf(build, entry.releases, {}, { place: `${place}.releases`, now }))
      releases.push(...releasesOf(build, entry.hotpatch, { track: 'hotpatch' }, { place: `${place}.hotpatch`, now }))
    }
  })
  refuseTwice([
    ...lines.flatMap(({ version, editions }) =>
      (editions ?? WINDOWS_EDITIONS).map((it) => `the end of support of ${version} (${it})`),
    ),
    ...releases.map(({ release }) => `the ${release.track ?? 'release'} ${release.version}`),
  ])
  return { format: 'windows-builds', statedOn: list.value.date, knownDays: [], lines, releases, skipped: 0 }
}

function linesOf(
  build: string,
  { name = `Windows, build ${build}`, supported, extended }: WindowsBuild,
  place: string,
): SupportLine[] {
  if (supported === undefined) return []
  const more = extended ? { extended: extended.map(({ until, above }) => ({ until, above: `${build}.${above}` })) } : {}
  const line = { id: 'windows', version: build, name, ...more }
  if (typeof supported === 'string') return [{ ...line, supportedUntil: supported }]
  return Object.entries(supported).map(([key, supportedUntil]) => {
    const edition = isEdition(key)
    if (!edition.ok) throw invalidFeed(`${place}.supported: ${key.slice(0, 40)} ${edition.problem.replace(/^it /, '')}`)
    return { ...line, supportedUntil, editions: [edition.value] }
  })
}

type Place = { place: string; now: Date }

function releasesOf(
  build: string,
  byDay: Static<typeof ByDay> | undefined,
  track: Pick<Release, 'track'>,
  { place, now }: Place,
): FoundRelease[] {
  return Object.entries(byDay ?? {}).map(([key, value]) => {
    const releasedOn = dayIn(key)
    if (releasedOn === null || releasedOn !== key) throw invalidFeed(`${place}.${key.slice(0, 40)} is no day`)
    if (releasedOn > tomorrowOf(now)) throw invalidFeed(`${place}.${key} has not come yet`)
    const [revision = '', exploited] = value.split(' ')
    const version = `${build}.${Number(revision)}`
    const release = { version, releasedOn, ...track, ...(exploited === undefined ? {} : { exploited: true }) }
    return { id: 'windows', version: build, release }
  })
}

function refuseTwice(names: readonly string[]): void {
  const seen = new Set<string>()
  const twice = names.find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) throw invalidFeed(`Windows builds: ${twice} is listed twice`)
}
