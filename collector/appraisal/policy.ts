import { MusterError } from '../../shared/errors.ts'
import { CHECK_IDS, type CheckId } from '../../shared/standing.ts'
import { milliseconds } from './duration.ts'
import type { PolicyDocument } from './policy-document.ts'
import { membershipOf } from './policy-groups.ts'
import { problemLines, readPolicy, type PolicyProblem } from './policy-problems.ts'
import { addressPattern, type AddressPattern } from './policy-resources.ts'
import type { DeviceProfile } from './profile.ts'
import type { Asked } from './rule.ts'
import { RULES } from './rules/all.ts'

/** A check as the policy asks it of one device. */
export type CheckAsked = Asked & { graceMs: number; mode: 'enforce' | 'report' }

export type Tier = {
  name: string
  /** Every check that it needs: its own and those of the tiers before it. */
  checks: readonly CheckId[]
  unknown: 'fail' | 'grace'
}

/** The policy in force, ready to be asked. */
export type Policy = {
  freshnessMs: number
  enrolmentGraceMs: number
  /** From the least to the most sensitive. */
  tiers: readonly Tier[]
  defaultTier: string
  /** The resource map: the first entry that matches counts. */
  resources: readonly { match: string; pattern: AddressPattern; tier: string }[]
  /** The names of all groups. */
  groups: readonly string[]
  /** The groups of the policy that the device is a member of, in the order of the document. */
  groupsOf(device: DeviceProfile): readonly string[]
  /** The checks that some tier needs, with the parameters for this device. */
  checksFor(device: DeviceProfile): ReadonlyMap<CheckId, CheckAsked>
}

/**
 * Reads a policy document.
 * @throws MusterError `policy-invalid`, with everything that is wrong, one problem a line
 */
export function parsePolicy(yaml: string): Policy {
  const read = readPolicy(yaml)
  if (!read.ok) throw new MusterError('policy-invalid', problemLines(read.problems))
  return policyOf(read.value.document)
}

/** Everything that is wrong with a policy document, in its order; nothing where it is right. Never throws. */
export function policyProblems(yaml: string): PolicyProblem[] {
  const read = readPolicy(yaml)
  return read.ok ? [] : read.problems
}

/** The policy of a document that is right. */
export function policyOf(document: PolicyDocument): Policy {
  const tiers = tiersOf(document)
  const needed = new Set(tiers.flatMap(({ checks }) => checks))
  const asked = CHECK_IDS.filter((check) => needed.has(check))
  const groups = Object.entries(document.groups ?? {}).map(([name, group]) => ({ name, has: membershipOf(group) }))
  const groupsOf = (device: DeviceProfile) => groups.filter(({ has }) => has(device)).map(({ name }) => name)
  const overrides = (document.overrides ?? []).map((override, index) => ({ ...override, index }))
  const prepared = new Map<string, ReadonlyMap<CheckId, CheckAsked>>()

  return {
    freshnessMs: milliseconds(document.freshness),
    enrolmentGraceMs: milliseconds(document['enrolment-grace'] ?? '0d'),
    tiers,
    defaultTier: document['default-tier'],
    resources: (document.resources ?? []).map(({ match, tier }) => ({ match, pattern: addressPattern(match), tier })),
    groups: groups.map(({ name }) => name),
    groupsOf,
    checksFor(device) {
      const memberOf = groupsOf(device)
      const own = overrides.filter(({ when }) => concerns(when, device, memberOf))
      // Devices that the same overrides apply to share their prepared checks.
      const key = own.map(({ index }) => index).join()
      const known = prepared.get(key)
      if (known) return known
      const layers = [document.checks ?? {}, ...own.map(({ checks }) => checks)]
      const checks = new Map(asked.map((id) => [id, prepare(id, Object.assign({}, ...layers.map((it) => it[id])))]))
      prepared.set(key, checks)
      return checks
    },
  }
}

type When = NonNullable<PolicyDocument['overrides']>[number]['when']

/** Everything that an override names has to be so. */
function concerns({ platform, tag, group }: When, device: DeviceProfile, memberOf: readonly string[]): boolean {
  return (
    (platform === undefined || platform === device.platform) &&
    (tag === undefined || device.tags.includes(tag)) &&
    (group === undefined || memberOf.includes(group))
  )
}

type CheckParameters = Record<string, unknown> & { grace?: string; mode?: CheckAsked['mode'] }

function prepare(id: CheckId, { grace = '0m', mode = 'enforce', ...own }: CheckParameters): CheckAsked {
  const asked = RULES[id].prepare(own)
  if (!asked.ok) throw new MusterError('policy-invalid', `checks.${id}: ${asked.problem}`)
  return { ...asked.value, graceMs: milliseconds(grace), mode }
}

function tiersOf(document: PolicyDocument): Tier[] {
  const needed = new Set<CheckId>()
  return Object.entries(document.tiers).map(([name, given]) => {
    const { checks, unknown }: { checks: CheckId[]; unknown?: Tier['unknown'] } = Array.isArray(given)
      ? { checks: given }
      : given
    for (const check of checks) needed.add(check)
    return { name, checks: [...needed], unknown: unknown ?? document.unknown ?? 'fail' }
  })
}
