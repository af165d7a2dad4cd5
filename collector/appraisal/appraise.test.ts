import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { unreadable } from '../../shared/fact.ts'
import { parserOf } from '../../shared/schema.ts'
import { SIGNAL_IDS, type Facts, type SignalId } from '../../shared/signals.ts'
import { CHECK_IDS, CheckResult, statusOf, type CheckId } from '../../shared/standing.ts'
import { at, laptop, result, time } from '../../test/fakes/appraised.ts'
import { chance } from '../../test/fakes/chance.ts'
import { factsOf, healthyFacts, healthyValues, read, unreadableFacts } from '../../test/fakes/facts.ts'
import { DEFAULT, randomPast, type Past } from '../../test/fakes/random-past.ts'
import { appraise, type Appraisal, type AppraisalInput, type Identity } from './appraise.ts'
import { catchUp } from './catch-up.ts'
import { verdictsAt } from './history.ts'
import type { Tier } from './policy.ts'
import { RULES } from './rules/all.ts'

describe('the default policy', () => {
  test('admits a healthy laptop to everything, until its report runs out', () => {
    const appraisal = laptop(DEFAULT).reports(0, healthyFacts)
    expect(appraisal.checks.map(({ id, verdict }) => [id, verdict])).toEqual(CHECK_IDS.map((id) => [id, 'pass']))
    expect(appraisal.tiers).toEqual(['public', 'internal', 'confidential', 'restricted'])
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 2, executables: 2, 'storage-opaque': 2 })
    expect(appraisal.earStatus).toBe('affirming')
    expect(appraisal.nextChange).toEqual(at(15))
  })

  test('admits a laptop whose every fact is unreadable to no tier but public', () => {
    const appraisal = laptop(DEFAULT).reports(0, unreadableFacts)
    for (const { verdict } of appraisal.checks) expect(verdict).toBe('unknown')
    expect(appraisal.tiers).toEqual(['public'])
    expect(appraisal.vector).toEqual({ 'instance-identity': 2, configuration: 36 })
    expect(appraisal.earStatus).toBe('warning')
  })

  test('admits a laptop that sent no fact at all to no tier but public', () => {
    expect(laptop(DEFAULT).reports(0, () => ({})).tiers).toEqual(['public'])
  })

  test.each(SIGNAL_IDS.filter((id) => id !== 'device'))(
    'closes a tier when %s turns unreadable, whatever was before',
    (id) => {
      const it = laptop(DEFAULT)
      it.reports(0, healthyFacts)
      const appraisal = it.reports(5, (now) => ({ ...healthyFacts(now), [id]: read(unreadable('denied'), now) }))
      expect(appraisal.tiers).not.toContain('restricted')
      expect(appraisal.earStatus).toBe('warning')
    },
  )

  test('closes at once when endpoint protection stops, and leaves what does not need it', () => {
    const it = laptop(DEFAULT)
    it.reports(0, healthyFacts)
    const values = { ...healthyValues(at(5)), 'endpoint-protection': { products: [] } }
    const appraisal = it.reports(5, (now) => factsOf(values, now))
    expect(result(appraisal, 'endpoint-protection')).toMatchObject({ verdict: 'fail', since: time(5) })
    expect(appraisal.tiers).toEqual(['public', 'internal'])
    expect(appraisal.vector.executables).toBe(96)
  })

  test('asks of a Linux laptop what its override says', () => {
    const values = healthyValues(at(0))
    const products = values['endpoint-protection'].products.map((it) => ({ ...it, product: 'wazuh' }))
    const onLinux = { ...values, 'endpoint-protection': { products } }
    expect(laptop(DEFAULT).reports(0, (now) => factsOf(onLinux, now)).tiers).toContain('confidential')
    const onMac = laptop(DEFAULT, { platform: 'macos' }).reports(0, (now) => factsOf(onLinux, now))
    expect(result(onMac, 'endpoint-protection')?.verdict).toBe('fail')
  })
})

describe('an identity in doubt', () => {
  test.each([
    { identity: 'conflict', code: 96 },
    { identity: 'unverified', code: 99 },
  ] satisfies { identity: Identity; code: number }[])(
    '$identity admits to nothing, not even public',
    ({ identity, code }) => {
      const appraisal = laptop(DEFAULT, { identity }).reports(0, healthyFacts)
      expect(appraisal.tiers).toEqual([])
      expect(appraisal.vector['instance-identity']).toBe(code)
      expect(appraisal.earStatus).toBe('contraindicated')
      for (const { verdict } of appraisal.checks) expect(verdict).toBe('pass')
    },
  )
})

/** Everything of an answer that a gateway or a person may rely on; the words of `why` tell ages, which always change. */
const answerOf = ({ checks, tiers, vector, earStatus }: Appraisal) => ({
  checks: checks.map(({ why: _why, ...check }) => check),
  tiers,
  vector,
  earStatus,
})

/**
 * What a fact has to say at the very least for its check to count as good, written down a second time and as plainly as
 * can be.
 */
