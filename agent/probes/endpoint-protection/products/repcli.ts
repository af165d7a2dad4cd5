import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import { labelOf } from '../labelled-lines.ts'
import type { Told } from '../told.ts'
import { momentOf, versionOf } from '../versions-and-times.ts'

/** An item of the answer below the heading that it stands under; the name without blanks and dashes. */
type Item = { section: string; name: string; text: string }

/**
 * Reads `repcli status` of Carbon Black Cloud: headings at the left edge, items `Name: text` indented below them (Windows
 * writes `Name[text]`), and details of the sensor's state below those. Only the words of the sensor's own section tell
 * its state: "Enabled" and "Connected" stand in others too.
 */
export function readRepcli(stdout: string): Fact<Told> {
  const { items, details } = itemsOf(stdout)
  const issues = [...details.flatMap(detailIssue), ...items.flatMap(itemIssue)]
  const told: Told = {
    installed: true,
    ...stateOf(items, issues),
    ...registrationOf(items),
    ...connectionOf(items),
  }
  // Windows puts the day of the build behind it.
  const version = versionOf(only(textsOf(items, 'sensorversion'))?.replace(/ - .*$/, ''))
  if (version !== undefined) told.version = version
  if (Object.keys(told).length === 1) return unreadable('repcli gave no answer that is known')
  return value(issues.length > 0 ? { ...told, healthy: false, issues } : told)
}

function itemsOf(stdout: string): { items: Item[]; details: string[] } {
  const items: Item[] = []
  const details: string[] = []
  let section = ''
  // How far the heading "Details" is indented; what stands deeper belongs to it.
  let detailsFrom: number | null = null
  for (const line of stdout.split(/\r?\n/)) {
    if (line.trim() === '') continue
    const indent = line.search(/\S/)
    if (detailsFrom !== null && indent > detailsFrom) {
      details.push(line.trim())
      continue
    }
    detailsFrom = null
    for (const label of labelsOf(line)) {
      const name = keyOf(label.name)
      if (name === 'details') {
        if (label.text === '') detailsFrom = indent
        else details.push(...label.text.split(',').map((it) => it.trim()))
      } else if (indent === 0 && label.text === '') section = name
      else items.push({ section, name, text: label.text })
    }
  }
  return { items, details }
}

/** Windows may put several `Name[text]` into a line. */
function labelsOf(line: string): { name: string; text: string }[] {
  const label = labelOf(line)
  if (label) return [label]
  return [...line.matchAll(/([A-Za-z][^[\]:]{0,60})\[([^[\]]*)\]/g)].map(([, name = '', text = '']) => ({
    name: name.trim().toLowerCase(),
    text: text.trim(),
  }))
}

function keyOf(name: string): string {
  return name.replaceAll(/[ .-]/g, '')
}

function textsOf(items: readonly Item[], name: string, section = /^/): string[] {
  return items.filter((it) => it.name === name && section.test(it.section)).map(({ text }) => text)
}

/** Two answers to one question are none. */
function only(texts: readonly string[]): string | undefined {
  const all = new Set(texts)
  return all.size === 1 ? texts[0] : undefined
}

/** Of the sensor: `State` in a section of its own, or `Sensor State` among the general ones. */
function stateOf(items: readonly Item[], issues: string[]): Told {
  const states = [...textsOf(items, 'state', /^sensor(?:status|state)$/), ...textsOf(items, 'sensorstate')]
  const bad = states.find((text) => /^(?:bypass|disabled|stopped|shut|uninstall)/i.test(text))
  if (bad !== undefined) {
    issues.push(`the state of the sensor is ${bad}`)
    return { protecting: false, healthy: false, ...(/^bypass/i.test(bad) && { running: true }) }
  }
  if (only(states)?.toLowerCase() !== 'enabled') return {}
  if (issues.includes(SHUTS_DOWN)) return { protecting: false }
  return { running: true, protecting: issues.length === 0 }
}

function registrationOf(items: readonly Item[]): Told {
  const registered = YES_NO.get(only(textsOf(items, 'registered'))?.toLowerCase() ?? '')
  const id = only(textsOf(items, 'deviceid')) ?? ''
  return {
    ...(registered !== undefined && { onboarded: registered }),
    ...(/^\d{1,20}$/.test(id) && (/[1-9]/.test(id) ? { agentId: true, id } : { agentId: false })),
  }
}

const YES_NO: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['no', false],
])

/** "Registered" is not a connection, and neither is that of the part in the kernel. */
function connectionOf(items: readonly Item[]): Told {
  const connected = YES_NO.get(only(textsOf(items, 'connected'))?.toLowerCase() ?? '')
  const last = [...textsOf(items, 'lastcheckin'), ...textsOf(items, 'lastcheckintime')]
  const lastContactAt = momentOf(only(last))
  return { ...(connected !== undefined && { connected }), ...(lastContactAt !== undefined && { lastContactAt }) }
}

const SHUTS_DOWN = 'it is shutting down'

function detailIssue(detail: string): string[] {
  if (/\bshut(?:ting)? ?down\b/i.test(detail)) return [SHUTS_DOWN]
  if (/^full ?disk ?access ?: ?not/i.test(detail)) return ['it has no Full Disk Access']
  return /bypass/i.test(detail) || TROUBLE.test(detail.replaceAll(/[ _-]/g, '')) ? [detail] : []
}

/** Of the states that its console knows, those in which a sensor does not do its work; some versions put blanks in. */
const TROUBLE =
  /^(?:panic|loopdetect|(?:db)?corrupt|unsupported|.*notsupported|(?:sensor)?(?:unregistered|resetinprogress|upgradeinprogress)|(?:repux|csr)action)|selfprotect\w*disabled/i

/** Items that make a sensor of which the state is "Enabled" see less. */
const PARTS: readonly { name: string; section: RegExp; why: string }[] = [
  { name: 'systemextension', section: /^general/, why: 'its system extension' },
  { name: 'kernelfilefilter', section: /^/, why: 'its part in the kernel' },
  { name: 'repmgr', section: /^fulldiskaccess/, why: 'its Full Disk Access' },
  { name: 'systemextension', section: /^fulldiskaccess/, why: "its system extension's Full Disk Access" },
]

function itemIssue({ section, name, text }: Item): string[] {
  if (name === 'quarantine' && /^yes/i.test(text)) return ['its console has put the device into quarantine']
  if (name === 'svcstable' && /^no/i.test(text)) return ['its service does not run stably']
  const part = PARTS.find((it) => it.name === name && it.section.test(section))
  return part && /^(?:not|no|dis|un(?!known)|stop|a?wait|fail|inactive)/i.test(text) ? [`${part.why} is: ${text}`] : []
}
