import type { Catalogue, ReleaseLine, SupportLine } from '../catalogue.ts'
import { entriesOf, linesOf, nameOfEntry, type SupportEntry } from './by-edition.ts'
import { groupedByLine, type Dated, type Feed } from './feed.ts'

/**
 * One catalogue of several sources. What a source says of a line counts before what older ones say of it, and before what
 * one of the same day says that is named earlier. A line that a source does not name stays as the others have it.
 */
export function mergeFeeds(base: Feed, others: readonly Feed[]): Catalogue {
  const feeds = [base, ...others]
  const date = others.reduce((newest, feed) => (feed.format === 'catalogue' ? later(newest, feed) : newest), base.asOf)
  return {
    date,
    lines: mergedSupport(feeds.flatMap(({ lines }) => lines)).map((line) => withoutOwnDay(line, date)),
    releases: mergedReleases(feeds.flatMap(({ releases }) => releases)).map((line) => withoutOwnDay(line, date)),
  }
}

function later(day: string, { asOf }: { asOf: string }): string {
  return asOf > day ? asOf : day
}

/** What is of the catalogue's own day says nothing of it, as in the file. */
function withoutOwnDay<Line extends { asOf?: string }>(line: Line, date: string): Line | Omit<Line, 'asOf'> {
  const { asOf, ...rest } = line
  return asOf === date ? rest : line
}

/** The oldest first; of one day in the order in which the sources are named. */
function oldestFirst<Line extends { asOf: string }>(lines: readonly Line[]): Line[] {
  return lines.toSorted((a, b) => Date.parse(a.asOf) - Date.parse(b.asOf))
}

function mergedSupport(lines: readonly Dated<SupportLine>[]): SupportLine[] {
  // A line keeps the place at which it is named first, whoever has the last word on it.
  const merged = new Map(lines.flatMap(namedEntries))
  const extensions = new Map<string, SupportLine['extended']>()
  for (const [name, entry] of oldestFirst(lines).flatMap(namedEntries)) {
    // Public feeds do not know how a machine proves to get extended updates; that they do not say so ends nothing.
    const extended = entry.line.extended ?? extensions.get(name)
    extensions.set(name, extended)
    merged.set(name, extended ? { ...entry, line: { ...entry.line, extended } } : entry)
  }
  return linesOf(merged.values())
}

function namedEntries(line: SupportLine): [name: string, entry: SupportEntry][] {
  return entriesOf(line).map((entry) => [nameOfEntry(entry), entry])
}

/** Every release that any source knows; what is known to be attacked once stays so. */
function mergedReleases(lines: readonly Dated<ReleaseLine>[]): ReleaseLine[] {
  const byLine = new Map<string, Dated<ReleaseLine>[]>()
  for (const line of lines) {
    const name = `${line.id} ${line.version}`
    byLine.set(name, [...(byLine.get(name) ?? []), line])
  }
  return [...byLine.values()].flatMap((told) => {
    const found = oldestFirst(told).flatMap(({ id, version, releases }) =>
      releases.map((release) => ({ id, version, release })),
    )
    return groupedByLine(found).map((line) => ({ ...line, asOf: told.reduce(later, '') }))
  })
}
