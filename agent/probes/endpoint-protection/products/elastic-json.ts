import { isJsonObject, parseJson } from '../../json.ts'
import { numberOf, textOf } from '../../powershell.ts'
import type { ElasticStatus } from './elastic-status.ts'

type Json = ReadonlyMap<string, unknown>

/** `State` of the agent's control protocol since 8.6. */
const STATES = [
  'STARTING',
  'CONFIGURING',
  'HEALTHY',
  'DEGRADED',
  'FAILED',
  'STOPPING',
  'STOPPED',
  'UPGRADING',
  'ROLLBACK',
] as const
/** `Status` before that. */
const OLD_STATES = ['STARTING', 'CONFIGURING', 'HEALTHY', 'DEGRADED', 'FAILED', 'STOPPING', 'UPGRADING', 'ROLLBACK']

/** Reads the JSON of `elastic-agent status --output=json`; null where it is none, or breaks off. */
export function fromJson(text: string): ElasticStatus | null {
  const begin = text.search(/^[ \t]*\{/m)
  const json = recordOf(parseJson(text.slice(begin, text.lastIndexOf('}') + 1)))
  if (!json) return null
  const components = json.get('components')
  const applications = json.get('applications')
  if (Array.isArray(components) || json.has('state')) return newStatus(json, components)
  return Array.isArray(applications) || json.has('status') ? oldStatus(json, applications) : null
}

function newStatus(json: Json, components: unknown): ElasticStatus {
  const info = recordOf(json.get('info'))
  const managed = info?.get('is_managed')
  const endpoint = recordsIn(components).filter(isEndpoint)
  const states = endpoint.flatMap((it) => [
    stateOf(it.get('state'), STATES),
    ...recordsIn(it.get('units')).map((unit) => stateOf(unit.get('state'), STATES)),
  ])
  const id = textOf(info?.get('id'))
  const version = textOf(info?.get('version'))
  return {
    ...totalOf(json.get('state'), STATES),
    ...(json.has('fleetstate') && { fleet: stateOf(json.get('fleetstate'), STATES) }),
    fleetMessage: textOf(json.get('fleetmessage')) ?? '',
    ...(states.length > 0 && { endpoint: states }),
    isWhole: Array.isArray(components),
    ...(typeof managed === 'boolean' && { isManaged: managed }),
    ...(version !== null && /^\d+\.\d+\.\d+/.test(version) && { version }),
    ...(id !== null && /^[0-9a-f-]{36}$/i.test(id) && { id }),
  }
}

function oldStatus(json: Json, applications: unknown): ElasticStatus {
  const endpoint = recordsIn(applications).filter(isEndpoint)
  return {
    ...totalOf(json.get('status'), OLD_STATES),
    ...(endpoint.length > 0 && { endpoint: endpoint.map((it) => stateOf(it.get('status'), OLD_STATES)) }),
    isWhole: Array.isArray(applications),
  }
}

/** By its name, or by its id, which begins with the name. */
export function isEndpointName(name: string): boolean {
  return /^endpoint(?:-|$)/i.test(name)
}

function isEndpoint(component: Json): boolean {
  const name = textOf(component.get('name')) ?? textOf(component.get('id'))
  return name !== null && isEndpointName(name)
}

function totalOf(it: unknown, states: readonly string[]): Pick<ElasticStatus, 'total'> {
  return it === undefined ? {} : { total: stateOf(it, states) }
}

function stateOf(it: unknown, states: readonly string[]): string {
  const number = numberOf(it)
  return (number === null ? textOf(it)?.toUpperCase() : states[number]) ?? 'UNKNOWN'
}

function recordsIn(it: unknown): Json[] {
  return Array.isArray(it) ? it.flatMap((item) => recordOf(item) ?? []) : []
}

/** Versions differ in the letters of their keys. */
function recordOf(it: unknown): Json | null {
  if (!isJsonObject(it)) return null
  return new Map(Object.entries(it).map(([name, held]): [string, unknown] => [name.toLowerCase(), held]))
}
