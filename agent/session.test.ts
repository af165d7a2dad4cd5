import { describe, expect, test } from 'vitest'
import { ERRORS } from '../shared/errors.ts'
import { goodbye, type CollectorMessage, type Settings } from '../shared/messages.ts'
import { keysOf } from '../shared/schema.ts'
import type { Facts } from '../shared/signals.ts'
import type { Standing } from '../shared/standing.ts'
import {
  NEW_SESSION,
  deadlineOf,
  sameFacts,
  stepSession,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
} from './session.ts'

const T0 = Date.parse('2026-05-04T10:00:00Z')
const at = (seconds: number) => new Date(T0 + seconds * 1000)

const settings: Settings = { reportSeconds: 900, unchangedSeconds: 300, watchSeconds: 5, signals: ['firewall', 'os'] }
const standing: Standing = {
  deviceId: 'dev_x',
  status: 'active',
  tiers: [],
  checks: [],
  earStatus: 'none',
  evidenceAt: null,
  evaluatedAt: '2026-05-04T10:00:00Z',
  nextChange: null,
  policyVersion: 1,
}

function firewall(enabled: boolean, observedAt = '2026-05-04T10:00:00Z', source = 'nft'): Facts {
  return { firewall: { kind: 'value', value: { enabled }, source, observedAt } }
}

const challenge: CollectorMessage = { type: 'challenge', nonce: 'nonce-0-challenge', time: '2026-05-04T10:00:02Z' }
const welcome: CollectorMessage = { type: 'welcome', settings, asks: [], lastSequence: 0, eat_nonce: 'nonce-1-welcome' }
const appraised = (nonce: string): CollectorMessage => ({
  type: 'appraised',
  attestation: 'signed',
  standing,
  eat_nonce: nonce,
})
const recheck = (nonce: string): CollectorMessage => ({ type: 'recheck', reason: 'an admin asked', eat_nonce: nonce })
const says = (message: CollectorMessage): SessionEvent => ({ type: 'message', message })
const reads = (facts: Facts, asked = false, complete = true): SessionEvent => ({
  type: 'facts',
  facts,
  complete,
  asked,
})
const signed = (digest: string): SessionEvent => ({ type: 'signed', digest })

/** Plays events, each at its second; returns the state at the end and the effects of each event. */
function play(events: [SessionEvent, number?][], from: SessionState = NEW_SESSION) {
  let state = from
  let effects: SessionEffect[] = []
  for (const [event, seconds = 0] of events) [state, effects] = stepSession(state, event, at(seconds))
  return { state, effects }
}

const START: [SessionEvent, number?][] = [[{ type: 'opened' }], [says(challenge)], [says(welcome)]]
const REPORTED: [SessionEvent, number?][] = [...START, [reads(firewall(true), true)], [signed('digest-1')]]
const SETTLED: [SessionEvent, number?][] = [...REPORTED, [says(appraised('nonce-2'))]]

