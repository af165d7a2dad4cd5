import { unreadable, value, type Fact, type NoValue } from '../../shared/fact.ts'
import { isJsonObject, parseJson, type JsonObject } from './json.ts'
import { withoutColours } from './printable.ts'

/** Deeper than `ConvertTo-Json` ever writes for the agent; what lies below is left as it is. */
const DEEPEST = 12

/**
 * Reads what `ConvertTo-Json` of PowerShell 5.1 or 7 printed: an array of objects, or one object where 5.1 took the array
 * away. What other commands printed before or after it on lines of their own is passed over. An array that stands as
 * `{"value":[...],"Count":n}` is the array. Text that breaks off, and anything but objects, is unreadable.
 */
export function readPowerShellJson(text: string): Fact<readonly JsonObject[]> {
  const documents = documentsIn(withoutColours(text.replace(/^\uFEFF/, '')))
  if (documents.kind !== 'value') return documents
  const items = documents.value.flatMap((it): readonly unknown[] => {
    const plain = unwrapped(it, 0)
    return Array.isArray(plain) ? plain : [plain]
  })
  // Where a command gave nothing, `@(...)` may still hold its null.
  const told = items.filter((it) => it !== null)
  const records = told.filter(isJsonObject)
  return records.length === told.length ? value(records) : unreadable('PowerShell answered something else than objects')
}

/** True and false, or their words; anything else, numbers too, is null. */
export function flagOf(it: unknown): boolean | null {
  if (typeof it === 'boolean') return it
  if (typeof it !== 'string') return null
  const word = it.trim().toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : null
}

/** As `flagOf`, for a property that is 0 or 1 in some versions. */
export function bitOf(it: unknown): boolean | null {
  const number = numberOf(it)
  return number === 0 ? false : number === 1 ? true : flagOf(it)
}

/** A number, or one that stands as text; of an enumeration that was written as an object, its number. */
export function numberOf(it: unknown): number | null {
  if (isJsonObject(it)) return isJsonObject(it['value']) ? null : numberOf(it['value'])
  if (typeof it === 'number') return Number.isFinite(it) ? it : null
  return typeof it === 'string' && /^\s*-?\d{1,15}(?:\.\d{1,15})?\s*$/.test(it) ? Number(it) : null
}

/** An enumeration in small letters: its number, its word, or what the object with both holds, by the version of PowerShell. */
export function wordOf(it: unknown): string {
  if (isJsonObject(it)) {
    const held = it['value'] ?? it['Value']
    return isJsonObject(held) ? '' : wordOf(held)
  }
  const isPlain = typeof it === 'string' || typeof it === 'number' || typeof it === 'boolean'
  return isPlain ? String(it).trim().toLowerCase() : ''
}

/** A text that is not empty, without the space around it. */
export function textOf(it: unknown): string | null {
  const text = typeof it === 'string' ? it.trim() : ''
  return text === '' ? null : text
}

/**
 * A moment, as facts carry it (RFC 3339 in UTC): `/Date(ms)/` of 5.1, the object around it, ISO 8601 of 7, or the form of
 * DMTF that `Get-WmiObject` shows. Null where it names no zone, and for the dates that mean "never" (years 1 and 1601).
 */
export function timeOf(it: unknown): string | null {
  if (isJsonObject(it)) return isJsonObject(it['value']) ? null : timeOf(it['value'])
  const at = typeof it === 'string' ? milliseconds(it.trim()) : NaN
  const isTold = at > Date.UTC(1970, 0, 2) && at < Date.UTC(9000, 0)
  return isTold ? new Date(at).toISOString() : null
}

