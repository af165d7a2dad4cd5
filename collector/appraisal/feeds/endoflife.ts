import { Type } from 'typebox'
import { parserOf } from '../../../shared/schema.ts'
import type { SupportLine } from '../catalogue.ts'
import { dayIn } from '../day.ts'
import { endOfLifeProduct, type EndOfLifeProduct } from './endoflife-products.ts'
import { invalidFeed, type Found } from './feed.ts'
import { macosVersionOf } from './macos-version.ts'
import { maybe, shapeOf } from './shape.ts'
import { windowsBuildOf, windowsCycleOf } from './windows-cycle.ts'

/**
 * endoflife.date: the answer of its API for one product, for all (`products/full`), and the lists of its first API, which
 * do not say which product they are about. It tells ends of support; its newest versions are no security releases.
 */
const parseAnswer = parserOf(
  Type.Object({
    generated_at: maybe(Type.String()),
    last_modified: maybe(Type.String()),
    result: Type.Unknown(),
  }),
)

const Product = Type.Object({ name: Type.String({ maxLength: 100 }), releases: Type.Array(Type.Unknown()) })
const parseProduct = parserOf(Product)
const isProduct = shapeOf(Product)

const End = maybe(Type.Union([Type.String(), Type.Boolean()]))

const isRelease = shapeOf(
  Type.Object({
    name: Type.String({ maxLength: 100 }),
    releaseDate: maybe(Type.String()),
    isLts: maybe(Type.Boolean()),
    isEol: maybe(Type.Boolean()),
    eolFrom: maybe(Type.String()),
    eoesFrom: maybe(Type.String()),
    latest: maybe(Type.Object({ name: maybe(Type.String()), date: maybe(Type.String()) })),
  }),
)

const isOldRelease = shapeOf(
  Type.Object({
    cycle: Type.String({ maxLength: 100 }),
    releaseDate: maybe(Type.String()),
    lts: End,
    eol: Type.Union([Type.String(), Type.Boolean()]),
    extendedSupport: End,
    latest: maybe(Type.String()),
    latestReleaseDate: maybe(Type.String()),
  }),
)

/** One release, by whichever of the two ways it was told. */
type Cycle = {
  name: string
  isLts: boolean
  /** The day on which support ends, or whether it has ended; null where nothing is said. */
  end: string | boolean | null
  extendedEnd: string | boolean | null
  latest: string | null
  /** Days on which it was alive. */
  aliveOn: readonly string[]
}

export function readEndOfLife(json: unknown): Found {
  const answer = parseAnswer(json)
  if (!answer.ok) throw invalidFeed(`endoflife.date: ${answer.problem}`)
  const { result, generated_at: generated, last_modified: modified } = answer.value
  const statedOn = dayIn(generated) ?? dayIn(modified)
  if (!Array.isArray(result)) {
    const product = parseProduct(result)
    if (!product.ok) throw invalidFeed(`endoflife.date: result: ${product.problem}; name the address of a product`)
    return { ...readProduct(product.value.name, product.value.releases.map(cycleOf)), statedOn }
  }
  // Of all products only those of laptops are meant.
  const found = result
    .filter((it) => isProduct(it))
    .filter(({ name }) => endOfLifeProduct(name))
    .map(({ name, releases }) => readProduct(name, releases.map(cycleOf)))
  return {
    format: 'endoflife',
    statedOn,
    knownDays: found.flatMap(({ knownDays }) => knownDays),
    lines: found.flatMap(({ lines }) => lines),
    releases: [],
    skipped: found.reduce((sum, { skipped }) => sum + skipped, 0),
  }
}

/** A list of the first API. `name` is that of the file, or of the address: `ubuntu.json`. */
export function readOldEndOfLife(list: readonly unknown[], name: string): Found {
  const [last = ''] = name.split(/[/\\]/).toReversed()
  return readProduct(last.replace(/\.json$/i, ''), list.map(oldCycleOf))
}