const GOOD: { [Id in CheckId]: (facts: Facts) => boolean } = {
  'os-supported': ({ os }) => os?.kind === 'value',
  'os-patch': ({ os, 'os-updates': updates }) => updates?.kind === 'value' || os?.kind === 'value',
  'disk-encryption': ({ 'disk-encryption': disks }) =>
    disks?.kind === 'value' &&
    disks.value.volumes.some(({ role }) => role === 'system') &&
    disks.value.volumes.every(({ role, state }) => role !== 'system' || state === 'on' || state === 'suspended'),
  'endpoint-protection': ({ 'endpoint-protection': edr }) =>
    edr?.kind === 'value' &&
    edr.value.products.some(({ state, product }) => state === 'healthy' && product !== 'clamav'),
  firewall: ({ firewall }) =>
    firewall?.kind === 'value' && firewall.value.enabled && firewall.value.profiles?.['public'] !== false,
  'screen-lock': ({ 'screen-lock': lock }) =>
    lock?.kind === 'value' && lock.value.enabled && lock.value.afterSeconds !== null && lock.value.afterSeconds <= 900,
  'secure-boot': ({ 'secure-boot': boot }) => boot?.kind === 'value' && boot.value.enabled,
}

/** Whether a check holds its tier open, by what its result tells the world and by what its past allows. */
function holdsOpen(tier: Tier, id: CheckId, { input, appraisal }: Past): boolean {
  const check = result(appraisal, id)
  const memory = appraisal.memory[id]
  if (!check || !memory) return false
  if (check.mode === 'report' || check.verdict === 'pass') return true
  const deadline = check.deadline === undefined ? 0 : Date.parse(check.deadline)
  if (deadline <= input.now.getTime() || !input.evidence) return false
  if (check.verdict === 'excepted') {
    const granted = input.exceptions.find((it) => it.id === check.exception?.id && it.expiresAt.getTime() === deadline)
    return granted?.check === id && granted.endedAt === null && granted.createdAt <= input.now
  }
  const isForgiven = check.verdict === 'grace' || (check.verdict === 'unknown' && tier.unknown === 'grace')
  const isEntitled = memory.passed || memory.askedSince !== null || input.policy.enrolmentGraceMs > 0
  return isForgiven && isEntitled && (memory.lapsedAt === null || deadline > memory.lapsedAt.getTime())
}

/** Whether the answer is the same at another moment, by time alone. */
function isSameAt({ input, appraisal }: Past, ms: number): boolean {
  const then = appraise({ ...input, memory: appraisal.memory, now: new Date(ms) })
  return isDeepStrictEqual(answerOf(then), answerOf(appraisal))
}

/** The same device, of which one signal could not be read when it was. */
function without(evidence: NonNullable<AppraisalInput['evidence']>, id: SignalId): AppraisalInput['evidence'] {
  const fact = evidence.facts[id]
  if (!fact) return evidence
  return { ...evidence, facts: { ...evidence.facts, [id]: read(unreadable('denied'), new Date(fact.observedAt)) } }
}

