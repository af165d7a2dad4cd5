import { isMap, isScalar, isSeq, type Node, type ParsedNode } from 'yaml'

type Plain = string | number | boolean | null

/** A value of a document, with the place where it stands as an offset into the text. */
export type Located = { offset: number } & (
  | { kind: 'map'; entries: readonly Entry[] }
  | { kind: 'list'; items: readonly Located[] }
  | { kind: 'scalar'; value: Plain }
)

/** A key with its value. The same key may be there twice. */
export type Entry = { key: string; offset: number; value: Located }

/** The keys and numbers that lead from a document to a value in it. */
export type Path = readonly (string | number)[]

/** The values of a document that was composed from `text`; `offset` is where the node stands, should it be missing. */
export function located(node: Node | null, text: string, offset = 0): Located {
  const start = node?.range?.[0] ?? offset
  if (isMap<ParsedNode, ParsedNode | null>(node)) {
    const entries = node.items.map(({ key, value }): Entry => {
      const [from, to] = key.range
      // A key that is no text, as `2` or `[a]`, is what is written there.
      const name = isScalar(key) && typeof key.value === 'string' ? key.value : text.slice(from, to)
      return { key: name, offset: from, value: located(value, text, to) }
    })
    return { kind: 'map', offset: start, entries }
  }
  if (isSeq<ParsedNode>(node)) {
    return { kind: 'list', offset: start, items: node.items.map((item) => located(item, text)) }
  }
  return { kind: 'scalar', offset: start, value: isScalar(node) ? plain(node.value) : null }
}

function plain(value: unknown): Plain {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

/** What stands at a path; undefined where nothing does. Of a key that is there twice, the first. */
export function at(value: Located | undefined, path: Path): Located | undefined {
  const [step, ...rest] = path
  if (step === undefined) return value
  switch (value?.kind) {
    case 'map':
      return at(value.entries.find(({ key }) => key === step)?.value, rest)
    case 'list':
      return at(value.items[Number(step)], rest)
    default:
      return undefined
  }
}

/** Where something stands at a path; what holds it, as far as there is something. */
export function offsetAt(value: Located, [step, ...rest]: Path): number {
  const next = step === undefined ? undefined : at(value, [step])
  return next ? offsetAt(next, rest) : value.offset
}

/** The value without its places. A key `__proto__` is one like any other. */
export function valueOf(value: Located): unknown {
  switch (value.kind) {
    case 'map':
      return Object.fromEntries(value.entries.map((entry) => [entry.key, valueOf(entry.value)]))
    case 'list':
      return value.items.map(valueOf)
    case 'scalar':
      return value.value
  }
}

/** The first key that is in one map twice. */
export function keyTwice(value: Located): Entry | undefined {
  const values =
    value.kind === 'map' ? value.entries.map((entry) => entry.value) : value.kind === 'list' ? value.items : []
  const seen = new Set<string>()
  const own = value.kind === 'map' ? value.entries.filter(({ key }) => seen.size === seen.add(key).size) : []
  return [...own, ...values.flatMap((it) => keyTwice(it) ?? [])][0]
}

/** A path as people read it: `overrides.0.when`, with a key in quotes where it is no plain word. */
export function inText(path: Path): string {
  return path
    .map((step) => (/^[\w-]{1,60}$/.test(String(step)) ? step : JSON.stringify(String(step).slice(0, 60))))
    .join('.')
}
