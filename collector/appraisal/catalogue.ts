import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { nullable, oneOf, parserOf, strict, text } from '../../shared/schema.ts'
import { VERSION } from './versions.ts'
import { plainValues } from './yaml.ts'

export const Day = Type.String({ format: 'date' })

/** Editions of Windows with ends of support of their own, though they share a build. */
export const WINDOWS_EDITIONS = ['home-pro', 'enterprise', 'ltsc', 'iot-ltsc', 'server'] as const
export type WindowsEdition = (typeof WINDOWS_EDITIONS)[number]

/** Until when a line of an operating system gets security updates. */
const SupportLine = strict({
  /** `windows`, `macos`, or the ID of os-release; `centos-stream` is CentOS Stream, which has the ID of CentOS. */
  id: text(40),
  /**
   * Windows: the build (`26100`). macOS: the major version (`26`, `10.15`). Linux: VERSION_ID, or the part of it before
   * one of its dots; null for a rolling release.
   */
  version: nullable(text(40)),
  /** Windows: for which editions this end holds; absent: for every one. */
  editions: Type.Optional(Type.Array(oneOf(WINDOWS_EDITIONS), { minItems: 1, maxItems: WINDOWS_EDITIONS.length })),
  name: text(60),
  /** The last day with security updates for everyone; null where none is known. */
  supportedUntil: nullable(Day),
  /** Paid or registered updates beyond that: their last day, and the build above which a machine proves to get them. */
  extended: Type.Optional(Type.Array(strict({ until: Day, above: text(40) }), { maxItems: 8 })),
  /** The day of the source that says so; the date of the catalogue where it is absent. */
  asOf: Type.Optional(Day),
})
export type SupportLine = Static<typeof SupportLine>

const Release = strict({
  /** macOS: `26.6.2`, or `26.6.2 (a)` for a rapid response. Windows: `26100.4652`. */
  version: Type.String({ pattern: VERSION.source, maxLength: 40 }),
  releasedOn: Day,
  /** Windows: the numbers of machines that take updates without a restart; absent: those of all others. */
  track: Type.Optional(Type.Literal('hotpatch')),
  /** Fixes something that is known to be attacked. */
  exploited: Type.Optional(Type.Boolean()),
})
export type Release = Static<typeof Release>

/** The security releases of one line, and since when each is out. What fixes no security hole is not listed. */
const ReleaseLine = strict({
  id: oneOf(['windows', 'macos']),
  version: text(40),
  releases: Type.Array(Release, { maxItems: 500 }),
  asOf: Type.Optional(Day),
})
export type ReleaseLine = Static<typeof ReleaseLine>

/**
 * The release catalogue: until when each line of an operating system is supported, and which security releases there
 * are. It is data with a date; a copy ships with the release.
 */
export const Catalogue = strict({
  /** The day on which somebody last compared it with the vendors' own pages. */
  date: Day,
  lines: Type.Array(SupportLine, { maxItems: 2000 }),
  releases: Type.Array(ReleaseLine, { maxItems: 200 }),
})
export type Catalogue = Static<typeof Catalogue>

/** Releases come every month, so that a catalogue of more than six weeks lacks some for certain. */
const NOTABLE_DAYS = 45
const DAY_MS = 86_400_000

/** The catalogue in the words of a verdict that leans on it, by the day until which it knows what it says: with its age where that matters. */
export function catalogueOf(asOf: string, now: Date): string {
  const age = Math.floor((now.getTime() - Date.parse(asOf)) / DAY_MS)
  const aged = age > NOTABLE_DAYS ? `, which is ${age} days old: newer releases are not known to it` : ''
  return `catalogue of ${asOf}${aged}`
}

const parse = parserOf(Catalogue)

/** Of a catalogue; the one that ships has twenty thousand. */
const CHARACTERS = 2_000_000

/** @throws MusterError `releases-invalid` with what is wrong */
export function parseCatalogue(yaml: string): Catalogue {
  const values = plainValues(yaml, CHARACTERS)
  if (!values.ok) throw new MusterError('releases-invalid', values.problem)
  const catalogue = parse(plain(values.value))
  if (!catalogue.ok) throw new MusterError('releases-invalid', catalogue.problem)
  const twice = namedTwice(catalogue.value)
  if (twice !== undefined) throw new MusterError('releases-invalid', `${twice} is listed twice`)
  return catalogue.value
}

/** A line that stands there twice, of which one would be overlooked. */
function namedTwice({ lines, releases }: Catalogue): string | undefined {
  const names = [
    ...lines.flatMap(({ id, version, editions }) =>
      (editions ?? ['']).map((edition) => `lines: ${id} ${version ?? ''} ${edition}`.trim()),
    ),
    ...releases.map(({ id, version }) => `releases: ${id} ${version}`),
  ]
  const seen = new Set<string>()
  return names.find((name) => seen.size === seen.add(name).size)
}

/**
 * In the failsafe schema every scalar is a string, so that a version `24.10` stays what it is. Null is written `-`, and
 * the one key that is a yes or a no is told by its name.
 */
function plain(values: unknown): unknown {
  const json: unknown = JSON.parse(JSON.stringify(values), (key, it: unknown) => {
    if (it === '-') return null
    return key === 'exploited' && (it === 'true' || it === 'false') ? it === 'true' : it
  })
  return typeof json === 'object' && json !== null ? { releases: [], ...json } : json
}