function milliseconds(text: string): number {
  const [, since] = /^\/Date\((-?\d{1,15})(?:[+-]\d{4})?\)\/$/.exec(text) ?? []
  if (since !== undefined) return Number(since)
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return Date.parse(text)
  const [, date = '', time = '', sign = '', minutes = ''] = /^(\d{8})(\d{6})\.\d{6}([+-])(\d{3})$/.exec(text) ?? []
  if (date === '') return NaN
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`
  const local = Date.parse(`${day}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`)
  return local - (sign === '-' ? -1 : 1) * Number(minutes) * 60_000
}

/** The whole documents of JSON in a text, each beginning and ending with its line. */
function documentsIn(text: string): Fact<unknown[]> {
  const found: unknown[] = []
  let at = 0
  while (at < text.length) {
    const end = endOfLine(text, at)
    const line = text.slice(at, end)
    const first = line.trimStart()[0] ?? ''
    if (first === '{' || first === '[') {
      const begin = text.indexOf(first, at)
      const document = documentAt(text, begin)
      if (document === null) return BROKEN
      if (document.isJson) found.push(document.value)
      at = endOfLine(text, document.end) + 1
      continue
    }
    // The rest of a document whose beginning is lost, or of one that ended too early.
    if (/^[}\],"]/.test(first)) return BROKEN
    at = end + 1
  }
  return found.length > 0 ? value(found) : unreadable('PowerShell printed no JSON')
}

const BROKEN: NoValue = unreadable('what PowerShell printed is no whole JSON')

type Document = { end: number; isJson: true; value: unknown } | { end: number; isJson: false }

/** The document that begins at a bracket; null where it is damaged, and no JSON where it is a remark in brackets. */
function documentAt(text: string, begin: number): Document | null {
  const lineEnd = endOfLine(text, begin)
  const whole = bracketed(text, begin)
  const rest = whole === null ? '' : text.slice(whole.end, endOfLine(text, whole.end)).trim()
  if (whole !== null && rest === '') {
    const json = parseJson(whole.text)
    if (json !== undefined) return { end: whole.end, isJson: true, value: json }
  }
  // `[WARNING] the module ...`: neither begins as JSON does.
  const isRemark =
    /^[[{]\s*[A-Za-z_]/.test(text.slice(begin, lineEnd)) &&
    !/^\[\s*(?:true|false|null)\b/.test(text.slice(begin, lineEnd))
  return isRemark ? { end: lineEnd, isJson: false } : null
}

/** The text from a bracket to the one that closes it, without commas that nothing follows; null where none does. */
function bracketed(text: string, begin: number): { text: string; end: number } | null {
  const pieces: string[] = []
  let from = begin
  let depth = 0
  let comma = -1
  for (let at = begin; at < text.length; at++) {
    const char = text[at]
    if (char === '"') {
      at = endOfString(text, at)
      comma = -1
    } else if (char === ',') {
      comma = at
    } else if (char === '{' || char === '[') {
      depth++
      comma = -1
    } else if (char === '}' || char === ']') {
      depth--
      if (comma >= 0) {
        pieces.push(text.slice(from, comma))
        from = comma + 1
      }
      comma = -1
      if (depth === 0) return { text: pieces.join('') + text.slice(from, at + 1), end: at + 1 }
    } else if (char !== undefined && char.trim() !== '') {
      comma = -1
    }
  }
  return null
}

/** The place of the quotation mark that ends the string begun here; the end of the text where none does. */
function endOfString(text: string, begin: number): number {
  for (let at = begin + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at
  }
  return text.length
}

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from)
  return at < 0 ? text.length : at
}

/** Arrays with members of their own are written by 5.1 as objects, at any depth. */
function unwrapped(it: unknown, depth: number): unknown {
  if (depth > DEEPEST) return it
  if (Array.isArray(it)) return it.map((item) => unwrapped(item, depth + 1))
  if (!isJsonObject(it)) return it
  const { value: items, Count: count } = it
  const isWrapping = Object.keys(it).length === 2 && Array.isArray(items) && items.length === count
  if (isWrapping) return unwrapped(items, depth + 1)
  return Object.fromEntries(Object.entries(it).map(([name, property]) => [name, unwrapped(property, depth + 1)]))
}
