import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'
import { readSentinelStatus } from './sentinelctl-macos.ts'
import { readSentinelCtl } from './sentinelctl-windows.ts'

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['enabled', true],
  ['off', false],
  ['disabled', false],
])
const ENGINES = ['DFI engine', 'Dynamic engine'] as const

/** Reads the output of `sentinelctl control status`, `management status`, `engines status` and `version`, or several. */
export function readSentinelctl(stdout: string): Fact<Told> {
  const alone = readAlone(stdout.trim())
  if (alone) return value(alone)
  const lines = stdout.split(/\r?\n/)
  const state = switchOf(lines, 'Agent state')
  const connected = switchOf(lines, 'Connectivity')
  const tamperProtection = switchOf(lines, 'Anti Tamper')
  const uuid = fieldOf(lines, 'UUID')
  const site = fieldOf(lines, 'Site-Key')
  const version = fieldOf(lines, 'Agent version')
  const engines = ENGINES.map((name) => ({ name, isOn: switchOf(lines, name) }))

  const told: Told = { installed: true }
  if (state !== undefined) Object.assign(told, state ? runningOf(lines) : DISABLED)
  if (connected !== undefined) told.connected = connected
  if (tamperProtection !== undefined) told.tamperProtection = tamperProtection
  if (uuid !== undefined) Object.assign(told, isSet(uuid) ? { agentId: true, id: uuid } : { agentId: false })
  // Only that there is one: the key itself lets a machine join the site.
  if (site !== undefined) told.onboarded = isSet(site)
  if (version !== undefined && /^\d+(\.\d+)+$/.test(version)) told.version = version
  const off = engines.filter(({ isOn }) => isOn === false).map(({ name }) => `${name} is disabled`)
  if (off.length > 0) Object.assign(told, { healthy: false, issues: [...(told.issues ?? []), ...off] })

  const switches = [state, connected, tamperProtection, ...engines.map(({ isOn }) => isOn)]
  const isAnswer = told.version !== undefined || site !== undefined || switches.some((it) => it !== undefined)
  return isAnswer ? value(told) : unreadable('sentinelctl gave no answer that is known')
}

/** `management uuid get` prints an id and nothing else, and `version` of some agents only the number. */
function readAlone(text: string): Told | null {
  if (/^\d{1,4}(?:\.\d{1,6}){2,3}$/.test(text)) return { installed: true, version: text }
  if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return null
  return { installed: true, ...(isSet(text) ? { agentId: true, id: text } : { agentId: false }) }
}

const DISABLED: Told = { running: false, healthy: false, issues: ['the agent is disabled'] }

/** "Enabled" is what it should be; the table below it shows which processes there are. */
function runningOf(lines: readonly string[]): Told {
  if (!lines.some((line) => /^\s*Process Name\b/.test(line))) return {}
  // A table that was cut off in the middle of a line does not show the rest of it.
  const isCut = lines.at(-1)?.trim() !== '' && !lines.some((line) => /^\s*agent\b/.test(line))
  if (isCut) return {}
  const hasAgent = lines.some((line) => /^\s*agent\s*[| ]\s*[1-9]\d*\s*$/.test(line))
  return hasAgent ? { running: true } : { running: false, issues: ['the agent is enabled, but its process is gone'] }
}

/** What follows a name at the start of a line, after blanks, a colon or a bar. Two different answers are none. */
function fieldOf(lines: readonly string[], name: string): string | undefined {
  const found = new Set<string>()
  for (const line of lines) {
    const trimmed = line.trim()
    if (!trimmed.toLowerCase().startsWith(name.toLowerCase())) continue
    const [, text] = /^(?:\s*[:|]\s*|\s+|$)(.*)$/.exec(trimmed.slice(name.length)) ?? []
    if (text !== undefined) found.add(text.trim())
  }
  const [only] = found
  return found.size === 1 ? only : undefined
}

function switchOf(lines: readonly string[], name: string): boolean | undefined {
  return WORDS.get(fieldOf(lines, name)?.toLowerCase() ?? '')
}

function isSet(text: string): boolean {
  return /^[\w-]{8,}$/.test(text) && !/^(undefined|unavailable|not.?set)$/i.test(text) && /[^0-]/.test(text)
}

const ask = (...args: string[]) => ({ program: 'sentinelctl', args, read: readSentinelctl, needsRoot: true }) as const

export const sentinelOne: CatalogueProduct = {
  id: 'sentinelone',
  linux: {
    folder: '/opt/sentinelone',
    holds: 'bin',
    units: ['sentinelone.service'],
    processes: ['s1-agent'],
    asks: [ask('control', 'status'), ask('management', 'status'), ask('engines', 'status'), ask('version')],
    healthyWhen: { connected: true, agentId: true, onboarded: true },
  },
  macos: {
    paths: ['/Library/Sentinel/sentinel-agent.bundle', '/Applications/SentinelOne'],
    extension: { bundleId: 'com.sentinelone.extensions-wrapper', teamId: '4AYE5J54KN' },
    asks: [{ program: 'sentinelctl', args: ['status'], read: readSentinelStatus, needsRoot: false }],
    healthyWhen: { healthy: true, connected: true, agentId: true },
  },
  windows: {
    services: ['SentinelAgent'],
    drivers: ['SentinelMonitor'],
    displayName: /^Sentinel ?(?:One|Agent)\b/i,
    asks: [
      { program: 'sentinelctl', args: ['status'], read: readSentinelCtl, needsRoot: true },
      { program: 'sentinelctl', args: ['agent_id'], read: readSentinelCtl, needsRoot: true },
    ],
    healthyWhen: { healthy: true },
    limits: ['Windows does not show whether it is registered or connected'],
  },
}
