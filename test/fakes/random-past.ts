import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { appraise, type Appraisal, type AppraisalInput } from '../../collector/appraisal/appraise.ts'
import { catchUp } from '../../collector/appraisal/catch-up.ts'
import { parseCatalogue } from '../../collector/appraisal/catalogue.ts'
import type { Exception } from '../../collector/appraisal/exception.ts'
import { transitionsBetween } from '../../collector/appraisal/history.ts'
import { parsePolicy } from '../../collector/appraisal/policy.ts'
import type { Transition } from '../../collector/appraisal/transition.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import { exception, policyOf } from './appraised.ts'
import type { Chance } from './chance.ts'
import { healthyFacts } from './facts.ts'
import { randomFacts } from './random-facts.ts'
import { NOW } from './rule.ts'

const COLLECTOR = join(import.meta.dirname, '../../collector')
export const DEFAULT = parsePolicy(readFileSync(join(COLLECTOR, 'policy.yaml'), 'utf8'))
const CATALOGUE = parseCatalogue(readFileSync(join(COLLECTOR, 'releases.yaml'), 'utf8'))

const POLICIES = [
  DEFAULT,
  policyOf('unknown: grace\nenrolment-grace: 3m', '[firewall, disk-encryption, os-patch, os-supported]'),
  policyOf(
    `
groups: { pilot: { tags: [lab] } }
overrides:
  - { when: { group: pilot }, checks: { firewall: { mode: report } } }
  - { when: { platform: linux }, checks: { os-patch: { within: 7m, lists: 7d, grace: 2m }, disk-encryption: { volumes: all, suspended: 4m, grace: 5m } } }`,
    '{ checks: [firewall, os-patch, disk-encryption], unknown: grace }, secret: [endpoint-protection, screen-lock]',
  ),
] as const

/** A device at a random moment of a random life: the last thing that was asked, the answer, and all that led to it. */
export type Past = { input: AppraisalInput; appraisal: Appraisal; history: Transition[] }

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export function randomPast(luck: Chance): Past {
  const history: Transition[] = []
  let input: AppraisalInput = {
    evidence: null,
    device: {
      id: 'dev_1',
      platform: luck.of(['linux', 'linux', 'linux', 'macos', 'windows']),
      tags: luck.oneIn(2) ? ['lab'] : [],
      owner: null,
      identity: luck.oneIn(20) ? luck.of(['conflict', 'unverified']) : 'recognised',
    },
    policy: luck.of(POLICIES),
    policySince: new Date(NOW.getTime() - HOUR),
    catalogue: CATALOGUE,
    exceptions: [],
    memory: {},
    now: NOW,
  }
  let appraisal = appraise(input)
  tell({}, appraisal, NOW)

  function tell(memory: AppraisalInput['memory'], next: Appraisal, at: Date): void {
    const about = { deviceId: 'dev_1', at, evidence: null, policyVersion: 1 }
    history.push(...transitionsBetween(memory, next.memory, about))
  }
  function look(now: Date, change: Partial<AppraisalInput> = {}): void {
    const isSetBack = now < input.now
    const { memory } = appraisal
    // What time did comes before what happens now; a clock that was set back has nothing to make up for.
    const passed = catchUp({ ...input, memory, now }, isSetBack ? null : appraisal)
    let before = memory
    for (const step of [...passed.steps, { at: now, appraisal: passed.appraisal }]) {
      tell(before, step.appraisal, step.at)
      before = step.appraisal.memory
    }
    input = { ...input, ...change, memory: before, now }
    appraisal = appraise(input)
    tell(before, appraisal, now)
  }

  for (let steps = 1 + luck.below(8); steps > 0; steps--) {
    const passes = luck.of([1, MINUTE, 4 * MINUTE, 15 * MINUTE - 1, 15 * MINUTE, 2 * HOUR, 24 * HOUR, -MINUTE, -HOUR])
    const now = new Date(input.now.getTime() + passes)
    look(now, randomEvent(luck)(luck, input, now))
  }
  return { input, appraisal, history }
}

type Event = (luck: Chance, input: AppraisalInput, now: Date) => Partial<AppraisalInput>

const reports: Event = (luck, _input, now) => {
  const facts = luck.oneIn(4) ? healthyFacts(now) : randomFacts(luck, now)
  return { evidence: { facts, receivedAt: now, confirmedAt: now } }
}
const confirms: Event = (_luck, { evidence }, now) => ({ evidence: evidence && { ...evidence, confirmedAt: now } })
const waits: Event = () => ({})
const policyChanges: Event = (luck, _input, now) => ({
  policy: luck.of(POLICIES),
  policySince: new Date(now.getTime() - luck.of([0, 0, MINUTE])),
})
const exceptionsChange: Event = (luck, _input, now) => ({
  exceptions: Array.from({ length: luck.below(6) }, () => randomException(luck, now)),
})
const reportIsLost: Event = (luck) => (luck.oneIn(4) ? { evidence: null } : {})

/** What happens to a device; mostly it reports. */
function randomEvent(luck: Chance): Event {
  return luck.of([
    reports,
    reports,
    reports,
    reports,
    confirms,
    waits,
    waits,
    policyChanges,
    exceptionsChange,
    reportIsLost,
  ])
}

function randomException(luck: Chance, now: Date): Exception {
  const minute = (now.getTime() - NOW.getTime()) / MINUTE
  const from = minute + luck.of([-90, -1, 0, 0, 3])
  return exception(from, minute + luck.of([0, 1, 5, 60, 3000]), {
    id: `exc_${luck.below(1000)}`,
    check: luck.of(['firewall', ...CHECK_IDS]),
    target: luck.of([{ device: 'dev_1' }, { device: 'dev_2' }, { tag: 'lab' }, { group: 'pilot' }]),
    endedAt: luck.oneIn(8) ? now : null,
  })
}
