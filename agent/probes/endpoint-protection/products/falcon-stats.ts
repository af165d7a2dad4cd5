import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { isPlist, readPlist, type Plist } from '../../plist.ts'
import type { Told } from '../told.ts'

/** What is told, by the names that it has in the different outputs, in small letters and without what joins words. */
type Items = ReadonlyMap<string, string>

/**
 * Reads `falconctl info` and `falconctl stats`, with any sections, of Falcon on macOS: lines `name: value` below
 * `=== section ===`, or a property list.
 */
export function readFalconStats(text: string): Fact<Told> {
  const notLoaded = readNotLoaded(text)
  if (notLoaded) return notLoaded
  const plist = readPlist(text)
  const items = plist.kind === 'value' ? fromPlist(plist.value) : fromLines(text)

  const told: Told = { installed: true }
  const running = runningOf(items)
  if (running !== undefined) told.running = running
  if (running === false) told.healthy = false
  const version = items.get('falconversion') ?? items.get('version') ?? ''
  if (/^\d+(\.\d+)+$/.test(version)) told.version = version
  const id = items.get('aid') ?? items.get('agentid')
  if (id !== undefined) Object.assign(told, idOf(id))
  const rfm = FLAGS.get(items.get('rfm') ?? '')
  if (rfm !== undefined) told.reducedFunctionality = rfm
  if (rfm === true) told.healthy = false
  const state = CONNECTED.get(items.get('cloudstate') ?? '')
  if (state !== undefined) told.connected = state
  return Object.keys(told).length > 1 ? value(told) : unreadable('falconctl gave no answer that is known')
}

/** Reads the error of falconctl for a sensor that does not run; null for any other. */
export function readNotLoaded(text: string): Fact<Told> | null {
  const isNotLoaded = /^[ \t]*(?:Error: )?(?:The |Falcon )*sensor (?:has|is) not (?:been )?(?:loaded|running)\b/im.test(
    text,
  )
  return isNotLoaded ? value({ installed: true, running: false }) : null
}

/** A sensor that is loaded and not operational does not protect: one word against it is enough. */
function runningOf(items: Items): boolean | undefined {
  const words = new Set([
    FLAGS.get(items.get('sensoroperational') ?? ''),
    FLAGS.get(items.get('sensorloaded') ?? ''),
    LOADED.get(items.get('sensorstatus') ?? ''),
  ])
  if (words.has(false)) return false
  return words.has(true) ? true : undefined
}

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['false', false],
  ['0', false],
  ['no', false],
])
const LOADED: ReadonlyMap<string, boolean> = new Map([
  ['loaded', true],
  ['not loaded', false],
  ['unloaded', false],
])
const CONNECTED: ReadonlyMap<string, boolean> = new Map([
  ['connected', true],
  ...['waiting', 'connecting', 'reconnecting', 'disconnected', 'not connected', 'idle', 'stopped'].map(
    (word) => [word, false] as const,
  ),
])

/** A UUID, or the same digits without dashes; all zero before the cloud gave it one. */
function idOf(text: string): Told {
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.test(text)) {
    return text === '' ? { agentId: false, onboarded: false } : {}
  }
  return /[^0-]/.test(text) ? { agentId: true, onboarded: true, id: text } : { agentId: false, onboarded: false }
}

/** Where a name stands in several sections, the one in which it is that of the sensor or of the connection. */
function itemOf(key: string, section: string): string {
  if (key === 'state') return section === 'cloudinfo' ? 'cloudstate' : ''
  return key === 'version' && section !== '' && section !== 'agentinfo' ? '' : key
}

function fromLines(text: string): Items {
  const items = new Map<string, string>()
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    const [, name = '', it = ''] = /^\s*([A-Za-z][\w ]*?)\s*:(?: (.*))?$/.exec(line) ?? []
    if (name !== '') add(items, itemOf(keyOf(name), section), it)
    else if (line.trim() !== '') section = keyOf(line)
  }
  return items
}

/** Sections stand in sections; deeper nothing is told. */
const DEEPEST = 8

function fromPlist(plist: Plist, section = '', items = new Map<string, string>(), depth = 0): Items {
  for (const [name, it] of Object.entries(plist)) {
    if (isPlist(it)) {
      if (depth < DEEPEST) fromPlist(it, keyOf(name), items, depth + 1)
    } else if (typeof it === 'string' || typeof it === 'number' || typeof it === 'boolean')
      add(items, itemOf(keyOf(name), section), String(it))
  }
  return items
}

/** Two answers to one question are none. */
function add(items: Map<string, string>, key: string, text: string): void {
  if (key === '') return
  const before = items.get(key)
  const it = key === 'aid' || key === 'agentid' ? text.trim() : text.trim().toLowerCase()
  items.set(key, before === undefined || before === it ? it : '?')
}

function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}
