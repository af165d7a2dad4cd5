import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import { elementsOf, parseXml } from '../../xml.ts'
import type { Told } from '../told.ts'
import { versionOf } from '../versions-and-times.ts'

/** What health is counted by: 1 good, 2 suspicious, 3 bad. */
const STATES: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['2', false],
  ['3', false],
])

/** Of the whole, its services, those that find threats, and threats that were found and are still there. */
const ITEMS = ['health', 'service', 'threatservice', 'threat'] as const

/** It is well only if the whole is told to be, and nothing beside it is told not to be. */
function healthOf(items: ReadonlyMap<string, string>): Fact<Told> {
  const issues = ITEMS.flatMap((name) => {
    const state = STATES.get(items.get(name) ?? '')
    return state === false
      ? [`the state of its ${NAMES[name]} is ${items.get(name) === '3' ? 'bad' : 'suspicious'}`]
      : []
  })
  if (issues.length > 0) return value({ installed: true, healthy: false, issues })
  const isWell = STATES.get(items.get('health') ?? '') === true
  return isWell ? value({ installed: true, healthy: true }) : unreadable('Sophos told no state of its health')
}

const NAMES = { health: 'health', service: 'services', threatservice: 'threat services', threat: 'threats' } as const

/** Reads the key in which Sophos keeps its health on Windows. */
export function readSophosHealthKey(values: RegistryValues): Fact<Told> {
  return healthOf(new Map(Object.entries(values).map(([name, it]) => [name.toLowerCase(), String(it)])))
}

/** Reads whether tamper protection is on: `SEDEnabled` is 1 or 0. */
export function readSophosTamperKey(values: RegistryValues): Fact<Told> {
  const it = values['SEDEnabled']
  return it === 1 || it === 0
    ? value({ installed: true, tamperProtection: it === 1 })
    : unreadable('whether tamper protection is on makes no sense')
}

/** Reads the health that Sophos Protection for Linux reports: `<health><item name="health" value="1"/>...`. */
export function readSophosStatus(text: string): Fact<Told> {
  const root = parseXml(text.trim())
  if (root?.tagName !== 'health') return unreadable('this is no status of Sophos')
  const items = elementsOf(root).filter(({ tagName }) => tagName === 'item')
  const names = items.map((it) => (it.getAttribute('name') ?? '').toLowerCase())
  if (new Set(names).size < names.length) return unreadable('the status of Sophos contradicts itself')
  return healthOf(new Map(items.map((it, at) => [names[at] ?? '', it.getAttribute('value') ?? ''])))
}

/** Reads the file of the version of Sophos Protection for Linux: `PRODUCT_VERSION = 1.2.3.4`. */
export function readSophosVersion(text: string): Fact<Told> {
  const version = versionOf(/^PRODUCT_VERSION\s*=\s*(\S+)\s*$/m.exec(text)?.[1])
  return version === undefined ? unreadable('Sophos told no version') : value({ installed: true, version })
}

export const sophos: CatalogueProduct = {
  id: 'sophos',
  linux: {
    folder: '/opt/sophos-spl',
    holds: 'base',
    units: ['sophos-spl.service'],
    processes: ['sophos_threat_detector', 'soapd'],
    asks: [
      { file: '/opt/sophos-spl/base/VERSION.ini', read: readSophosVersion, needsRoot: true },
      { file: '/opt/sophos-spl/base/mcs/status/SHS_status.xml', read: readSophosStatus, needsRoot: true },
    ],
    healthyWhen: { healthy: true },
    limits: ['it does not show whether it is connected'],
  },
  macos: {
    paths: ['/Library/Sophos Anti-Virus'],
    extension: { bundleId: 'com.sophos.endpoint.scanextension', teamId: '2H5GFH3774' },
    asks: [],
    healthyWhen: {},
  },
  windows: {
    services: ['Sophos Endpoint Defense Service'],
    parts: [
      { service: 'Sophos File Scanner Service', why: 'its service Sophos File Scanner does not run' },
      { service: 'Sophos MCS Client', why: 'its service Sophos MCS Client, by which it is managed, does not run' },
    ],
    displayName: /^Sophos\b/i,
    asks: [
      {
        registry: ['HKLM\\SYSTEM\\CurrentControlSet\\Services\\Sophos Endpoint Defense\\TamperProtection\\Config'],
        read: readSophosTamperKey,
        needsRoot: false,
      },
      {
        registry: ['HKLM\\SOFTWARE\\WOW6432Node\\Sophos\\Health\\Status', 'HKLM\\SOFTWARE\\Sophos\\Health\\Status'],
        read: readSophosHealthKey,
        needsRoot: false,
      },
    ],
    healthyWhen: { healthy: true },
    limits: ['Windows does not show whether it is connected'],
  },
}
