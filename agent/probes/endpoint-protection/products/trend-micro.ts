import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { RegistryValues } from '../../../host/host.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import { labelledLines } from '../labelled-lines.ts'
import type { Told } from '../told.ts'
import { dayOf, versionOf } from '../versions-and-times.ts'

const AGENT: ReadonlyMap<string, Told> = new Map([
  ['green', { running: true, healthy: true }],
  ['yellow', { running: true, healthy: false, issues: ['the state of its agent is yellow'] }],
  ['unactivated', { healthy: false, onboarded: false, issues: ['its agent is not activated'] }],
  ['red', { running: true, healthy: false, issues: ['the state of its agent is red'] }],
])

const ANTI_MALWARE_OFF: ReadonlySet<string> = new Set(['off', 'driver-offline', 'not-capable', 'not-installed'])

/** Of the agent, and not of one of its modules. */
const VERSIONS = ['pluginversion.core', 'pluginversion.agent'] as const

/**
 * Reads `dsa_query -c GetAgentStatus`, `-c GetComponentInfo` and `-c GetPluginVersion` of Deep Security and Workload
 * Security: lines `Name.of.it: text`. "green" says that the agent runs and is activated, not that its anti-malware module is on.
 */
export function readDsaQuery(stdout: string): Fact<Told> {
  const lines = labelledLines(stdout)
  const agent = AGENT.get(lines.get('agentstatus.agentstate')?.toLowerCase() ?? '')
  const mode = lines.get('component.am.mode')?.toLowerCase() ?? ''
  const isOffline = lines.get('component.am.driveroffline')?.toLowerCase() === 'true'
  const isRegistered = /^(?:https|dsm):\/\/\S/.test(lines.get('agentstatus.dsmurl') ?? '')
  const told: Told = { ...agent, ...(isRegistered && { onboarded: true }) }
  if (ANTI_MALWARE_OFF.has(mode) || isOffline) {
    const why = `its anti-malware module is ${isOffline ? 'without its driver' : mode}`
    Object.assign(told, { healthy: false, protecting: false, realTime: false, issues: [...(agent?.issues ?? []), why] })
  } else if (mode === 'on') told.protecting = true
  const version = VERSIONS.flatMap((name) => versionOf(lines.get(name)) ?? [])[0]
  if (version !== undefined) told.version = version
  // It prints its own labels; what it tells beside them may be of no use here.
  const isAnswer = [...lines.keys()].some((name) => /^(?:agentstatus|component|hostinfo|pluginversion)\.\w/.test(name))
  return isAnswer ? value({ installed: true, ...told }) : unreadable('dsa_query gave no answer that is known')
}

/** Reads the key of Apex One (before: OfficeScan) on Windows: `PatternDate` is `20261120`. */
export function readPatternKey(values: RegistryValues): Fact<Told> {
  const definitionsAt = dayOf(String(values['PatternDate'] ?? ''))
  const version = versionOf(String(values['ProgramVer'] ?? ''))
  return value({
    installed: true,
    ...(definitionsAt !== undefined && { definitionsAt }),
    ...(version !== undefined && { version }),
  })
}

export const trendMicro: CatalogueProduct = {
  id: 'trend-micro',
  linux: {
    folder: '/opt/ds_agent',
    holds: 'dsa_query',
    units: ['ds_agent.service'],
    processes: ['ds_agent'],
    asks: [
      { program: 'dsa_query', args: ['-c', 'GetPluginVersion'], read: readDsaQuery, needsRoot: true },
      { program: 'dsa_query', args: ['-c', 'GetAgentStatus'], read: readDsaQuery, needsRoot: true },
      { program: 'dsa_query', args: ['-c', 'GetComponentInfo'], read: readDsaQuery, needsRoot: true },
    ],
    healthyWhen: { healthy: true, protecting: true },
    limits: ['it does not show how old its patterns are or whether it is connected'],
  },
  macos: {
    // Its folders are those of other products too, so only its extension tells that it is there.
    paths: [],
    extension: { bundleId: 'com.trendmicro.icore.es', teamId: 'E8P47U2H32' },
    asks: [],
    healthyWhen: {},
  },
  windows: {
    // Apex One, or the agent of Deep Security and Workload Security.
    services: [['ntrtscan', 'ds_agent']],
    displayName: /^Trend ?Micro\b/i,
    asks: [
      {
        registry: [
          'HKLM\\SOFTWARE\\WOW6432Node\\TrendMicro\\PC-cillinNTCorp\\CurrentVersion\\Misc.',
          'HKLM\\SOFTWARE\\TrendMicro\\PC-cillinNTCorp\\CurrentVersion\\Misc.',
        ],
        read: readPatternKey,
        needsRoot: false,
        isOptional: true,
      },
    ],
    healthyWhen: { realTime: true, upToDate: true },
    limits: ['Windows does not show whether it is connected'],
  },
}
