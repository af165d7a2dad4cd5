/** What `apt-get -s dist-upgrade` would upgrade, by name; what it would newly install is an update of nothing. */
export type Simulation = {
  upgrades: Set<string>
  security: Set<string>
  /** Nothing to upgrade and nothing kept back. */
  isNonePending: boolean
}

/**
 * Reads the simulation, as printed with LC_ALL=C; null where it did not come to an end. It undercounts: a fix that a
 * newer version without the label replaces is not told, so none here does not mean that none is missing.
 */
export function readSimulation(stdout: string): Simulation | null {
  const upgrades = new Set<string>()
  const security = new Set<string>()
  for (const line of stdout.split('\n')) {
    const inst = /^Inst (\S+) \[\S+\] \(\S+ (.*) \[[\w-]+\]\)/.exec(line)
    if (inst?.[1] === undefined || inst[2] === undefined) continue
    upgrades.add(inst[1])
    if (inst[2].split(', ').some((origin) => ORIGIN.test(origin))) security.add(inst[1])
  }
  const end = /^(\d+) upgraded, \d+ newly installed, \d+ to remove and (\d+) not upgraded\.\s*$/m.exec(stdout)
  if (!end && upgrades.size === 0) return null
  return { upgrades, security, isNonePending: upgrades.size === 0 && end?.[1] === '0' && end[2] === '0' }
}

/** `Label:Version/Suite` as apt prints it. */
const ORIGIN = /^(?:(?:Debian|Devuan)-Security:|Ubuntu:\S*-security$|UbuntuESM(?:Apps)?:\S*-security$)/
