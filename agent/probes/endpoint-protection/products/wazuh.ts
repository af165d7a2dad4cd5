import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Ask, CatalogueProduct } from '../catalogue.ts'
import type { Told } from '../told.ts'

/** The agent writes its state every few seconds; one that has not for this long has stopped, and left its file behind. */
const FRESH_MS = 70_000

const CONNECTED: ReadonlyMap<string, boolean> = new Map([
  ['connected', true],
  ['pending', false],
  ['disconnected', false],
])

/**
 * Reads the file in which Wazuh's agent keeps its state: lines `name='text'`. Its times are those of the machine and name
 * no zone, so how fresh it is the file's own time tells.
 */
export function readWazuhState(text: string, { modifiedAt, now }: { modifiedAt: Date; now: Date }): Fact<Told> {
  const words = [...text.matchAll(/^status=(['"]?)(\w+)\1[ \t]*\r?$/gm)].map(([, , word = '']) => word)
  const connected = CONNECTED.get(words[0] ?? '')
  if (words.length !== 1 || connected === undefined) return unreadable('the state of the Wazuh agent makes no sense')
  const isNeverHeard = /^last_(?:keepalive|ack)=(['"]?)\1[ \t]*\r?$/m.test(text)
  if (connected && isNeverHeard) return unreadable('the state of the Wazuh agent contradicts itself')
  const age = now.getTime() - modifiedAt.getTime()
  if (!(Math.abs(age) <= FRESH_MS)) return unreadable('the state of the Wazuh agent is old')
  if (!connected) return value({ installed: true, connected, issues: [`its state is ${words[0]}`] })
  return value({ installed: true, connected, lastContactAt: modifiedAt.toISOString() })
}

/** Reads `wazuh-control info`. A manager has the same program, and is no agent. */
export function readWazuhInfo(stdout: string): Fact<Told> {
  const [, kind] = /^WAZUH_TYPE="(\w+)"\s*$/m.exec(stdout) ?? []
  const [, version] = /^(?:WAZUH_VERSION=")?v(\d+\.\d+\.\d+)"?\s*$/m.exec(stdout) ?? []
  if (kind !== undefined && kind !== 'agent') return unreadable('this is a Wazuh manager')
  return version === undefined
    ? unreadable('wazuh-control gave no answer that is known')
    : value({ installed: true, version })
}

/** Those that collect what the agent sends; which of the others an agent has depends on its settings. */
const PARTS = [
  'wazuh-modulesd',
  'wazuh-logcollector',
  'wazuh-syscheckd',
  'ossec-logcollector',
  'ossec-syscheckd',
] as const

/** Reads `wazuh-control status`: `wazuh-agentd is running...` for each of its daemons. A manager has no `agentd`. */
export function readWazuhDaemons(text: string): Fact<Told> {
  const rows = [...text.matchAll(/^((?:wazuh|ossec)-\w{1,30}) (is running|not running|is not running)\b/gm)]
  const stopped = new Set(rows.flatMap(([, name = '', state]) => (state === 'is running' ? [] : [name])))
  const [agent, ...others] = rows.flatMap(([, name = '']) => (name.endsWith('-agentd') ? [name] : []))
  if (agent === undefined || others.length > 0) return unreadable('wazuh-control told nothing of the agent')
  if (stopped.has(agent)) return value({ installed: true, running: false })
  const issues = PARTS.filter((part) => stopped.has(part)).map((part) => `its daemon ${part} does not run`)
  return value({ installed: true, running: true, ...(issues.length > 0 && { healthy: false, issues }) })
}

/** It ends with 1 where one of them does not run. */
const daemons: Ask = {
  program: 'wazuh-control',
  args: ['status'],
  read: readWazuhDaemons,
  readError: readWazuhDaemons,
  needsRoot: true,
}

const info: Ask = { program: 'wazuh-control', args: ['info'], read: readWazuhInfo, needsRoot: true }

const LIMITS = ['it detects, and blocks nothing by itself'] as const

export const wazuh: CatalogueProduct = {
  id: 'wazuh',
  linux: {
    folder: '/var/ossec/bin',
    holds: 'wazuh-agentd',
    units: ['wazuh-agent.service'],
    processes: ['wazuh-agentd'],
    asks: [info, daemons, { file: '/var/ossec/var/run/wazuh-agentd.state', read: readWazuhState, needsRoot: true }],
    healthyWhen: { connected: true },
    limits: LIMITS,
  },
  macos: {
    paths: ['/Library/Ossec/bin/wazuh-agentd'],
    processes: ['/Library/Ossec/bin/wazuh-agentd'],
    asks: [info, daemons, { file: '/Library/Ossec/var/run/wazuh-agentd.state', read: readWazuhState, needsRoot: true }],
    healthyWhen: { connected: true },
    limits: LIMITS,
  },
  windows: {
    services: [['WazuhSvc', 'OssecSvc']],
    asks: [{ file: 'C:\\Program Files (x86)\\ossec-agent\\wazuh-agent.state', read: readWazuhState, needsRoot: true }],
    healthyWhen: { connected: true },
    limits: LIMITS,
  },
}
