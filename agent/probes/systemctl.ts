import { unreadable, value, type Fact } from '../../shared/fact.ts'
import type { Host } from '../host/host.ts'
import { runAsRecorded } from './as-recorded.ts'
import { unreadableBecause } from './probe.ts'

/** What systemd says of a unit. A flag is null where its word says neither yes nor no. */
export type UnitState = {
  /** With its suffix: `sshd.service`. */
  name: string
  /** All its names; one that was asked for by an alias answers with its own. */
  names: readonly string[]
  isInstalled: boolean | null
  isRunning: boolean | null
  isEnabled: boolean | null
}

const PROPERTIES = 'Id,Names,LoadState,ActiveState,SubState,UnitFileState'

/**
 * Asks systemd's manager about units, in one call: it hangs on a machine that is half broken, so this is for where
 * nothing else tells. Single units, since a list of all has stopped managers for minutes.
 */
export async function askUnits(host: Host, units: readonly string[]): Promise<Fact<readonly UnitState[]>> {
  const ran = await host.run('systemctl', ['show', ...units, `--property=${PROPERTIES}`, '--no-pager'])
  if (ran.ok)
    return ran.exitCode === 0 ? readUnits(ran.stdout, units) : unreadable(`systemctl show ended with ${ran.exitCode}`)
  return (ran.reason === 'not-recorded' && (await askIsActive(host, units))) || unreadableBecause(ran)
}

/** People who record a machine by hand ask in this way; null where they did not. */
async function askIsActive(host: Host, units: readonly string[]): Promise<Fact<readonly UnitState[]> | null> {
  for (const name of units) {
    const forms = [name, name.replace(/\.service$/, '')].map((it) => ['is-active', it])
    const ran = await runAsRecorded(host, 'systemctl', [['is-active', name], ...forms])
    const told = ran.ok ? readIsActive(ran.stdout, 1) : null
    if (told?.kind !== 'value') continue
    return value([{ name, names: [name], isInstalled: null, isRunning: told.value[0] ?? null, isEnabled: null }])
  }
  return null
}

/**
 * Reads `systemctl show`: a block of `Property=value` for each unit, in systemd's order of properties, with an empty
 * line between two. Blocks without `Id` are those of the units that were `asked` for, in that order, where there is one
 * for each. One that tells of its unit neither whether it is loaded nor whether it runs makes all of it unreadable.
 */
export function readUnits(stdout: string, asked: readonly string[] = []): Fact<readonly UnitState[]> {
  const blocks = stdout
    .replaceAll('\r', '')
    .split(/\n{2,}/)
    .filter((block) => block.trim() !== '')
  if (blocks.length === 0) return unreadable('systemctl names no unit')
  const names = blocks.length === asked.length && !/^Id=/m.test(stdout) ? asked : []
  const units = blocks.flatMap((block, at) => unitOf(propertiesOf(block), names[at]) ?? [])
  return units.length === blocks.length ? value(units) : unreadable('systemctl does not tell the state of a unit')
}

function propertiesOf(block: string): ReadonlyMap<string, string> {
  return new Map(
    block.split('\n').flatMap((line) => {
      const [, property, text] = /^(\w+)=(.*)$/.exec(line) ?? []
      return property === undefined || text === undefined ? [] : [[property, text.trim()] as const]
    }),
  )
}

/** Of a unit that could not be loaded in order, a file is there all the same. */
const LOADED = /^(?:loaded|masked|merged|stub|error|bad-setting)$/

function unitOf(properties: ReadonlyMap<string, string>, asked?: string): UnitState | null {
  const names = (properties.get('Names') ?? '').split(' ').filter((it) => UNIT.test(it))
  const name = properties.get('Id') ?? names[0] ?? asked ?? ''
  const load = properties.get('LoadState')
  const active = properties.get('ActiveState')
  if (!UNIT.test(name) || !(load ?? active)) return null
  if (load !== undefined && load !== 'not-found' && !LOADED.test(load)) return null
  if (active !== undefined && !ACTIVE_STATE.test(active)) return null
  return {
    name,
    names: names.includes(name) ? names : [name, ...names],
    isInstalled: load === undefined ? null : load !== 'not-found',
    isRunning: runningOf(active ?? '', properties.get('SubState')),
    isEnabled: load === 'not-found' ? false : enabledOf(properties.get('UnitFileState') ?? ''),
  }
}

const UNIT = /^[\w@:.\\-]+\.[a-z]+$/

/** Words for something that is there and works, of services and of the other kinds of units. */
const WORKING = /^(?:running|reload(?:-\w+)*|listening|waiting|mounted|plugged|active|elapsed)$/

/**
 * A unit that is `active (exited)` has run and is over. Of one that comes or goes nobody knows how it ends, and one
 * that crashes again and again is always on its way.
 */
function runningOf(active: string, sub?: string): boolean | null {
  switch (active) {
    case 'active':
    case 'reloading':
    case 'refreshing':
      return sub === undefined || WORKING.test(sub) ? true : null
    case 'inactive':
    case 'failed':
      return false
    default:
      return null
  }
}

/** Whether a unit is started by itself, in the word for its file; null for one that is only started by others. */
function enabledOf(state: string): boolean | null {
  if (/^enabled(?:-runtime)?$/.test(state)) return true
  return /^(?:disabled|not-found|masked(?:-runtime)?)$/.test(state) ? false : null
}

const ACTIVE_STATE = /^(?:active|reloading|refreshing|inactive|failed|activating|deactivating|maintenance|unknown)$/

const FILE_STATE =
  /^(?:(?:enabled|linked|masked)(?:-runtime)?|alias|static|indirect|disabled|generated|transient|bad|not-found)$/

/** What `systemctl is-active` says of each unit, true for "runs". It calls one that does not exist `inactive`, too. */
export function readIsActive(stdout: string, units: number): Fact<readonly (boolean | null)[]> {
  return flagsOf(stdout, units, ACTIVE_STATE, (word) => runningOf(word))
}

/** What `systemctl is-enabled` says of each unit, true for "is started by itself". */
export function readIsEnabled(stdout: string, units: number): Fact<readonly (boolean | null)[]> {
  return flagsOf(stdout, units, FILE_STATE, enabledOf)
}

/** Older versions than 253 write this to stderr, where newer ones say `not-found`. */
const NO_FILE = /^Failed to get unit file state for \S+: No such file or directory$/

/** Of a service that is still a script, systemctl asks another program, and says so. */
const ASKS_ANOTHER = /^(?:\S+ is not a native service, redirecting to |Executing: |Synchronizing state of )/

/** One word a line, in the order in which the units were asked for; names are not repeated. */
function flagsOf(stdout: string, units: number, known: RegExp, flagOf: (word: string) => boolean | null) {
  const words = stdout
    .split('\n')
    .map((line) => line.trim().replace(NO_FILE, 'not-found'))
    .filter((line) => line !== '' && !ASKS_ANOTHER.test(line))
  const isWhole = units > 0 && words.length === units && words.every((word) => known.test(word))
  return isWhole ? value(words.map(flagOf)) : unreadable('systemctl does not tell of each unit')
}
