import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Told } from '../told.ts'
import { fromJson } from './elastic-json.ts'
import { fromFlatText, fromTree } from './elastic-text.ts'

/** What an Elastic Agent says of itself, of its connection to Fleet and of Elastic Defend. States in capital letters. */
export type ElasticStatus = {
  /** Of the agent with all its components. */
  total?: string
  fleet?: string
  fleetMessage?: string
  /** Of the component that protects, then of its units. */
  endpoint?: readonly string[]
  /** All components are listed: one that is not listed is not there. */
  isWhole: boolean
  /** Components may be listed as well while a unit of theirs is not. */
  hidesUnits?: boolean
  isManaged?: boolean
  version?: string
  id?: string
}

/**
 * Reads `elastic-agent status`: JSON with any noise around it, the tree of 8.7 and later, or the list of older ones. The
 * agent collects logs too; only its component `endpoint` protects.
 */
export function readElasticStatus(text: string): Fact<Told> {
  const status = /^[ \t]*\{/m.test(text) ? fromJson(text) : (fromTree(text) ?? fromFlatText(text))
  return status ? value(toldOf(status)) : unreadable('elastic-agent gave no answer that is known')
}

/** Reads an answer that came with an error: the agent ends with 1 or 2 where it is not healthy. */
export function readElasticError(text: string): Fact<Told> | null {
  const status = readElasticStatus(text)
  if (status.kind === 'value') return status
  const isGone =
    /failed to communicate with Elastic Agent daemon/i.test(text) &&
    /connection refused|no such file or directory|cannot find the file/i.test(text)
  return isGone ? value({ healthy: false, issues: ['the Elastic Agent that manages it does not run'] }) : null
}

const RUNS: ReadonlyMap<string, boolean> = new Map([
  ['HEALTHY', true],
  ['DEGRADED', true],
  ['STOPPED', false],
])
const ILL: ReadonlySet<string> = new Set(['DEGRADED', 'FAILED', 'STOPPING', 'STOPPED'])

function toldOf(status: ElasticStatus): Told {
  const { version, id, isManaged } = status
  return {
    ...endpointOf(status),
    ...fleetOf(status),
    ...(version !== undefined && { version }),
    ...(isManaged === true && id !== undefined && { agentId: true, id }),
  }
}

function endpointOf({ endpoint, isWhole, hidesUnits, total }: ElasticStatus): Told {
  const [state] = endpoint ?? []
  if (endpoint === undefined || state === undefined) {
    if (isWhole) return { healthy: false, issues: ['the Elastic Agent runs without Elastic Defend'] }
    // Components are listed where they are not well: this is the agent's own failure, and it starts none of them.
    return total === 'FAILED' ? { healthy: false, issues: ['the Elastic Agent that manages it has failed'] } : {}
  }
  const running = RUNS.get(state)
  const ill = endpoint.find((it) => ILL.has(it))
  // An agent that has failed as a whole contradicts a component that has not.
  const isOther = total === 'DEGRADED' && hidesUnits !== true
  const isWell = endpoint.every((it) => it === 'HEALTHY') && (total === 'HEALTHY' || isOther)
  return {
    installed: true,
    ...(running !== undefined && { running }),
    ...(ill === undefined
      ? isWell && { healthy: true }
      : { healthy: false, issues: [`Elastic Defend or a part of it is ${ill.toLowerCase()}`] }),
  }
}

function fleetOf({ fleet, fleetMessage = '', isManaged }: ElasticStatus): Told {
  const isEnrolled = /not enrolled/i.test(fleetMessage) ? false : fleet === 'HEALTHY' ? true : undefined
  const isContradiction = isEnrolled !== undefined && isManaged !== undefined && isEnrolled !== isManaged
  const onboarded = isContradiction ? undefined : (isEnrolled ?? isManaged)
  const connected = fleet === 'HEALTHY' ? true : fleet !== undefined && ILL.has(fleet) ? false : undefined
  return { ...(connected !== undefined && { connected }), ...(onboarded !== undefined && { onboarded }) }
}

/** Reads `elastic-agent version --binary-only`, which answers where the agent does not run. */
export function readElasticVersion(stdout: string): Fact<Told> {
  const [, version] = /^(?:Binary: |binary:\s+version: )(\d+\.\d+\.\d+)\b/m.exec(stdout) ?? []
  return version === undefined ? unreadable('elastic-agent told no version') : value({ version })
}
