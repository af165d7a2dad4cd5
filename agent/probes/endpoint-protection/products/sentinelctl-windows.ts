import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Told } from '../told.ts'

/**
 * Reads `SentinelCtl.exe agent_id`, an id, and `status`: one line for each thing, some with a colon. It says nothing about
 * the console. An agent whose policy mitigates nothing only detects: whether its owner wants that is not known here.
 */
export function readSentinelCtl(text: string): Fact<Told> {
  const [, id] = /^\s*"?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"?\s*$/i.exec(text) ?? []
  if (id !== undefined)
    return value({ installed: true, ...(/[^0-]/.test(id) ? { agentId: true, id } : { agentId: false }) })
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  const monitor = loadedOf(lines, 'SentinelMonitor')
  const agent = loadedOf(lines, 'SentinelAgent')
  if (monitor === undefined && agent === undefined) return unreadable('SentinelCtl gave no answer that is known')

  const selfProtection = SWITCH.get(
    (fieldOf(lines, 'Self-Protection status') || fieldOf(lines, 'Self-Protection')).toLowerCase(),
  )
  const disabled = fieldOf(lines, 'Disable State')
  const mitigation = fieldOf(lines, 'Mitigation policy')
  const [, version] = /^(\d+(?:\.\d+)+)(?:\+|$)/.exec(fieldOf(lines, 'Monitor Build id')) ?? []
  const isDisabled = disabled !== '' && !/^Not disabled\b/i.test(disabled)

  const told: Told = { installed: true }
  if (monitor === false || agent === false) told.running = false
  else if (monitor && agent) told.running = true
  if (selfProtection !== undefined) told.tamperProtection = selfProtection
  if (version !== undefined) told.version = version
  const issues = [
    ...(isDisabled ? ['the agent was disabled'] : []),
    ...(selfProtection === false ? ['its self-protection is off'] : []),
  ]
  if (issues.length > 0) told.issues = issues
  if (told.running === false || issues.length > 0) told.healthy = false
  else if (told.running && selfProtection && disabled !== '' && MITIGATES.test(mitigation)) told.healthy = true
  if (told.running && /^none$/i.test(mitigation)) told.doubts = ['its policy only detects']
  return value(told)
}

const MITIGATES = /^(?:kill|quarantine|remediate|rollback)/i

const SWITCH: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['enabled', true],
  ['off', false],
  ['disabled', false],
])

/** `NAME is loaded`, `NAME is not loaded`; both at once is no answer. What is loaded may still not run. */
function loadedOf(lines: readonly string[], name: string): boolean | undefined {
  const isLoaded = lines.includes(`${name} is loaded`)
  const isNotLoaded = lines.includes(`${name} is not loaded`)
  if (isLoaded && isNotLoaded) return undefined
  if (isNotLoaded || lines.includes(`${name} is not running`)) return false
  return isLoaded || undefined
}

function fieldOf(lines: readonly string[], name: string): string {
  const line = lines.find((it) => it.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return line === undefined ? '' : line.slice(name.length + 1).trim()
}