describe('the conversation', () => {
  test('answers the challenge', () => {
    expect(play(START.slice(0, 2)).effects).toEqual([
      { type: 'authenticate', nonce: 'nonce-0-challenge', collectorTime: '2026-05-04T10:00:02Z' },
    ])
  })

  test('begins with a new reading, reported in full', () => {
    expect(play(START).effects).toEqual([{ type: 'welcomed', settings, asks: [] }, { type: 'read' }])
    expect(play([...START, [reads(firewall(true), true)]]).effects).toEqual([
      { type: 'report', report: { kind: 'evidence', nonce: 'nonce-1-welcome', facts: firewall(true) } },
    ])
  })

  test('what was read before the welcome is not what is reported', () => {
    expect(play([...START, [reads(firewall(true))]]).effects).toEqual([])
    expect(play([...START, [reads(firewall(true), false, false)]]).effects).toEqual([])
  })

  test('the standing is told', () => {
    expect(play(SETTLED).effects).toEqual([{ type: 'appraised', standing, attestation: 'signed' }])
  })

  test('facts that are the same are reported as unchanged, by the digest of what was acknowledged', () => {
    const later = firewall(true, '2026-05-04T10:05:00Z', 'nft again')
    expect(play([...SETTLED, [reads(later), 300]]).effects).toEqual([
      { type: 'report', report: { kind: 'unchanged', nonce: 'nonce-2', evidence: 'digest-1' } },
    ])
  })

  test('facts that changed are reported in full', () => {
    const { effects } = play([...SETTLED, [reads(firewall(false), false, false), 12]])
    expect(effects).toEqual([
      { type: 'report', report: { kind: 'evidence', nonce: 'nonce-2', facts: firewall(false) } },
    ])
  })

  test('a look at some of the facts that finds no change says nothing', () => {
    expect(play([...SETTLED, [reads(firewall(true), false, false), 12]]).effects).toEqual([])
  })

  const due = [
    { seconds: 300, kind: 'unchanged' },
    { seconds: 740, kind: 'unchanged' },
    { seconds: 760, kind: 'evidence' },
    { seconds: 899, kind: 'evidence' },
    { seconds: 5000, kind: 'evidence' },
  ]
  for (const { seconds, kind } of due) {
    test(`the same facts ${seconds} s after the last full evidence go out as ${kind}`, () => {
      const { effects } = play([...SETTLED, [reads(firewall(true)), seconds]])
      expect(effects).toMatchObject([{ type: 'report', report: { kind } }])
    })
  }

  test('"unchanged" does not put the next full evidence off', () => {
    const unchanged: [SessionEvent, number?][] = [
      [reads(firewall(true)), 300],
      [signed('digest-of-unchanged'), 300],
      [says(appraised('nonce-3')), 300],
    ]
    expect(play([...SETTLED, ...unchanged, [reads(firewall(true)), 600]]).effects).toMatchObject([
      { report: { kind: 'unchanged', evidence: 'digest-1', nonce: 'nonce-3' } },
    ])
    expect(play([...SETTLED, ...unchanged, [reads(firewall(true)), 800]]).effects).toMatchObject([
      { report: { kind: 'evidence' } },
    ])
  })
})

describe('one report in flight', () => {
  test('a change meanwhile is sent next, and of two only the newer', () => {
    const meanwhile = play([...REPORTED, [reads(firewall(false), false, false)], [reads({}, false, false)]])
    expect(meanwhile.effects).toEqual([])
    expect(play([[says(appraised('nonce-2'))]], meanwhile.state).effects).toEqual([
      { type: 'appraised', standing, attestation: 'signed' },
      { type: 'report', report: { kind: 'evidence', nonce: 'nonce-2', facts: {} } },
    ])
  })

  test('a change that went away again meanwhile is not sent', () => {
    const events: [SessionEvent, number?][] = [
      [reads(firewall(false), false, false)],
      [reads(firewall(true), false, false)],
      [says(appraised('nonce-2'))],
    ]
    expect(play([...REPORTED, ...events]).effects).toEqual([{ type: 'appraised', standing, attestation: 'signed' }])
  })

  test('a check that was asked for meanwhile is reported in full though nothing changed', () => {
    const events: [SessionEvent, number?][] = [
      [reads(firewall(true), true)],
      [reads(firewall(true), false, false)],
      [says(appraised('nonce-2'))],
    ]
    expect(play([...REPORTED, ...events]).effects).toMatchObject([
      {},
      { report: { kind: 'evidence', nonce: 'nonce-2' } },
    ])
  })

  test('no answer ends the conversation at its deadline, and not before', () => {
    const { state } = play(REPORTED)
    expect(deadlineOf(state)).toEqual(at(30))
    expect(stepSession(state, { type: 'tick' }, at(29))).toEqual([state, []])
    const [next, effects] = stepSession(state, { type: 'tick' }, at(30))
    expect(next).toEqual({ at: 'closed' })
    expect(effects).toMatchObject([{ type: 'end', ended: { by: 'agent', code: 'collector-unreachable' } }])
  })

  test('an answer that comes before the report has left ends nothing and acknowledges nothing', () => {
    const { state } = play([...START, [reads(firewall(true), true)], [says(appraised('nonce-2'))]])
    expect(state).toMatchObject({ at: 'ready', acknowledged: null })
  })
})

