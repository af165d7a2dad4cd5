import { unreadable, value, type Fact } from '../../../../shared/fact.ts'
import type { Told } from '../told.ts'
import { momentOf } from '../versions-and-times.ts'

/**
 * `Name PID User Status Command`, where names may have blanks, or `Name Status` on Windows. Columns are parted by two
 * blanks or a tab; what has stopped has `N/A` in the others.
 */
const ROW = /^\s*(\S(?:.*?\S)?)\s+(?:(?:\d{1,10}|N\/A|-)\s+\S+\s+)?(failed to start|[a-z]+)\s*(?:$|\t|\s{2})/i

const STATES: ReadonlyMap<string, boolean> = new Map([
  ['running', true],
  ['loaded', true],
  ...['stopped', 'unloaded', 'disabled', 'failed', 'failed to start', 'crashed'].map((word) => [word, false] as const),
])

/** The daemon that starts all others. */
const MAIN = ['pmd', 'cyserver'] as const

/** What has to run, by system, for it to protect: Linux, macOS, Windows. */
const PROTECTING: readonly (readonly string[])[] = [
  ['pmd', 'dypd', 'clad'],
  ['pmd', 'authorized'],
  ['cyserver', 'cyvrmtgn', 'cyvrfsfd'],
]

/** Those beside them that protect where they are; others (live terminal, scripts) may rest. */
const BESIDE = ['spmd', 'kproc-ctrl', 'cyverak'] as const

/** Reads `cytool runtime query` of Cortex XDR (before: Traps): which of its daemons and drivers run. */
export function readCytoolRuntime(stdout: string): Fact<Told> {
  const states = statesOf(stdout)
  // Without the password of its console it prints no more than its banner.
  if (states.size === 0) return bannerOf(stdout) ?? unreadable('cytool listed no component')
  const main = MAIN.flatMap((name) => states.get(name) ?? [])
  const running = main.length === 1 ? main[0] : undefined
  const stopped = [...new Set([...PROTECTING.flat(), ...BESIDE])].filter((name) => states.get(name) === false)
  if (running === false) return value({ installed: true, running, healthy: false, issues: stopped.map(doesNotRun) })
  const isWhole = running === true && PROTECTING.some((names) => names.every((name) => states.get(name) === true))
  return value({
    installed: true,
    ...(running !== undefined && { running }),
    ...(stopped.length > 0
      ? { protecting: false, healthy: false, issues: stopped.map(doesNotRun) }
      : isWhole && { protecting: true }),
  })
}

const doesNotRun = (name: string) => `its component ${name} does not run`

/** By name in small letters. A component that is listed twice in different states is none that is known. */
function statesOf(stdout: string): ReadonlyMap<string, boolean> {
  const states = new Map<string, boolean | null>()
  for (const line of stdout.split(/\r?\n/)) {
    const [, name = '', word = ''] = ROW.exec(line) ?? []
    const state = STATES.get(word.toLowerCase())
    if (state === undefined) continue
    const before = states.get(name.toLowerCase())
    states.set(name.toLowerCase(), before === undefined || before === state ? state : null)
  }
  return new Map([...states].flatMap(([name, it]) => (it === null ? [] : [[name, it] as const])))
}

/**
 * Reads `cytool info`, of which only the banner has the version of the agent, and `cytool info query`: that of the
 * content, which has no date.
 */
export function readCytoolInfo(stdout: string): Fact<Told> {
  const banner = bannerOf(stdout)
  if (banner) return banner
  const isContent = /^[ \t]*Content (?:Type|Build|Version):/m.test(stdout)
  return isContent ? value({ installed: true }) : unreadable('cytool gave no answer that is known')
}

function bannerOf(stdout: string): Fact<Told> | null {
  const [, version] = /^(?:Cortex XDR|Traps)\b.{0,12}? supervisor tool (\d+(?:\.\d+){1,4})\s*$/m.exec(stdout) ?? []
  return version === undefined ? null : value({ installed: true, version })
}

/** Reads `cytool last_checkin`: when it last spoke to its console, where that is told with its zone. */
export function readCytoolCheckIn(stdout: string): Fact<Told> {
  for (const line of stdout.split(/\r?\n/)) {
    const [moment = ''] = /\d{4}-\d\d-\d\d[T ].*$/.exec(line) ?? []
    const lastContactAt = momentOf(moment)
    if (lastContactAt !== undefined) return value({ installed: true, onboarded: true, lastContactAt })
  }
  const isAnswer = /^[ \t]*Last\b.{0,20}\bcheck-?in\b[^:\n]{0,20}: *\S/im.test(stdout)
  return isAnswer
    ? value({ installed: true })
    : (bannerOf(stdout) ?? unreadable('cytool told no time of the last check-in, or none with its zone'))
}
