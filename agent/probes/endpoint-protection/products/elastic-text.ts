import { isEndpointName } from './elastic-json.ts'
import type { ElasticStatus } from './elastic-status.ts'

/** Lines of a tree: the strokes before the name say how deep it stands. */
const STROKES = /^[^A-Za-z0-9(]*/

/**
 * Reads the tree of 8.7 and later: a name, and below it `status: (HEALTHY) message`. Without `--output full` components
 * that are well are left out. Null where it is no such tree.
 */
export function fromTree(text: string): ElasticStatus | null {
  const status: { -readonly [Key in keyof ElasticStatus]: ElasticStatus[Key] } = { isWhole: false }
  const path: { depth: number; name: string }[] = []
  const endpoint: string[] = []
  for (const line of text.split(/\r?\n/)) {
    const depth = STROKES.exec(line)?.[0].length ?? 0
    const [, label, it = ''] = /^(\w+): (.*\S)\s*$/.exec(line.slice(depth)) ?? []
    while ((path.at(-1)?.depth ?? -1) >= depth) path.pop()
    if (label === undefined) {
      const name = line.slice(depth).trim().toLowerCase()
      // The two at the top, however far the first of them lost its stroke.
      if (name === 'fleet' || name === 'elastic-agent') path.length = 0
      if (name !== '') path.push({ depth, name })
      continue
    }
    const [top, second] = path.map(({ name }) => name)
    if (label === 'status') {
      const [, state = 'UNKNOWN', message = ''] = /^\(([A-Z]+)\) ?(.*)$/.exec(it) ?? []
      if (top === 'fleet' && path.length === 1) Object.assign(status, { fleet: state, fleetMessage: message })
      else if (top === 'elastic-agent' && path.length === 1) status.total = state
      else if (top === 'elastic-agent' && second !== undefined && isEndpointName(second)) endpoint.push(state)
    } else if (label === 'version' && second === 'info' && /^\d+\.\d+\.\d+/.test(it)) status.version = it
  }
  // In the last line of a whole tree no branch is open: units may have stood in what broke off.
  const isCut = /[│├]/.test(STROKES.exec(text.trimEnd().split('\n').at(-1) ?? '')?.[0] ?? '')
  if (endpoint.length > 0) status.endpoint = isCut ? [...endpoint, 'UNKNOWN'] : endpoint
  return status.total === undefined && status.fleet === undefined ? null : status
}

/** Reads the list of 7.x to 8.6: `Status:` or `State:`, then every application or component as `* name (HEALTHY)`. */
export function fromFlatText(text: string): ElasticStatus | null {
  const [, label, total] = /^[ \t]*(Status|State): ([A-Z]+)\s*$/m.exec(text) ?? []
  if (total === undefined) return null
  const [, fleet] = /^[ \t]*Fleet State: ([A-Z]+)\s*$/m.exec(text) ?? []
  const [, fleetMessage = ''] = /^[ \t]*Fleet Message: (.*)$/m.exec(text) ?? []
  const list = /^[ \t]*(?:Applications|Components):(.*)$/m.exec(text)
  const rows = [...text.matchAll(/^[ \t]*\* (\S{1,60})[ \t]+\(([A-Z]+)\)[ \t]*\r?$/gm)]
  const endpoint = rows.flatMap(([, name = '', state = '']) => (isEndpointName(name) ? [state] : []))
  return {
    total,
    ...(fleet !== undefined && { fleet }),
    fleetMessage,
    ...(endpoint.length > 0 && { endpoint }),
    hidesUnits: label === 'State',
    isWhole: list !== null && (rows.length > 0 || /\(none\)/.test(list[1] ?? '')),
  }
}