describe('recheck', () => {
  test('reads everything, and reports it in full with the new nonce', () => {
    const asked = play([...SETTLED, [says(recheck('nonce-r'))]])
    expect(asked.effects).toEqual([{ type: 'read' }])
    expect(play([[reads(firewall(true), true)]], asked.state).effects).toMatchObject([
      { report: { kind: 'evidence', nonce: 'nonce-r' } },
    ])
  })

  test('one that crosses a report is read for after the answer, so that two never chase each other', () => {
    const crossed = play([...REPORTED, [says(recheck('nonce-r'))]])
    expect(crossed.effects).toEqual([])
    const answered = play([[says(appraised('nonce-2'))]], crossed.state)
    expect(answered.effects).toEqual([{ type: 'appraised', standing, attestation: 'signed' }, { type: 'read' }])
    // The collector repeats the recheck; its nonce is the newest when the reading is done.
    const repeated = play([[says(recheck('nonce-s'))], [reads(firewall(true), true)]], answered.state)
    expect(repeated.effects).toMatchObject([{ report: { kind: 'evidence', nonce: 'nonce-s' } }])
  })

  test('a change that waits goes out first, and the recheck is not forgotten', () => {
    const crossed = play([
      ...REPORTED,
      [says(recheck('nonce-r'))],
      [reads(firewall(false), false, false)],
      [says(appraised('nonce-2'))],
    ])
    expect(crossed.effects).toMatchObject([{}, { report: { kind: 'evidence', nonce: 'nonce-2' } }])
    expect(play([[signed('digest-2')], [says(appraised('nonce-3'))]], crossed.state).effects).toEqual([
      { type: 'appraised', standing, attestation: 'signed' },
      { type: 'read' },
    ])
  })
})

describe('the end', () => {
  const stages = { 'before the challenge': START.slice(0, 1), ready: SETTLED, reporting: REPORTED }
  for (const [stage, events] of Object.entries(stages)) {
    test(`a goodbye ${stage} is taken as it is`, () => {
      const { state, effects } = play([...events, [says(goodbye('superseded', 'another one', 60))]])
      expect(state).toEqual({ at: 'closed' })
      expect(effects).toEqual([
        { type: 'end', ended: { by: 'collector', code: 'superseded', reason: 'another one', retryAfterSeconds: 60 } },
      ])
    })

    test(`stopping ${stage} says goodbye`, () => {
      const { state, effects } = play([...events, [{ type: 'stopping' }]])
      expect(state).toEqual({ at: 'closed' })
      expect(effects).toMatchObject([
        { type: 'send', message: { type: 'goodbye', code: 'agent-stopping' } },
        { type: 'end', ended: { by: 'agent', code: 'agent-stopping' } },
      ])
    })
  }

  const undue: { name: string; events: [SessionEvent, number?][]; message: CollectorMessage }[] = [
    { name: 'a welcome without a challenge', events: START.slice(0, 1), message: welcome },
    { name: 'a challenge before the connection is open', events: [], message: challenge },
    { name: 'a second challenge', events: START, message: challenge },
    { name: 'a second welcome', events: SETTLED, message: welcome },
    { name: 'an answer to nothing', events: SETTLED, message: appraised('nonce-9') },
    { name: 'a recheck before the welcome', events: START.slice(0, 2), message: recheck('nonce-9') },
  ]
  for (const { name, events, message } of undue) {
    test(`${name} ends the conversation`, () => {
      const { state, effects } = play([...events, [says(message)]])
      expect(state).toEqual({ at: 'closed' })
      expect(effects).toMatchObject([{ message: { code: 'message-unexpected' } }, { type: 'end' }])
    })
  }

  test('what makes no sense, and what cannot be done, end it with a goodbye', () => {
    expect(play([...SETTLED, [{ type: 'malformed', problem: 'it is not JSON' }]]).effects).toMatchObject([
      { message: { code: 'message-malformed', reason: 'it is not JSON' } },
      { type: 'end' },
    ])
    expect(play([...REPORTED, [{ type: 'failed', problem: 'the disk is full' }]]).effects).toMatchObject([
      { message: { type: 'goodbye', reason: 'the disk is full' } },
      { type: 'end', ended: { by: 'agent' } },
    ])
  })

  test('nothing happens after it', () => {
    const closed: SessionState = { at: 'closed' }
    for (const event of EVENTS) expect(stepSession(closed, event, at(0))).toEqual([closed, []])
  })

  test('a collector that accepts the connection and says nothing has ten seconds', () => {
    for (const events of [START.slice(0, 1), START.slice(0, 2)]) {
      const { state } = play(events)
      expect(deadlineOf(state)).toEqual(at(10))
      expect(stepSession(state, { type: 'tick' }, at(10))[0]).toEqual({ at: 'closed' })
    }
  })
})

