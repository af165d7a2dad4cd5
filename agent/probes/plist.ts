import type { Element } from '@xmldom/xmldom'
import { unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Host } from '../host/host.ts'
import { isJsonObject } from './json.ts'
import { readPlistText } from './plist-text.ts'
import { unreadableBecause } from './probe.ts'
import { elementsOf, parseXml } from './xml.ts'

/** A dictionary of a property list; what stands in it has still to be looked at. */
export type Plist = Readonly<Record<string, unknown>>

/** Reads a property list in XML, whatever was printed before it, or as people see it; one that breaks off is unreadable. */
export function readPlist(text: string): Fact<Plist> {
  const it = topOf(text)
  if (it.kind !== 'value') return it
  return isPlist(it.value) ? value(it.value) : unreadable('the property list is no dictionary')
}

/** Reads a property list that is a list of dictionaries. */
export function readPlistItems(text: string): Fact<readonly Plist[]> {
  const it = topOf(text)
  if (it.kind !== 'value') return it
  const items: readonly unknown[] = Array.isArray(it.value) ? it.value : []
  const dictionaries = items.filter(isPlist)
  return Array.isArray(it.value) && dictionaries.length === items.length
    ? value(dictionaries)
    : unreadable('the property list is no list of dictionaries')
}

function topOf(text: string): Fact<unknown> {
  const begin = text.search(/<\?xml|<!DOCTYPE plist|<plist/)
  const end = text.lastIndexOf('</plist>')
  const plain = begin < 0 ? readPlistText(text) : null
  // An empty one is not told from an answer that was cut out.
  if (typeof plain === 'object' && plain !== null && Object.keys(plain).length > 0) return value(plain)
  if (begin < 0 || end < begin) return unreadable('this is no whole property list')
  const root = parseXml(text.slice(begin, end + '</plist>'.length))
  const [top, ...others] = root ? elementsOf(root) : []
  const it = top && others.length === 0 ? valueOf(top, 0) : undefined
  return it === undefined ? unreadable('the property list is malformed') : value(it)
}

/** Deeper than any of the system's own. */
const DEEPEST = 24

/** One value of a property list (plist(5)); undefined where it, or anything in it, is none. */
function valueOf(element: Element, depth: number): unknown {
  if (depth > DEEPEST) return undefined
  switch (element.tagName) {
    case 'dict':
      return dictionaryOf(elementsOf(element), depth + 1)
    case 'array': {
      const items = elementsOf(element).map((item) => valueOf(item, depth + 1))
      return items.includes(undefined) ? undefined : items
    }
    default:
      return plainValueOf(element.tagName, element.textContent ?? '')
  }
}

function plainValueOf(kind: string, text: string): unknown {
  switch (kind) {
    case 'string':
    case 'data':
      return text
    case 'true':
    case 'false':
      return kind === 'true'
    case 'integer':
    case 'real':
      return /^[-+]?\d/.test(text.trim()) && Number.isFinite(Number(text)) ? Number(text) : undefined
    case 'date': {
      const date = new Date(text.trim())
      return Number.isNaN(date.getTime()) ? undefined : date
    }
    default:
      return undefined
  }
}

function dictionaryOf(elements: readonly Element[], depth: number): Plist | undefined {
  const entries: [string, unknown][] = []
  for (let at = 0; at < elements.length; at += 2) {
    const [key, it] = [elements[at], elements[at + 1]]
    const held = it && valueOf(it, depth)
    if (key?.tagName !== 'key' || held === undefined) return undefined
    entries.push([key.textContent ?? '', held])
  }
  return Object.fromEntries(entries)
}

export function isPlist(it: unknown): it is Plist {
  return isJsonObject(it) && !(it instanceof Date)
}

/** A moment of a property list, by the form it came in: a date, or a text in UTC. */
export function dateOf(it: unknown): Date | null {
  const [, day, time, fraction = ''] =
    typeof it === 'string' ? (/^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(?:Z| \+0000)$/.exec(it) ?? []) : []
  const date = day === undefined ? it : new Date(`${day}T${time}${fraction}Z`)
  return date instanceof Date && !Number.isNaN(date.getTime()) ? date : null
}

/**
 * Reads a property list from a file. The system writes most in a binary form, which `plutil` turns into XML, and which
 * `defaults` can print too.
 */
export async function readPlistFile(host: Host, path: string): Promise<Fact<Plist>> {
  const file = await host.readFile(path)
  if (file.ok && /^\s*<(?:\?xml|!DOCTYPE|plist)/.test(file.text)) return readPlist(file.text)
  if (!file.ok && file.reason !== 'not-recorded') return unreadableBecause(file)
  const ran = await host.run('plutil', ['-convert', 'xml1', '-o', '-', path])
  if (ran.ok && ran.exitCode === 0) return readPlist(ran.stdout)
  const asked = await host.run('defaults', ['read', path.replace(/\.plist$/, '')])
  if (asked.ok && asked.exitCode === 0) return readPlist(asked.stdout)
  return ran.ok ? unreadable(`plutil ended with ${ran.exitCode} for ${path}`) : unreadableBecause(ran)
}
