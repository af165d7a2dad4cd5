import { parseJson } from './json.ts'

/** What a text of a property list holds: dictionaries, lists, texts, numbers, flags and dates. */
type Held = { value: unknown; end: number } | null

/** Deeper than any of the system's own. */
const DEEPEST = 24

/**
 * Reads a property list in a form for people: JSON, what `defaults read` prints (`{ Key = "value"; }`) or what `plutil -p`
 * prints (`{ "Key" => "value" }`). Null where it is none of these, or not whole. Of `defaults`, a flag is 0 or 1.
 */
export function readPlistText(text: string): unknown {
  const trimmed = text.trim()
  if (!/^[{([]/.test(trimmed)) return null
  const json = parseJson(trimmed)
  if (json !== undefined) return json
  const held = heldAt(trimmed, 0, 0)
  return held?.end === trimmed.length ? held.value : null
}

function heldAt(text: string, from: number, depth: number): Held {
  const at = skip(BLANK, text, from)
  if (depth > DEEPEST) return null
  const plain = match(DATA, text, at) ?? match(QUOTED, text, at) ?? match(DATE, text, at) ?? match(WORD, text, at)
  if (plain !== null) return { value: valueOf(plain), end: at + plain.length }
  if (text[at] === '{') return dictionaryAt(text, at + 1, depth)
  return text[at] === '(' || text[at] === '[' ? listAt(text, at + 1, depth, text[at] === '(' ? ')' : ']') : null
}

function dictionaryAt(text: string, from: number, depth: number): Held {
  const entries: [string, unknown][] = []
  for (let at = skip(BLANK, text, from); ; at = skip(BLANK, text, at)) {
    if (text[at] === '}') return { value: Object.fromEntries(entries), end: at + 1 }
    const name = match(QUOTED, text, at) ?? match(WORD, text, at)
    if (name === null) return null
    at = skip(BLANK, text, at + name.length)
    const sign = match(SIGN, text, at)
    const held = sign === null ? null : heldAt(text, at + sign.length, depth + 1)
    if (!held) return null
    entries.push([unquoted(name), held.value])
    at = held.end
    if (sign === '=') {
      at = skip(BLANK, text, at)
      if (text[at] !== ';') return null
      at++
    }
  }
}

function listAt(text: string, from: number, depth: number, close: string): Held {
  const items: unknown[] = []
  for (let at = skip(BLANK, text, from); ; at = skip(BLANK, text, at)) {
    if (text[at] === close) return { value: items, end: at + 1 }
    // `plutil` numbers the items.
    if (close === ']') at = skip(NUMBERED, text, at)
    const held = heldAt(text, at, depth + 1)
    if (!held) return null
    items.push(held.value)
    at = skip(BLANK, text, held.end)
    if (text[at] === ',') at++
    else if (close === ')' && text[at] !== close) return null
  }
}

const BLANK = /\s*/y
const NUMBERED = /\d+ => /y
const SIGN = /=>?/y
/** Bytes, which nobody here needs: `<0a1b ...>`, `{length = 2, bytes = 0x0a1b}`. */
const DATA = /<[0-9a-f ]*>|\{length = \d+, bytes = 0x[0-9a-f .]*\}/y
const QUOTED = /"(?:[^"\\]|\\[^])*"/y
const DATE = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}/y
const WORD = /[\w./:$+-]+/y

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

const skip = (pattern: RegExp, text: string, at: number): number => at + (match(pattern, text, at)?.length ?? 0)

function valueOf(plain: string): unknown {
  if (/^["<{]/.test(plain)) return unquoted(plain)
  if (/^-?\d{1,15}(?:\.\d{1,15})?$/.test(plain)) return Number(plain)
  return plain === 'true' || plain === 'false' ? plain === 'true' : plain
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text
  return text.slice(1, -1).replaceAll(/\\(?:U([\da-f]{4})|([^]))/gi, (_, code: string | undefined, char: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
    return char === 'n' ? '\n' : char
  })
}