describe('for any facts, any past and any moment', () => {
  const pasts = Array.from({ length: 4000 }, (_, seed) => randomPast(chance(seed)))
  const parseCheck = parserOf(CheckResult)

  /** The pasts of which it is not true, by their seeds. */
  const exceptionsTo = (isTrueOf: (past: Past, seed: number) => boolean) =>
    pasts.flatMap((past, seed) => (isTrueOf(past, seed) ? [] : [seed]))

  test('every verdict comes about', () => {
    const verdicts = new Set(pasts.flatMap(({ appraisal }) => appraisal.checks.map(({ verdict }) => verdict)))
    expect([...verdicts].toSorted()).toEqual(['excepted', 'fail', 'grace', 'pass', 'stale', 'unknown'])
  })

  test('a pass rests on a fact that says so', () => {
    const exceptions = exceptionsTo(({ input: { evidence }, appraisal }) =>
      appraisal.checks.every(({ id, verdict }) => verdict !== 'pass' || (evidence && GOOD[id](evidence.facts))),
    )
    expect(exceptions).toEqual([])
  })

  test('a tier is open only where each of its checks passes, is forgiven or excused for a while, or is not counted', () => {
    const exceptions = exceptionsTo((past) =>
      past.input.policy.tiers
        .filter(({ name }) => past.appraisal.tiers.includes(name))
        .every(
          (tier) => past.input.device.identity === 'recognised' && tier.checks.every((id) => holdsOpen(tier, id, past)),
        ),
    )
    expect(exceptions).toEqual([])
  })

  test('a tier of the default policy that is open stands on open tiers', () => {
    const names = DEFAULT.tiers.map(({ name }) => name)
    const exceptions = exceptionsTo(
      ({ input, appraisal: { tiers } }) =>
        input.policy !== DEFAULT || tiers.join() === names.slice(0, tiers.length).join(),
    )
    expect(exceptions).toEqual([])
  })

  test('ear_status is never better than any claim of the vector', () => {
    const rank = { affirming: 0, none: 1, warning: 2, contraindicated: 3 }
    const exceptions = exceptionsTo(({ appraisal: { vector, earStatus } }) =>
      Object.values(vector).every((code) => rank[earStatus] >= rank[statusOf(code)]),
    )
    expect(exceptions).toEqual([])
  })

  test('what could not be seen is never affirmed, and never 0, 1 or silence', () => {
    const exceptions = exceptionsTo(({ appraisal: { checks, vector, earStatus } }) =>
      checks
        .filter(({ verdict }) => verdict === 'unknown' || verdict === 'stale')
        .every(({ id }) => {
          const code = vector[RULES[id].claim]
          const affirmed = code !== undefined && statusOf(code) === 'affirming'
          return !affirmed && (vector.configuration ?? 0) >= 36 && earStatus !== 'affirming' && earStatus !== 'none'
        }),
    )
    expect(exceptions).toEqual([])
  })

  test('to see less never opens a tier', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) =>
      SIGNAL_IDS.every((id) => {
        const blinded = appraise({ ...input, evidence: input.evidence && without(input.evidence, id) })
        return blinded.tiers.every((name) => appraisal.tiers.includes(name))
      }),
    )
    expect(exceptions).toEqual([])
  })

  test('to excuse less never opens a tier', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) =>
      input.exceptions.every((one) => {
        const others = input.exceptions.filter((it) => it !== one)
        return appraise({ ...input, exceptions: others }).tiers.every((name) => appraisal.tiers.includes(name))
      }),
    )
    expect(exceptions).toEqual([])
  })

  test('every result has the shape that travels, and no time that has not come or is over', () => {
    const exceptions = exceptionsTo(({ input: { now }, appraisal }) =>
      appraisal.checks.every(
        (check) =>
          parseCheck(check).ok &&
          Date.parse(check.since) <= now.getTime() &&
          (check.deadline === undefined || Date.parse(check.deadline) > now.getTime()),
      ),
    )
    expect(exceptions).toEqual([])
  })

  test('the same question has the same answer, and asking twice changes nothing', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) => {
      const again = appraise({ ...input, memory: appraisal.memory })
      return isDeepStrictEqual(appraise(input), appraisal) && isDeepStrictEqual(again, appraisal)
    })
    expect(exceptions).toEqual([])
  })

  test('the order of exceptions means nothing', () => {
    const exceptions = exceptionsTo(({ input, appraisal }) =>
      isDeepStrictEqual(appraise({ ...input, exceptions: input.exceptions.toReversed() }), appraisal),
    )
    expect(exceptions).toEqual([])
  })

  test('the history replays to the present', () => {
    const exceptions = exceptionsTo(({ input: { now }, appraisal: { memory }, history }) => {
      const replayed = verdictsAt(history, now)
      return CHECK_IDS.every((id) => {
        const last = history.findLast(({ check }) => check === id)
        // What the policy stopped asking is not remembered, so that a clock that is set back does not tell it anew.
        const isForgotten = last?.to === null && last.at > now
        return isForgotten || replayed.get(id)?.to === memory[id]?.verdict
      })
    })
    expect(exceptions).toEqual([])
  })

  describe('the moment at which time changes the answer', () => {
    test('lies ahead, and nothing changes before it', () => {
      const exceptions = exceptionsTo((past, seed) => {
        const luck = chance(seed)
        const now = past.input.now.getTime()
        const end = past.appraisal.nextChange?.getTime() ?? now + 1e12
        const between = [1, 2, 3].map(() => now + luck.below(end - now))
        return end > now && [...between, end - 1].every((ms) => isSameAt(past, ms))
      })
      expect(exceptions).toEqual([])
    })

    test('changes it, but for a few that are the price of simple rules', () => {
      const moments = pasts.filter(({ appraisal }) => appraisal.nextChange !== null)
      const idle = moments.filter((past) => isSameAt(past, past.appraisal.nextChange?.getTime() ?? 0))
      expect(idle.length / moments.length).toBeLessThan(0.05)
    })

    test('comes to the same whoever looked in between', () => {
      const exceptions = exceptionsTo(({ input, appraisal }, seed) => {
        const luck = chance(seed)
        const end = new Date(input.now.getTime() + luck.of([1e6, 1e7, 1e8]))
        const late = catchUp({ ...input, memory: appraisal.memory, now: end }, appraisal)
        let looked = appraisal
        let now = input.now.getTime()
        for (let looks = 4; looks > 0; looks--) {
          now += luck.below((end.getTime() - now) / looks)
          looked = catchUp({ ...input, memory: looked.memory, now: new Date(now) }, looked).appraisal
        }
        const last = catchUp({ ...input, memory: looked.memory, now: end }, looked)
        return isDeepStrictEqual(last.appraisal, late.appraisal)
      })
      expect(exceptions).toEqual([])
    })
  })
})
