import type { TSchema } from 'typebox'
import type { TLocalizedValidationError } from 'typebox/error'
import { Errors } from 'typebox/value'
import { valueOf, type Located, type Path } from './located.ts'
import { didYouMean } from './nearest.ts'

/** Something that is wrong with a document: where, and what, in words that follow the path. */
export type Flaw = { offset: number; path: Path; problem: string }

/** The words of JSON Schema that are looked at here; all others are the validator's own. */
type Shape = TSchema & {
  type?: string
  description?: string
  properties?: Readonly<Record<string, Shape>>
  patternProperties?: Readonly<Record<string, Shape>>
  required?: readonly string[] | undefined
  items?: Shape
  anyOf?: readonly Shape[]
}

/** Everything by which a value is not of a shape; nothing where it is. */
export function shapeFlaws(value: Located, shape: Shape, path: Path = []): Flaw[] {
  const own = branchOf(shape, value)
  const within = flawsWithin(value, own, path)
  return within.length > 0 ? within : flawsOfItself(value, own, path)
}

/** Of several shapes the one that is meant: the one of the same kind. */
function branchOf(shape: Shape, { kind }: Located): Shape {
  return shape.anyOf?.find(({ type }) => type === TYPES[kind]) ?? shape
}

const TYPES = { map: 'object', list: 'array', scalar: 'string' } as const

function flawsWithin(value: Located, shape: Shape, path: Path): Flaw[] {
  switch (value.kind) {
    case 'list': {
      const { items } = shape
      return items ? value.items.flatMap((item, index) => shapeFlaws(item, items, [...path, index])) : []
    }
    case 'map':
      return shape.type === 'object' ? flawsOfKeys(value, shape, path) : []
    case 'scalar':
      return []
  }
}

function flawsOfKeys({ entries, offset }: Located & { kind: 'map' }, shape: Shape, path: Path): Flaw[] {
  const seen = new Set<string>()
  const flaws = entries.flatMap((entry): Flaw[] => {
    const inside = [...path, entry.key]
    const flaw = { offset: entry.offset, path: inside }
    if (seen.has(entry.key)) return [{ ...flaw, problem: 'stands here twice, and only one can count' }]
    seen.add(entry.key)
    const known = shapeOfKey(shape, entry.key)
    return known ? shapeFlaws(entry.value, known, inside) : [{ ...flaw, problem: `is not ${keyOf(shape, entry.key)}` }]
  })
  const missing = (shape.required ?? []).filter((key) => !seen.has(key))
  return [...flaws, ...missing.map((key) => ({ offset, path: [...path, key], problem: 'is missing' }))]
}

/** The shape of what a key leads to. Only keys of the schema's own: everything has a `constructor`. */
function shapeOfKey({ properties = {}, patternProperties = {} }: Shape, key: string): Shape | undefined {
  if (Object.hasOwn(properties, key)) return properties[key]
  return Object.entries(patternProperties).find(([pattern]) => new RegExp(pattern).test(key))?.[1]
}

function keyOf({ properties, description }: Shape, key: string): string {
  if (!properties) return description ?? 'a key that is known here'
  const known = Object.keys(properties)
  const meant = didYouMean(key, known)
  return `a key that is known here${meant || `; there are ${known.join(', ')}`}`
}

function flawsOfItself(value: Located, shape: Shape, path: Path): Flaw[] {
  const errors = Errors(shape, valueOf(value))
  // Which words there are says more than that it is none.
  const error = errors.find(({ keyword }) => keyword === 'const' || keyword === 'enum') ?? errors[0]
  return error ? [{ offset: value.offset, path, problem: inWords(error, shape, value) }] : []
}

function inWords(error: TLocalizedValidationError, { type = '', description }: Shape, value: Located): string {
  switch (error.keyword) {
    case 'const':
      return `must be ${String(error.params.allowedValue)}${butIs(value)}`
    case 'enum': {
      const known = error.params.allowedValues.map(String)
      const meant = value.kind === 'scalar' ? didYouMean(String(value.value), known) : ''
      return `must be one of: ${known.join(', ')}${butIs(value)}${meant}`
    }
    case 'type':
    case 'pattern':
    case 'anyOf':
      return `must be ${(type === 'object' ? KINDS[type] : description) ?? KINDS[type] ?? type}${butIs(value)}`
    case 'minProperties':
    case 'minItems':
    case 'minLength':
      // No shape of ours asks for more than one.
      return 'must not be empty'
    default:
      return error.message
  }
}

const KINDS: Partial<Record<string, string>> = {
  object: 'a map (key: value)',
  array: 'a list',
  string: 'text in quotes',
}

function butIs(value: Located): string {
  if (value.kind !== 'scalar') return `, not a ${value.kind}`
  if (value.value === null) return ', and nothing is there'
  return `, not ${typeof value.value === 'string' ? JSON.stringify(shortened(value.value)) : String(value.value)}`
}

/** Words of somebody else's document, as far as a line has room for them. */
export const shortened = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text)
