import { describe, expect, test } from 'vitest'
import { absent, unreadable, unsupported } from '../../shared/fact.ts'
import { CHECK_IDS } from '../../shared/standing.ts'
import { read } from '../../test/fakes/facts.ts'
import { CATALOGUE, NOW, asks } from '../../test/fakes/rule.ts'
import { fail, pass, unknown } from './rule.ts'
import { RULES } from './rules/all.ts'

const context = { now: NOW, platform: 'linux', catalogue: CATALOGUE, trackedSince: null } as const

describe.each(CHECK_IDS)('the rule %s', (id) => {
  const rule = RULES[id]

  test.each([absent('it is not there'), unsupported('it cannot be there'), unreadable('it could not be read')])(
    'knows nothing where its fact is $kind, and says why and what to do',
    (fact) => {
      const facts = Object.fromEntries([[rule.signal, read(fact, NOW)]])
      const judgement = asks(rule).judge(facts, context)
      expect(judgement).toEqual({
        verdict: 'unknown',
        code: null,
        why: `${fact.kind}: ${fact.why}`,
        fix: expect.stringMatching(/\.$/),
      })
      expect(asks(rule).tracks(facts)).toBeNull()
    },
  )

  test('knows nothing where its fact was not sent', () => {
    expect(asks(rule).judge({}, context)).toMatchObject({ verdict: 'unknown', code: null })
    expect(asks(rule).tracks({})).toBeNull()
  })

  test('asks in one sentence that fits a message', () => {
    expect(asks(rule).ask).toMatch(/^[A-Z].{10,398}\.$/)
  })

  test('refuses a parameter that it does not have', () => {
    expect(rule.prepare({ always: 'pass' })).toEqual({ ok: false, problem: 'always is not a key that is known here' })
  })
})

test.each([
  { id: 'os-patch' as const, signals: ['os-updates', 'os'] },
  { id: 'firewall' as const, signals: ['firewall'] },
])('the rule $id names all that it looks at, what it judges first', ({ id, signals }) => {
  expect(RULES[id].signals).toEqual(signals)
  expect(RULES[id].signal).toBe(signals[0])
})

test('what a kind of machine cannot have is for the admin to mend, and nobody else', () => {
  const facts = { firewall: read<{ enabled: boolean }>(unsupported('a server has none'), NOW) }
  expect(asks(RULES.firewall).judge(facts, context).fix).toMatch(/^Ask your admin: /)
})

test('what is asked fits a message, however many products the policy names', () => {
  const anyOf = Array.from({ length: 32 }, (_, at) => `product-${at}`.padEnd(40, 'x'))
  expect(asks(RULES['endpoint-protection'], { anyOf }).ask.length).toBeLessThanOrEqual(400)
})

test('a rule that tracks nothing tells nothing', () => {
  const facts = { firewall: read({ kind: 'value', value: { enabled: true } }, NOW) } as const
  expect(asks(RULES.firewall).tracks(facts)).toBeNull()
})

describe('a judgement', () => {
  test('of pass is affirming unless it says otherwise', () => {
    expect(pass('it is on')).toEqual({ verdict: 'pass', why: 'it is on', code: 2 })
    expect(pass('it is on', 32, NOW)).toEqual({ verdict: 'pass', why: 'it is on', code: 32, until: NOW })
  })

  test('of fail has a fix and a code', () => {
    expect(fail('it is off', 'Turn it on.', 96)).toEqual({
      verdict: 'fail',
      why: 'it is off',
      fix: 'Turn it on.',
      code: 96,
    })
  })

  test('of unknown decides no claim', () => {
    expect(unknown('who knows', 'Look.')).toEqual({ verdict: 'unknown', why: 'who knows', fix: 'Look.', code: null })
    expect(unknown('who knows', 'Look.', NOW)).toMatchObject({ code: null, until: NOW })
  })
})
