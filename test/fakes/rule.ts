import { parseCatalogue } from '../../collector/appraisal/catalogue.ts'
import type { Asked, Judgement, Rule, RuleContext } from '../../collector/appraisal/rule.ts'
import { value } from '../../shared/fact.ts'
import type { Facts, SignalId } from '../../shared/signals.ts'
import { read } from './facts.ts'

export const NOW = new Date('2026-11-24T08:00:00.000Z')

/** A moment so many days after `NOW`; before it where the number is negative. */
export const days = (count: number) => new Date(NOW.getTime() + count * 86_400_000)

export const CATALOGUE = parseCatalogue(`
date: 2026-11-01
lines:
  - { id: debian, version: 11, name: Debian 11, supportedUntil: 2026-08-31 }
  - { id: debian, version: 13, name: Debian 13, supportedUntil: 2030-06-30 }
  - { id: ubuntu, version: 24.10, name: Ubuntu 24.10, supportedUntil: 2025-07-10 }
  - { id: rhel, version: 9, name: Red Hat Enterprise Linux 9, supportedUntil: 2032-05-31 }
  - { id: arch, version: '-', name: Arch Linux, supportedUntil: '-' }
`)

const CONTEXT: RuleContext = { now: NOW, platform: 'linux', catalogue: CATALOGUE, trackedSince: null }

/** A rule with these parameters. */
export function asks(rule: Rule, parameters: object = {}): Asked {
  const asked = rule.prepare(parameters)
  if (!asked.ok) throw new Error(asked.problem)
  return asked.value
}

/** Facts that hold this one value, and those of other signals. */
export function factsWith(rule: Rule, it: unknown, others: Partial<Record<SignalId, unknown>> = {}): Facts {
  const values = { [rule.signal]: it, ...others }
  return Object.fromEntries(Object.entries(values).map(([id, of]) => [id, read(value(of), NOW)]))
}

/** What a rule says of a value, with the values of other signals beside it. */
export function judge(
  rule: Rule,
  it: unknown,
  parameters: object = {},
  { others, ...context }: Partial<RuleContext> & { others?: Partial<Record<SignalId, unknown>> } = {},
): Judgement {
  return asks(rule, parameters).judge(factsWith(rule, it, others), { ...CONTEXT, ...context })
}