const EVENTS: SessionEvent[] = [
  { type: 'opened' },
  says(challenge),
  says(welcome),
  says(appraised('nonce-a')),
  says(recheck('nonce-r')),
  says(goodbye('superseded', undefined, 60)),
  { type: 'malformed', problem: 'it is not JSON' },
  reads(firewall(true), true),
  reads(firewall(true)),
  reads(firewall(true), false, false),
  reads(firewall(false)),
  reads({}, false, false),
  signed('digest'),
  { type: 'failed', problem: 'no' },
  { type: 'stopping' },
  { type: 'tick' },
]

/** The same numbers each time: a failure can be looked at again. */
function numbers(seed: number) {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state % below
  }
}

describe('any order of events', () => {
  test('never throws, never has two reports in flight, and never says "unchanged" of facts that were not acknowledged', () => {
    for (let seed = 0; seed < 4000; seed += 1) {
      const next = numbers(seed)
      let state = play(seed % 3 === 0 ? [] : seed % 3 === 1 ? START : SETTLED).state
      let now = 0
      for (let step = 0; step < 40; step += 1) {
        const event = EVENTS[next(EVENTS.length)]!
        now += next(400)
        const before = state
        const [after, effects] = stepSession(before, event, at(now))
        state = after
        const reports = effects.filter((effect) => effect.type === 'report')
        expect(reports.length).toBeLessThanOrEqual(1)
        for (const { report } of reports) {
          const answered = event.type === 'message' && event.message.type === 'appraised'
          expect(before.at === 'ready' || answered).toBe(true)
          if (report.kind !== 'unchanged') continue
          const known = after.at === 'reporting' ? after.acknowledged : null
          expect(report.evidence).toBe(known?.digest)
          // What was just read is complete and the same; what waited for the answer was judged before.
          expect(event.type !== 'facts' || (event.complete && sameFacts(event.facts, known!.facts))).toBe(true)
        }
        const closes = effects.some((effect) => effect.type === 'end')
        expect(closes).toBe(before.at !== 'closed' && after.at === 'closed')
      }
    }
  })
})

describe('sameFacts', () => {
  const denied: Facts = { os: { kind: 'unreadable', why: 'denied', source: 's', observedAt: '2026-01-01T00:00:00Z' } }
  const late: Facts = { os: { kind: 'unreadable', why: 'timed out', source: 's', observedAt: '2026-01-01T00:00:00Z' } }
  const gone: Facts = { os: { kind: 'absent', why: 'denied', source: 's', observedAt: '2026-01-01T00:00:00Z' } }
  const cases: [string, Facts, Facts, boolean][] = [
    ['nothing and nothing', {}, {}, true],
    ['the same at another time from another place', firewall(true), firewall(true, '2027-01-01T00:00:00Z', 'x'), true],
    ['another value', firewall(true), firewall(false), false],
    ['one more signal', firewall(true), { ...firewall(true), ...denied }, false],
    ['another reason', denied, late, false],
    ['another kind', denied, gone, false],
  ]
  for (const [name, one, other, same] of cases) {
    test(`${name}: ${same}`, () => {
      expect(sameFacts(one, other)).toBe(same)
      expect(sameFacts(other, one)).toBe(same)
    })
  }
})

test('every code that a collector may say goodbye with is understood', () => {
  for (const code of keysOf(ERRORS)) {
    expect(play([...SETTLED, [says(goodbye(code))]]).effects).toMatchObject([{ type: 'end', ended: { code } }])
  }
})
