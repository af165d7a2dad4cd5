import { Type, type Static } from 'typebox'
import { ERRORS } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { keysOf, nullable, oneOf, strict } from '../../shared/schema.ts'
import { WINDOWS_EDITIONS, type Catalogue, type ReleaseLine, type SupportLine } from '../appraisal/catalogue.ts'
import { FEED_FORMATS } from '../appraisal/feeds/feed.ts'
import { compareVersions, versionOf } from '../appraisal/versions.ts'
import { defineAct, type ActParts } from './act.ts'

const Day = Type.String()

const Line = strict({
  /** `windows`, `macos`, or the ID of os-release. */
  id: Type.String(),
  /** Null for a rolling release. */
  version: nullable(Type.String()),
  name: Type.String(),
  editions: nullable(Type.Array(oneOf(WINDOWS_EDITIONS))),
  /** Null where no end is known. */
  supportedUntil: nullable(Day),
  /** The last day of paid or registered updates beyond it. */
  extendedUntil: nullable(Day),
  /** Null where the catalogue knows no releases of it: Linux says by itself what is missing. */
  newest: nullable(strict({ version: Type.String(), releasedOn: Day })),
  /** The day until which the source of this line knew what it says, and how many days ago that is. */
  asOf: Day,
  ageDays: Type.Integer(),
})

const Source = strict({
  /** As it is configured; the first is the file that the collector starts with. */
  source: Type.String(),
  state: oneOf(['good', 'failing', 'unread']),
  pinned: nullable(oneOf(['sha256', 'key'])),
  format: nullable(oneOf(FEED_FORMATS)),
  /** The day until which it knows what it says. */
  asOf: nullable(Day),
  /** What was read of it, and how many of its entries could not be. */
  lines: Type.Integer(),
  releases: Type.Integer(),
  skipped: Type.Integer(),
  /** When it last worked, and when that was last tried. */
  goodAt: nullable(Time),
  triedAt: nullable(Time),
  /** Why it does not work. What was read before stays in force. */
  error: nullable(strict({ code: oneOf(keysOf(ERRORS)), detail: Type.String() })),
})

const Shown = strict({
  /** The day on which the catalogue was last compared with the vendors, and how many days ago that is. */
  date: Day,
  ageDays: Type.Integer(),
  lines: Type.Array(Line),
  sources: Type.Array(Source),
})

export const showReleases = defineAct({
  input: strict({}),
  answer: Shown,
  run: async (parts) => shown(parts),
})

export const refreshReleases = defineAct({
  input: strict({}),
  answer: Shown,
  async run(parts) {
    await parts.releases.refresh()
    return shown(parts)
  },
})

function shown({ releases, clock }: ActParts): Static<typeof Shown> {
  const catalogue = releases.catalogue()
  const now = clock()
  const { date, lines } = catalogue
  return {
    date,
    ageDays: daysSince(date, now),
    lines: lines.map((line) => shownLine(line, catalogue, now)),
    sources: releases.sources(),
  }
}

function shownLine(line: SupportLine, { date, releases }: Catalogue, now: Date): Static<typeof Line> {
  const { id, version, name, editions = null, supportedUntil, extended = [] } = line
  const known = releases.find((it) => it.id === id && it.version === version)
  const asOf = [line.asOf ?? date, ...(known ? [known.asOf ?? date] : [])].toSorted()[0] ?? date
  return {
    id,
    version,
    name,
    editions,
    supportedUntil,
    extendedUntil:
      extended
        .map(({ until }) => until)
        .toSorted()
        .at(-1) ?? null,
    newest: known ? newestOf(known) : null,
    asOf,
    ageDays: daysSince(asOf, now),
  }
}

/** The newest that is for every machine: hotpatches have lower numbers on the same day. */
function newestOf({ releases }: ReleaseLine) {
  const [newest] = releases
    .filter(({ track }) => track === undefined)
    .toSorted((a, b) => b.releasedOn.localeCompare(a.releasedOn) || compared(b.version, a.version))
  return newest ? { version: newest.version, releasedOn: newest.releasedOn } : null
}

function compared(one: string, other: string): number {
  const [first, second] = [versionOf(one), versionOf(other)]
  return first && second ? compareVersions(first, second) : 0
}

function daysSince(day: string, now: Date): number {
  return Math.max(0, Math.floor((now.getTime() - Date.parse(day)) / 86_400_000))
}
