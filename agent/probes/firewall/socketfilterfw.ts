import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Plist } from '../plist.ts'

/** What the firewall of macOS says of itself. What was not told is not there. */
export type ApplicationFirewall = { enabled?: boolean; blockAll?: boolean; stealth?: boolean }

/** `globalstate` of the firewall, in its settings as in its answers: 2 is on, and lets nothing in that is not essential. */
function stateOf(state: unknown): ApplicationFirewall | null {
  if (state === 0) return { enabled: false }
  return state === 1 || state === 2 ? { enabled: true, blockAll: state === 2 } : null
}

/** What the settings of the firewall hold (`com.apple.alf.plist`). */
export function settingsOf({ globalstate: state, stealthenabled: stealth }: Plist): ApplicationFirewall {
  const isStealth = stealth === 1 || stealth === true
  return { ...stateOf(state), ...((isStealth || stealth === 0 || stealth === false) && { stealth: isStealth }) }
}

/** Sentences by version; each has to be the whole of its line. The state has its number, which the words must not deny. */
const SENTENCES: readonly [RegExp, ApplicationFirewall][] = [
  [/^Firewall is disabled\. \(State = 0\)$/, { enabled: false }],
  [/^Firewall is enabled\. \(State = 1\)$/, { enabled: true }],
  [/^Firewall is (?:blocking all|set to block all|enabled)\b[^()]*\(State = 2\)$/, { enabled: true, blockAll: true }],
  [/^Block all ENABLED!?$/, { blockAll: true }],
  [/^Block all DISABLED!?$/, { blockAll: false }],
  [
    /^Firewall (?:is blocking|is set to block|has been set to block) all non-essential incoming connections\.?$/,
    { blockAll: true },
  ],
  [/^Firewall has block all state set to enabled\.?$/, { blockAll: true }],
  [/^Firewall has block all state set to disabled\.?$/, { blockAll: false }],
  [/^(?:Stealth mode enabled|Firewall stealth mode is on)\.?$/, { stealth: true }],
  [/^(?:Stealth mode disabled|Firewall stealth mode is off)\.?$/, { stealth: false }],
]

/**
 * Reads what `socketfilterfw` answers to `--getglobalstate`, `--getblockall` and `--getstealthmode`, in one or in several
 * starts. A line that is damaged tells nothing; two that contradict each other make all of it worthless.
 */
export function readSocketfilterfw(stdout: string): Fact<ApplicationFirewall> {
  const told: ApplicationFirewall = {}
  for (const line of stdout.split(/\r?\n/).map((it) => it.trim())) {
    const [, found] = SENTENCES.find(([sentence]) => sentence.test(line)) ?? []
    if (!found) {
      if (/^Firewall is\b.*\bState\b/.test(line)) return unreadable('socketfilterfw tells a state that makes no sense')
      continue
    }
    if (found.enabled !== undefined && told.enabled !== undefined && found.enabled !== told.enabled) {
      return unreadable('socketfilterfw tells two states')
    }
    if (told.blockAll !== undefined && found.blockAll !== undefined && told.blockAll !== found.blockAll) {
      return unreadable('socketfilterfw contradicts itself')
    }
    Object.assign(told, found)
  }
  return Object.keys(told).length > 0 ? value(told) : unreadable('socketfilterfw tells nothing of the firewall')
}
