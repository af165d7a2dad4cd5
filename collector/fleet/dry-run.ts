import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Standing } from '../../shared/standing.ts'
import { compareTiers, deviceTiers, type DeviceTiers, type DryRun, type Stands } from '../appraisal/dry-run.ts'
import type { Policy } from '../appraisal/policy.ts'
import { judge, type Basis, type Judged } from './judge.ts'
import { judgedOf } from './entry.ts'
import type { Roster } from './roster.ts'

/** How many devices are judged before others have their turn. */
const AT_ONCE = 50

/** Judges every device by another policy as if it came into force now, and says what would be otherwise. */
export async function dryRun(
  { entries, basis, current }: Pick<Roster, 'entries' | 'basis' | 'current'>,
  policy: Policy,
  now: Date,
): Promise<DryRun> {
  const base = basis()
  const { inForce } = base
  const other: Basis = { ...base, inForce: { ...inForce, policy, version: inForce.version + 1, since: now } }
  const before: DeviceTiers[] = []
  const after: DeviceTiers[] = []
  let count = 0
  for (const entry of entries.values()) {
    const { device } = entry
    // A policy that came into force meanwhile is not what this one is compared with.
    const isSame = basis() === base
    // Time comes first: what it did to the device is in what the device is judged by.
    const { standing } = isSame ? current(entry) : judge(judgedOf(entry), base, now).view
    const judged = judgedOf(entry)
    before.push(deviceTiers(device, withUnexcused(standing, judged, base, now), inForce.policy))
    const next = judge(judged, other, now).view.standing
    after.push(deviceTiers(device, withUnexcused(next, judged, other, now), policy))
    if (++count % AT_ONCE === 0) await nextTurn()
  }
  return compareTiers(before, after)
}

/** What is excepted is judged a second time, as it were without. */
function withUnexcused(standing: Standing, judged: Judged, by: Basis, now: Date): Stands {
  if (standing.checks.every(({ verdict }) => verdict !== 'excepted')) return standing
  const { checks } = judge(judged, { ...by, exceptions: [] }, now).view.standing
  return { ...standing, unexcused: checks }
}
