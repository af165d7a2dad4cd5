import { SIGNALS } from '../../shared/signals.ts'
import type { CheckId } from '../../shared/standing.ts'
import { keysOf } from '../../shared/schema.ts'
import { inWords, milliseconds } from './duration.ts'
import { offsetAt, type Path } from './located.ts'
import type { PolicyDocument } from './policy-document.ts'
import { defaultOf, meaningOf } from './policy-meaning.ts'
import { problemsOf, readPolicy, type PolicyProblem } from './policy-problems.ts'
import { addressPattern, isForeignHost } from './policy-resources.ts'
import { shortened } from './policy-shape.ts'
import { RULES } from './rules/all.ts'

type Warning = { path: Path; problem: string }

/**
 * What is right in a policy and has no effect, so that something else may have been meant. Nothing for a policy that is
 * wrong, whose problems come first. Never throws.
 */
export function policyWarnings(yaml: string): PolicyProblem[] {
  const read = readPolicy(yaml)
  if (!read.ok) return []
  const { document, root, placeOf } = read.value
  const warnings = [
    ...ofFreshness(document),
    ...ofTiers(document),
    ...ofChecks(document),
    ...ofGroups(document),
    ...ofResources(document),
    ...ofOverrides(document),
  ]
  return problemsOf(
    warnings.map((it) => ({ ...it, offset: offsetAt(root, it.path) })),
    placeOf,
  )
}

function ofFreshness({ freshness }: PolicyDocument): Warning[] {
  const oldest = Math.max(...Object.values(RULES).map(({ signal }) => SIGNALS[signal].maxAgeSeconds * 1000))
  if (milliseconds(freshness) <= oldest) return []
  return [
    { path: ['freshness'], problem: `has no effect beyond ${inWords(oldest)}, the most that a signal is leant on` },
  ]
}

function ofTiers({ tiers }: PolicyDocument): Warning[] {
  return Object.entries(tiers).flatMap(([name, tier]) => {
    const path = Array.isArray(tier) ? ['tiers', name] : ['tiers', name, 'checks']
    const checks = checksOf(tier)
    const repeated = [...checks.keys()].filter((index) => checks.indexOf(checks[index]) < index)
    return repeated.map((index) => ({ path: [...path, index], problem: 'stands in this list twice' }))
  })
}

type GivenTier = PolicyDocument['tiers'][string]
const checksOf = (tier: GivenTier): readonly (CheckId | undefined)[] => (Array.isArray(tier) ? tier : tier.checks)

/** The checks that no tier asks, at a place that has parameters for some. */
function unasked({ tiers }: PolicyDocument, given: Checks, path: Path): Warning[] {
  const asked = new Set(Object.values(tiers).flatMap(checksOf))
  return keysOf(given)
    .filter((id) => !asked.has(id))
    .map((id) => ({ path: [...path, id], problem: 'is asked by no tier, so nobody is judged by it' }))
}

type Checks = NonNullable<PolicyDocument['checks']>

function ofChecks(document: PolicyDocument): Warning[] {
  return unasked(document, document.checks ?? {}, ['checks'])
}

function ofGroups({ groups = {} }: PolicyDocument): Warning[] {
  const empty = Object.entries(groups).filter(([, group]) => Object.values(group).flat().length === 0)
  return empty.map(([name]) => ({ path: ['groups', name], problem: 'has no members: name tags, owners or devices' }))
}

const FOREIGN = 'stands for no address that a browser asks for: it writes such a host as xn--...'

function ofResources({ resources = [] }: PolicyDocument): Warning[] {
  const read = resources.map(({ match }) => ({ match, pattern: addressPattern(match) }))
  return read.flatMap(({ match, pattern }, index) => {
    const earlier = read.slice(0, index).findIndex((other) => other.pattern.covers(pattern))
    const by = read[earlier]
    const path = ['resources', index, 'match']
    if (by) return [{ path, problem: `is never reached: resources.${earlier} (${shortened(by.match)}) covers it` }]
    return isForeignHost(match) ? [{ path, problem: FOREIGN }] : []
  })
}

function ofOverrides(document: PolicyDocument): Warning[] {
  const { overrides = [] } = document
  /** What earlier overrides say: one that says it again as the checks have it takes them back. */
  const said = new Set<string>()
  return overrides.flatMap(({ when, checks }, index) => {
    const path = ['overrides', index]
    const parameters = Object.entries(checks).flatMap(([id, of]) =>
      Object.entries(of).map(([parameter, value]) => ({ steps: [id, parameter], value })),
    )
    const idle = parameters.filter((it) => !said.has(it.steps.join()) && isBase(document, it.steps, it.value))
    for (const { steps } of parameters) said.add(steps.join())
    return [
      ...(Object.keys(when).length === 0
        ? [{ path: [...path, 'when'], problem: 'names nothing, so every device is meant: write it under checks' }]
        : []),
      ...(parameters.length === 0 ? [{ path: [...path, 'checks'], problem: 'changes nothing' }] : []),
      ...unasked(document, checks, [...path, 'checks']),
      ...idle.map((it) => ({
        path: [...path, 'checks', ...it.steps],
        problem: 'is what counts without this override',
      })),
    ]
  })
}

/** Whether a parameter of a check is what the policy says of it for every device. */
function isBase({ checks = {} }: PolicyDocument, steps: readonly string[], value: unknown): boolean {
  const path = ['checks', ...steps]
  const base = steps.reduce<unknown>((of, step) => new Map(Object.entries(of ?? {})).get(step), checks)
  return meaningOf(base ?? defaultOf(path), path) === meaningOf(value, path)
}
