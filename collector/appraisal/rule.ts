import type { Static, TObject, TProperties } from 'typebox'
import type { Fact } from '../../shared/fact.ts'
import { parserOf, strict, type Parsed } from '../../shared/schema.ts'
import { factOf, type Facts, type Platform, type SignalId, type SignalValue } from '../../shared/signals.ts'
import type { Catalogue } from './catalogue.ts'
import type { TrustClaim } from './trust-vector.ts'

/** What a rule may look at besides facts. */
export type RuleContext = {
  now: Date
  platform: Platform
  catalogue: Catalogue
  /** Since when the condition that the rule tracks has held without a break; null while it does not. */
  trackedSince: Date | null
}

/** What a rule finds in a fact, before grace, exceptions and freshness have their say. */
export type Judgement = {
  verdict: 'pass' | 'fail' | 'unknown'
  /** What was found, in words. */
  why: string
  /** What to do, in words. */
  fix?: string
  /** AR4SI code of the fact; null where the fact decides nothing because it could not be seen. */
  code: number | null
  /** The moment at which this judgement changes by time alone. */
  until?: Date
}

/** The other facts that a rule named, whatever kind each is of. */
type OtherFacts<Also extends SignalId> = { facts: { readonly [S in Also]: Fact<SignalValue[S]> } }

/** How a rule is written: typed by the fact it judges, by the others that it looks at, and by its own parameters. */
type RuleText<Id extends SignalId, Also extends SignalId, P extends TProperties> = {
  signal: Id
  /** Other facts that it looks at. A check is as fresh as the oldest fact that its rule names. */
  also?: readonly Also[]
  /** The claim of the AR4SI vector that the fact bears on. */
  claim: TrustClaim
  /** Schema of the check's own parameters, besides `grace` and `mode`. */
  parameters: P
  /** What is asked of a device, in words. */
  ask(parameters: Static<TObject<P>>): string
  /** A condition whose beginning the collector remembers for the rule; null where the fact does not tell. */
  tracks?(value: SignalValue[Id]): boolean | null
  judge(value: SignalValue[Id], parameters: Static<TObject<P>>, context: RuleContext & OtherFacts<Also>): Judgement
  /** What to do when the fact could not be read, or is not there at all. */
  fixUnread: string
  /** What other facts decide where its own could not be read, and is `unknown` where they do not. */
  judgeUnread?(unread: Judgement, parameters: Static<TObject<P>>, context: RuleContext & OtherFacts<Also>): Judgement
}

/** A rule with its parameters filled in: a check as the policy asks it. */
export type Asked = {
  ask: string
  judge(facts: Facts, context: RuleContext): Judgement
  tracks(facts: Facts): boolean | null
}

/** One check of the policy: pure, total, and the same to the appraisal whatever it judges. */
export type Rule = {
  /** The fact that it judges. */
  signal: SignalId
  /** Every fact that it looks at, the one that it judges first: how fresh the check is hangs on all of them. */
  signals: readonly SignalId[]
  claim: TrustClaim
  parameters: TProperties
  prepare(parameters: unknown): Parsed<Asked>
}

/**
 * Makes a rule. Whatever is not a value ends here: a fact that is absent, unsupported or unreadable is `unknown`, and
 * no rule can forget it. One that needs other facts more than its own says so in `judgeUnread`.
 */
export function defineRule<Id extends SignalId, P extends TProperties, Also extends SignalId = never>(
  rule: RuleText<Id, Also, P>,
): Rule {
  const parse = parserOf(strict(rule.parameters))
  const also = rule.also ?? []
  return {
    signal: rule.signal,
    signals: [rule.signal, ...also],
    claim: rule.claim,
    parameters: rule.parameters,
    prepare(given) {
      const parsed = parse(given)
      if (!parsed.ok) return parsed
      const parameters = parsed.value
      const asked: Asked = {
        ask: rule.ask(parameters).slice(0, 400),
        judge(facts, context) {
          const fact = factOf(facts, rule.signal)
          const all = { ...context, facts: others(facts, also) }
          if (fact.kind === 'value') return rule.judge(fact.value, parameters, all)
          const fix = fact.kind === 'unsupported' ? FIX_UNSUPPORTED : rule.fixUnread
          const unread = unknown(`${fact.kind}: ${fact.why}`, fix)
          return rule.judgeUnread?.(unread, parameters, all) ?? unread
        },
        tracks(facts) {
          const fact = factOf(facts, rule.signal)
          return fact.kind === 'value' ? (rule.tracks?.(fact.value) ?? null) : null
        },
      }
      return { ok: true, value: asked }
    },
  }
}

function others<Also extends SignalId>(facts: Facts, also: readonly Also[]): OtherFacts<Also>['facts'] {
  // One entry for each of the signals that the rule named: that is what the type says.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries(also.map((id) => [id, factOf(facts, id)])) as OtherFacts<Also>['facts']
}

/** No user can mend what a kind of machine cannot have; whether it needs it is for the policy to say. */
const FIX_UNSUPPORTED =
  'Ask your admin: this kind of machine cannot have it, so the policy should not ask it of this one.'

export const pass = (why: string, code = 2, until?: Date): Judgement => ({
  verdict: 'pass',
  why,
  code,
  ...(until && { until }),
})
export const fail = (why: string, fix: string, code: number): Judgement => ({ verdict: 'fail', why, fix, code })
export const unknown = (why: string, fix: string, until?: Date): Judgement => ({
  verdict: 'unknown',
  why,
  fix,
  code: null,
  ...(until && { until }),
})
