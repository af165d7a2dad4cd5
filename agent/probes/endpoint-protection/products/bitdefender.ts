import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import { labelledLines } from '../labelled-lines.ts'
import type { Told } from '../told.ts'
import { momentOf, versionOf } from '../versions-and-times.ts'

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['off', false],
])
const NO_YES: ReadonlyMap<string, boolean> = new Map([
  ['no', true],
  ['yes', false],
])

/**
 * Reads `bduitool get ps` of Bitdefender Endpoint Security Tools for Linux: lines `Name: text`, and below "Features" the
 * modules as `- Name status: On`.
 */
export function readBduitool(stdout: string): Fact<Told> {
  const lines = labelledLines(stdout)
  const wordOf = (name: string) => lines.get(name)?.toLowerCase() ?? ''
  const antimalware = SWITCH.get(wordOf('antimalware status'))
  const onAccess = SWITCH.get(wordOf('onaccess status')) ?? SWITCH.get(wordOf('on-access status'))
  const upToDate = NO_YES.get(
    textOf(lines, /^new (?:.* )?(?:content|signatures?)(?: update)? available$/).toLowerCase(),
  )
  const version = versionOf(lines.get('product version'))
  const definitionsAt = momentOf(textOf(lines, /^last (?:.* )?(?:content|signatures?) updates?$/))
  const told: Told = {
    ...(antimalware === true && { running: true, protecting: true }),
    ...(onAccess !== undefined && { realTime: onAccess }),
    ...(antimalware === false && { protecting: false, healthy: false, realTime: false, issues: [OFF] }),
    ...(upToDate !== undefined && { upToDate }),
    ...(version !== undefined && { version }),
    ...(definitionsAt !== undefined && { definitionsAt }),
  }
  if (Object.keys(told).length === 0) return unreadable('bduitool gave no answer that is known')
  return value({ installed: true, ...told })
}

/** What is "security content" now had other names before version 7. Two lines that answer are none. */
function textOf(lines: ReadonlyMap<string, string>, name: RegExp): string {
  const found = [...lines].filter(([it]) => name.test(it))
  return found.length === 1 ? (found[0]?.[1] ?? '') : ''
}

const OFF = 'its module Antimalware is off'

export const bitdefender: CatalogueProduct = {
  id: 'bitdefender',
  linux: {
    folder: '/opt/bitdefender-security-tools',
    holds: 'bin',
    // `bdsec.service` has no process: it only groups this one and others, and is active when they are not.
    units: ['bdsec-daemon.service'],
    processes: ['bdsecd'],
    asks: [{ program: 'bduitool', args: ['get', 'ps'], read: readBduitool, needsRoot: true }],
    healthyWhen: { protecting: true, upToDate: true },
    limits: ['it does not show whether it is connected'],
  },
  macos: {
    paths: ['/Library/Bitdefender/AVP'],
    processes: ['/Library/Bitdefender/AVP/'],
    asks: [],
    healthyWhen: {},
  },
  windows: {
    services: ['EPSecurityService'],
    parts: [
      { service: 'EPProtectedService', why: 'its service EPProtectedService does not run' },
      { service: 'EPIntegrationService', why: 'its service EPIntegrationService does not run' },
    ],
    displayName: /^Bitdefender\b/i,
    asks: [],
    healthyWhen: { realTime: true, upToDate: true },
    limits: ['Windows does not show whether it is connected'],
  },
}
