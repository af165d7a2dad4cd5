import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Told } from '../told.ts'

/** A line of the answer with the names of what it stands below. */
type Line = { section: string; name: string; text: string }

/**
 * Reads `sentinelctl status` of macOS: names and values, indented below the sections that they belong to. Several of its
 * services are "not ready" on a healthy Mac, so only the lines about the agent itself and its console count. Dates are in
 * the form of whoever asks, and no moments.
 */
export function readSentinelStatus(text: string): Fact<Told> {
  const lines = linesOf(text)
  const version = /^SentinelOne (\d+(?:\.\d+)+)\s*$/m.exec(text)?.[1] ?? fieldOf(lines, 'Agent', 'Version')
  const id = fieldOf(lines, 'Agent', 'ID')
  const switches = SWITCHES.map(({ name, good, bad, isNeeded }) => {
    const word = fieldOf(lines, 'Agent', name)
    return {
      name,
      word,
      isNeeded,
      is: word === good ? true : bad.some((it) => word === it || word.startsWith(`${it} `)) ? false : undefined,
    }
  })
  // `management status` has the lines of that section alone.
  const management = fieldOf(lines, '', 'Server') === '' ? 'Management' : ''
  const connected = YES_NO.get(fieldOf(lines, management, 'Connected'))
  const missing = lines.filter(({ section }) => section === 'Agent/Missing Authorizations').map(({ name }) => name)
  const authorizations = lines.find(({ section, name }) => section === 'Agent' && name === 'Missing Authorizations')
  if (authorizations && authorizations.text !== '') missing.push(authorizations.text)

  const told: Told = { installed: true }
  if (/^\d+(?:\.\d+)+$/.test(version)) told.version = version
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) && /[^0-]/.test(id)) {
    Object.assign(told, { agentId: true, id })
  }
  if (connected !== undefined) told.connected = connected
  const issues = [
    ...switches.flatMap(({ name, word, is }) => (is === false ? [`${name}: ${word}`] : [])),
    ...missing.map((it) => `it lacks the authorization ${it}`),
  ]
  if (issues.length > 0) Object.assign(told, { healthy: false, issues })
  else if (switches.every(({ is, isNeeded }) => is === true || !isNeeded) && authorizations) told.healthy = true
  const framework = switches.find(({ name }) => name === 'ES Framework')?.is
  const daemon = fieldOf(lines, 'Daemons/Integrity', 'sentineld')
  if (framework && daemon === 'ok') told.running = true
  if (daemon === 'not running') Object.assign(told, { running: false, healthy: false })

  const isAnswer = told.version !== undefined || connected !== undefined || switches.some(({ is }) => is !== undefined)
  return isAnswer ? value(told) : unreadable('sentinelctl gave no answer that is known')
}

/** What has to be as it should for the agent to protect, with the words against it that are known. */
const SWITCHES: readonly { name: string; good: string; bad: readonly string[]; isNeeded: boolean }[] = [
  { name: 'ES Framework', good: 'started', bad: ['stopped', 'not started', 'not running', 'failed'], isNeeded: true },
  { name: 'Agent Operational State', good: 'enabled', bad: ['disabled'], isNeeded: true },
  { name: 'Ready', good: 'yes', bad: ['no'], isNeeded: true },
  { name: 'Protection', good: 'enabled', bad: ['disabled'], isNeeded: true },
  { name: 'Infected', good: 'no', bad: ['yes'], isNeeded: false },
  { name: 'Network Quarantine', good: 'no', bad: ['yes'], isNeeded: false },
  { name: 'Compatible OS', good: 'compatible', bad: ['incompatible', 'not compatible'], isNeeded: false },
]

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['no', false],
])

/** The sections are told by how far their lines are indented; a value may hold colons of its own. */
function linesOf(text: string): Line[] {
  const open: { indent: number; name: string }[] = []
  return text.split(/\r?\n/).flatMap((line) => {
    const [, blanks = '', name = '', it = ''] = /^(\s*)([^\s:][^:]*?)\s*(?::\s*(.*?))?\s*$/.exec(line) ?? []
    if (name === '') return []
    const indent = blanks.replaceAll('\t', '   ').length
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop()
    const section = open.map((above) => above.name).join('/')
    open.push({ indent, name })
    return [{ section, name, text: it }]
  })
}

/** Two answers to one question are none. */
function fieldOf(lines: readonly Line[], section: string, name: string): string {
  const [first, ...others] = new Set(
    lines.flatMap((it) => (it.section === section && it.name === name ? [it.text] : [])),
  )
  return first !== undefined && others.length === 0 ? first : ''
}
