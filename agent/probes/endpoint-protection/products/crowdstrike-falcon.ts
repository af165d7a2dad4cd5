import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'
import { readFalconStats, readNotLoaded } from './falcon-stats.ts'

const OTHER_OPTIONS = [
  'rfm-reason',
  'cid',
  'aph',
  'app',
  'apd',
  'backend',
  'billing',
  'cloud',
  'feature',
  'message-log',
  'metadata-query',
  'provisioning-token',
  'systags',
  'tags',
  'trace',
] as const

/** What an item of falconctl's answer tells, by its name. */
const ITEMS = new Map<string, (text: string) => Told>([
  // A sensor that never reached the cloud has an id of zeros on some builds.
  ['aid', (it) => (/^[0-9a-f]{32}$/i.test(it) && /[^0]/.test(it) ? { agentId: true, onboarded: true, id: it } : {})],
  ['version', (it) => (/^\d+(\.\d+)+$/.test(it) ? { version: it } : {})],
  ['rfm-state', (it) => RFM.get(it.toLowerCase()) ?? {}],
  // Other options say nothing about its state, but that falconctl gave an answer.
  ...OTHER_OPTIONS.map((name) => [name, () => ({})] as const),
])

const RFM = new Map<string, Told>([
  ['true', { reducedFunctionality: true, healthy: false }],
  ['false', { reducedFunctionality: false }],
])

const UNSET = new Map<string, Told>([
  ...OTHER_OPTIONS.map((name) => [name, {}] as const),
  ['aid', { agentId: false, onboarded: false }],
  ['cid', { onboarded: false }],
  ['CID', { onboarded: false }],
  ['rfm-state', {}],
  ['version', {}],
])

/**
 * Reads what `falconctl -g` prints: items joined by commas and line ends, each `name=value` or `name is not set`. It
 * prints the same for a sensor that is not loaded, so it never tells whether the sensor runs.
 */
export function readFalconctl(stdout: string): Fact<Told> {
  const told: Told = { installed: true }
  let isAnswer = false
  for (const piece of stdout.split(/[,\n]/)) {
    const item = piece.trim().replace(/\.$/, '')
    const [, unset] = /^([\w-]+) is not set(?:\.|$)/.exec(item) ?? []
    const [, name = '', quoted = ''] = /^([\w-]+) ?= ?(.*)$/.exec(item) ?? []
    const more = unset === undefined ? ITEMS.get(name)?.(unquoted(quoted)) : UNSET.get(unset)
    if (!more) continue
    isAnswer = true
    // Without a customer id it talks to nobody, whatever else it says.
    Object.assign(told, more, told.onboarded === false && { onboarded: false })
  }
  return isAnswer ? value(told) : unreadable('falconctl gave no answer that is known')
}

/**
 * Reads what falconctl printed when it ended with an error: of an id that is not set it says so in that way too, and of a
 * sensor that does not run. Null for anything else.
 */
export function readFalconctlError(text: string): Fact<Told> | null {
  const notLoaded = readNotLoaded(text)
  if (notLoaded) return notLoaded
  const said = readFalconctl(text)
  return said.kind === 'value' && said.value.onboarded === false ? said : null
}

function unquoted(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1')
}

/** Reads the key of the sensor on Windows: `AG` is its id, 16 bytes, and all zero before the cloud gave it one. */
export function readSensorKey(values: RegistryValues): Fact<Told> {
  const id = values['AG'] ?? ''
  if (id !== '' && (typeof id !== 'string' || !/^[0-9a-f]{32}$/i.test(id)))
    return unreadable('the id of the sensor makes no sense')
  return value(/[^0]/.test(id) ? { agentId: true, onboarded: true, id } : { agentId: false, onboarded: false })
}

export const crowdstrikeFalcon: CatalogueProduct = {
  id: 'crowdstrike-falcon',
  linux: {
    folder: '/opt/CrowdStrike',
    holds: 'falconctl',
    units: ['falcon-sensor.service'],
    processes: ['falcon-sensor', 'falcon-sensor-bpf'],
    asks: [
      {
        program: 'falconctl',
        args: ['-g', '--aid', '--rfm-state', '--version'],
        plainly: [['-g', '--aid', '--cid', '--rfm-state', '--version']],
        read: readFalconctl,
        readError: readFalconctlError,
        needsRoot: true,
      },
    ],
    healthyWhen: { agentId: true, onboarded: true, reducedFunctionality: false },
  },
  macos: {
    paths: ['/Applications/Falcon.app', '/Library/CS/falconctl'],
    extension: { bundleId: 'com.crowdstrike.falcon.Agent', teamId: 'X9E956P446' },
    asks: [
      { program: 'falconctl', args: ['info'], read: readFalconStats, readError: readNotLoaded, needsRoot: true },
      { program: 'falconctl', args: ['stats'], read: readFalconStats, readError: readNotLoaded, needsRoot: true },
    ],
    healthyWhen: { agentId: true, connected: true },
  },
  windows: {
    services: ['CSFalconService'],
    drivers: ['CSAgent'],
    displayName: /^CrowdStrike\b/i,
    asks: [
      {
        registry: [
          'HKLM\\SYSTEM\\CrowdStrike\\{9b03c1d9-3138-44ed-9fae-d9f4c034b88d}\\{16e0423f-7058-48c9-a204-725362b67639}\\Default',
          'HKLM\\SYSTEM\\CurrentControlSet\\Services\\CSAgent\\Sim',
        ],
        read: readSensorKey,
        needsRoot: false,
      },
    ],
    healthyWhen: { agentId: true },
    limits: ['Windows does not show whether it is in reduced functionality mode or connected'],
  },
}
