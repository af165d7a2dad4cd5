import { MusterError } from '../../shared/errors.ts'
import { at, inText, located, valueOf, type Entry, type Located, type Path } from './located.ts'
import { POLICY_CHARS } from './policy-document.ts'
import { defaultOf, meaningOf } from './policy-meaning.ts'
import { problemLines } from './policy-problems.ts'
import { readYaml } from './yaml.ts'

/** One value of a policy that is not what it was; null where there is none. */
export type PolicyChange = { path: string; before: string | null; after: string | null }

/** The keys of a policy in the order in which changes are told. */
const SECTIONS = [
  'version',
  'freshness',
  'tiers',
  'checks',
  'unknown',
  'enrolment-grace',
  'groups',
  'resources',
  'default-tier',
  'overrides',
]

/**
 * What one policy says otherwise than another, by meaning: the order of keys, comments, `24h` for `1d`, the long form of a
 * tier and a default that is written out are no changes. The same changes come in the same order.
 * @throws MusterError `policy-invalid` where a text is no YAML; whether it is a policy is not asked, so that old ones are read
 */
export function policyDiff(before: string, after: string): PolicyChange[] {
  const was = outlineOf(before)
  const is = outlineOf(after)
  const paths = new Map([...was.values, ...is.values].map(([key, { path }]) => [key, path]))
  const values = [...paths].flatMap(([key, path]) => valueChange(path, was.values.get(key), is.values.get(key)))
  const orders = ORDERED.flatMap((section) => orderChange(section, was.orders[section], is.orders[section]))
  return [...orders, ...values].toSorted(byPath).map(({ path, ...sides }) => ({ path: inText(path), ...sides }))
}

type Change = { path: Path; before: string | null; after: string | null }
type Valued = { path: Path; value: unknown }

function valueChange(path: Path, before?: Valued, after?: Valued): Change | [] {
  const meaning = (side?: Valued) => meaningOf(side?.value ?? defaultOf(path), path)
  return meaning(before) === meaning(after) ? [] : { path, before: sideOf(before), after: sideOf(after) }
}

function sideOf(side: Valued | undefined): string | null {
  if (!side) return null
  const entries = [side.value].flat().map(String)
  return entries.length === 0 ? 'none' : entries.join(', ')
}

/** Where a tier stands says what it needs. Of other lists only what both have can have changed its place. */
function orderChange(section: Ordered, before: readonly string[], after: readonly string[]): Change | [] {
  const isKept = (name: string) => section === 'tiers' || (before.includes(name) && after.includes(name))
  const [was, is] = [before, after].map((names) => names.filter(isKept).join(', '))
  return was === is ? [] : { path: [section], before: was || null, after: is || null }
}

function byPath(a: Change, b: Change): number {
  return rankOf(a) - rankOf(b) || inOrder(inText(a.path), inText(b.path))
}

/** Behind all others where a policy of this release has no such key. */
const rankOf = ({ path: [section] }: Change): number => SECTIONS.indexOf(String(section)) + 1 || SECTIONS.length + 1

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1)

const ORDERED = ['tiers', 'resources', 'overrides'] as const
type Ordered = (typeof ORDERED)[number]

/** A policy as a list of values, and the names of what has an order, in that order. */
type Outline = { values: Map<string, Valued>; orders: Record<Ordered, string[]> }

function outlineOf(yaml: string): Outline {
  const read = readYaml(yaml, { maxLength: POLICY_CHARS, schema: 'core' })
  if (!read.ok) {
    throw new MusterError('policy-invalid', problemLines(read.problems.map((it) => ({ ...it, path: '' }))))
  }
  const root = located(read.document.contents, yaml)
  const tiers = entriesOf(at(root, ['tiers']))
  const resources = itemsOf(at(root, ['resources'])).map((it) => ({
    name: textAt(it, ['match']),
    of: at(it, ['tier']),
  }))
  const overrides = itemsOf(at(root, ['overrides'])).map((it) => ({ name: whenOf(it), of: at(it, ['checks']) }))
  const values = [
    ...entriesOf(root).flatMap(({ key, value }) => (isOrdered(key) ? [] : valuesOf(value, [key]))),
    ...valuesOfTiers(tiers),
    // Of two entries for the same address the first counts, of two overrides for the same devices the last.
    ...resources.toReversed().flatMap(({ name, of }) => valuesOf(of, ['resources', name])),
    ...overrides.flatMap(({ name, of }) => valuesOf(of, ['overrides', name])),
  ]
  return {
    values: new Map(values.map((it) => [JSON.stringify(it.path), it])),
    orders: { tiers: tiers.map(({ key }) => key), resources: namesOf(resources), overrides: namesOf(overrides) },
  }
}

const namesOf = (list: readonly { name: string }[]): string[] => [...new Set(list.map(({ name }) => name))]

const isOrdered = (key: string): boolean => ORDERED.some((section) => section === key)

function valuesOf(of: Located | undefined, path: Path): Valued[] {
  if (of?.kind === 'map') return of.entries.flatMap(({ key, value }) => valuesOf(value, [...path, key]))
  return of ? [{ path, value: valueOf(of) }] : []
}

/** The checks that each tier adds to those before it. */
function valuesOfTiers(tiers: readonly Entry[]): Valued[] {
  const held = new Set<unknown>()
  return tiers.flatMap(({ key, value }) => {
    const checks = itemsOf(value.kind === 'map' ? at(value, ['checks']) : value).map(valueOf)
    const added = checks.filter((check) => held.size !== held.add(check).size)
    const path = ['tiers', key]
    return [{ path: [...path, 'checks'], value: added }, ...valuesOf(at(value, ['unknown']), [...path, 'unknown'])]
  })
}

/** What an override is for, as its name: `platform linux, tag pilot`. */
function whenOf(override: Located): string {
  const parts = ['platform', 'tag', 'group'].flatMap((key) => {
    const named = textAt(override, ['when', key])
    return named === '' ? [] : `${key} ${named}`
  })
  return parts.length === 0 ? 'every device' : parts.join(', ')
}

function textAt(of: Located, path: Path): string {
  const found = at(of, path)
  return found?.kind === 'scalar' ? String(found.value) : ''
}

const entriesOf = (of: Located | undefined): readonly Entry[] => (of?.kind === 'map' ? of.entries : [])
const itemsOf = (of: Located | undefined): readonly Located[] => (of?.kind === 'list' ? of.items : [])
