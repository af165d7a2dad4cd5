import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'

/** What an item of falconctl's answer tells, by its name. */
const ITEMS = new Map<string, (text: string) => Told>([
  // A sensor that never reached the cloud has an id of zeros on some builds.
  ['aid', (it) => (/^[0-9a-f]{32}$/i.test(it) && /[^0]/.test(it) ? { agentId: true, onboarded: true, id: it } : {})],
  ['version', (it) => (/^\d+(\.\d+)+$/.test(it) ? { version: it } : {})],
  ['rfm-state', (it) => RFM.get(it.toLowerCase()) ?? {}],
  ['rfm-reason', () => ({})],
  ['cid', () => ({})],
  ['backend', () => ({})],
])

const RFM = new Map<string, Told>([
  ['true', { reducedFunctionality: true, healthy: false }],
  ['false', { reducedFunctionality: false }],
])

const UNSET = new Map<string, Told>([
  ['aid', { agentId: false, onboarded: false }],
  ['cid', { onboarded: false }],
  ['CID', { onboarded: false }],
  ['rfm-state', {}],
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

function unquoted(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1')
}

export const crowdstrikeFalcon: CatalogueProduct = {
  id: 'crowdstrike-falcon',
  linux: {
    folder: '/opt/CrowdStrike',
    holds: 'falconctl',
    unit: 'falcon-sensor.service',
    processes: ['falcon-sensor', 'falcon-sensor-bpf'],
    commands: [{ program: 'falconctl', args: ['-g', '--aid', '--rfm-state', '--version'], needsRoot: true }],
    read: readFalconctl,
    healthyWhen: { agentId: true, onboarded: true, reducedFunctionality: false },
  },
}
