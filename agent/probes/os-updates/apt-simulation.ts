/** What `apt-get -s dist-upgrade` would upgrade, by name; what it would newly install is an update of nothing. */
export type Simulation = {
  upgrades: ReadonlySet<string>
  security: ReadonlySet<string>
  /** How many it leaves as they are although newer ones are there; null where it was told to be quiet. */
  keptBack: number | null
  /** Nothing to upgrade and nothing kept back. */
  isNonePending: boolean
}

/**
 * Reads the simulation; null where it did not come to an end, or lists fewer upgrades than it counts. It
 * undercounts: a fix that a newer version without the label replaces is not told, so none here does not mean that none
 * is missing.
 */
export function readSimulation(stdout: string): Simulation | null {
  const upgrades = new Set<string>()
  const security = new Set<string>()
  for (const line of stdout.split('\n')) {
    const [, name, origins = ''] = /^Inst (\S+) \[\S+\] \(\S+ (?:(.*) )?\[[\w-]+\]\)/.exec(line) ?? []
    if (name === undefined) continue
    upgrades.add(name)
    if (origins.split(', ').some((origin) => ORIGIN.test(origin))) security.add(name)
  }
  const end = endOf(stdout)
  if (!end && (upgrades.size === 0 || isCutShort(stdout))) return null
  // A run without `-s`, or the beginning of a longer answer.
  if (end && end.upgraded > upgrades.size) return null
  const keptBack = end?.keptBack ?? null
  return { upgrades, security, keptBack, isNonePending: upgrades.size === 0 && keptBack === 0 }
}

/** The sentence with four numbers, in any language: how many are upgraded, new, removed and left as they are. */
function endOf(stdout: string): { upgraded: number; keptBack: number } | null {
  for (const line of stdout.replaceAll(/ \d+ (?:reinstalled|downgraded),/g, '').split('\n')) {
    if (line.includes('/') || /^(?:Inst|Conf|Remv|E:|W:) /.test(line)) continue
    const [upgraded, , , keptBack, ...more] = line.match(/\d+/g) ?? []
    const counts = line.match(COUNT) ?? []
    if (upgraded === undefined || keptBack === undefined || more.length > 0 || counts.length !== 4) continue
    return { upgraded: Number(upgraded), keptBack: Number(keptBack) }
  }
  return null
}

/** A number that is none of the digits in the name of a package. */
const COUNT = /(?<![\w.+~-])\d+(?![\w+~-]|\.\w)/g

/** With its heading but without the sentence that counts, it breaks off; told to be quiet, it prints neither. */
const isCutShort = (stdout: string): boolean => /^\S.*(?:\.\.\.|…)/m.test(stdout) && !/^(?:Inst|Conf) /.test(stdout)

/** `Label:Version/Suite` as apt prints it. */
const ORIGIN = /^(?:(?:Debian|Devuan)-Security:|Ubuntu:\S*-security$|UbuntuESM(?:Apps)?:\S*-security$)/