function cycleOf(it: unknown): Cycle | null {
  if (!isRelease(it)) return null
  const { name, isLts, isEol, eolFrom, eoesFrom, latest, releaseDate } = it
  return {
    name,
    isLts: isLts === true,
    // The flags are as old as the answer is; the date counts.
    end: eolFrom ?? isEol ?? null,
    extendedEnd: eoesFrom ?? null,
    latest: latest?.name ?? null,
    aliveOn: daysIn([latest?.date, releaseDate]),
  }
}

function oldCycleOf(it: unknown): Cycle | null {
  if (!isOldRelease(it)) return null
  const { cycle, lts, eol, extendedSupport, latest, latestReleaseDate, releaseDate } = it
  return {
    name: cycle,
    isLts: lts === true,
    end: eol,
    extendedEnd: extendedSupport ?? null,
    latest: latest ?? null,
    aliveOn: daysIn([latestReleaseDate, releaseDate]),
  }
}

function daysIn(dates: readonly unknown[]): string[] {
  return dates.map((date) => dayIn(date)).filter((day) => day !== null)
}

function readProduct(name: string, cycles: readonly (Cycle | null)[]): Found {
  const product = endOfLifeProduct(name)
  if (!product) {
    throw invalidFeed(
      `endoflife.date: "${name.slice(0, 40)}" is no product that laptops run, as far as this release knows; ` +
        'a list that does not name its product is named after it, as in ubuntu.json',
    )
  }
  const lines: SupportLine[] = []
  let skipped = 0
  for (const cycle of cycles) {
    const found = cycle && linesOf(product, cycle)
    if (found) lines.push(...found)
    else skipped++
  }
  const knownDays = cycles.flatMap((cycle) => cycle?.aliveOn ?? [])
  return { format: 'endoflife', statedOn: null, knownDays, lines, releases: [], skipped }
}

function linesOf(product: EndOfLifeProduct, cycle: Cycle): SupportLine[] | null {
  const supportedUntil = endOf(product, cycle)
  const which = supportedUntil === undefined ? null : lineOf(product, cycle)
  if (supportedUntil === undefined || !which) return null
  return product.ids.map((id) => ({ id, ...which, supportedUntil }))
}

/** The last day of support, null while no end is known; undefined where it is not told. */
function endOf({ isExtendedFree }: EndOfLifeProduct, cycle: Cycle): string | null | undefined {
  // What is paid or asks for a registration does not hold for everyone, and nothing in a version proves it.
  const extended = isExtendedFree ? dayIn(cycle.extendedEnd) : null
  if (extended !== null) return extended
  if (cycle.end === false) return null
  // It has ended, and nobody says when: on the last day on which it is known to have been alive it had not.
  if (cycle.end === true) return cycle.aliveOn[0]
  return dayIn(cycle.end) ?? undefined
}

type Which = Pick<SupportLine, 'version' | 'name' | 'editions'>

function lineOf({ ids: [id], title, hasLtsInName }: EndOfLifeProduct, cycle: Cycle): Which | null {
  if (id === 'windows') return title === 'Windows' ? windowsLine(cycle) : windowsServerLine(cycle)
  if (id === 'macos') {
    const version = macosVersionOf(cycle.name)
    return version?.line === cycle.name ? { version: cycle.name, name: `${title} ${cycle.name}` } : null
  }
  if (!/^\d{1,4}(?:\.\d{1,3}){0,2}$/.test(cycle.name)) return null
  const lts = hasLtsInName && cycle.isLts ? ' LTS' : ''
  return { version: cycle.name, name: `${title} ${cycle.name}${lts}` }
}

/** Several releases of Windows share a build and differ by edition, so both are needed. */
function windowsLine({ name, latest }: Cycle): Which | null {
  const version = windowsBuildOf(latest ?? '')
  const cycle = windowsCycleOf(name)
  if (version === null || !cycle) return null
  return { version, name: cycle.title, ...(cycle.editions && { editions: cycle.editions }) }
}

/** The short-lived channels of old servers shared their builds with releases that live on. */
function windowsServerLine({ name, latest }: Cycle): Which | null {
  const version = windowsBuildOf(latest ?? '')
  if (version === null || !/^[\da-z][\da-z-]{1,20}$/.test(name) || name.endsWith('-sac')) return null
  return { version, name: `Windows Server ${name.toUpperCase().replaceAll('-', ' ')}`, editions: ['server'] }
}
