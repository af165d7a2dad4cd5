import { setImmediate as nextTurn } from 'node:timers/promises'
import { compareTiers, deviceTiers, type DeviceTiers, type DryRun } from '../appraisal/dry-run.ts'
import type { Policy } from '../appraisal/policy.ts'
import { judge, type Basis } from './judge.ts'
import { judgedOf, type Roster } from './roster.ts'

/** How many devices are judged before others have their turn. */
const AT_ONCE = 50

/** Judges every device by another policy as if it came into force now, and says what would be otherwise. */
export async function dryRun(
  { entries, basis, current }: Pick<Roster, 'entries' | 'basis' | 'current'>,
  policy: Policy,
  now: Date,
): Promise<DryRun> {
  const { inForce } = basis()
  const other: Basis = { ...basis(), inForce: { ...inForce, policy, version: inForce.version + 1, since: now } }
  const before: DeviceTiers[] = []
  const after: DeviceTiers[] = []
  let count = 0
  for (const entry of entries.values()) {
    const { device } = entry
    before.push(deviceTiers(device, current(entry).standing, inForce.policy))
    after.push(deviceTiers(device, judge(judgedOf(entry), other, now, { fresh: true }).standing, policy))
    if (++count % AT_ONCE === 0) await nextTurn()
  }
  return compareTiers(before, after)
}
