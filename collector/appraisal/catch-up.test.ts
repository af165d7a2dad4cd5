import { describe, expect, test } from 'vitest'
import { at, exception, off, on, policyOf } from '../../test/fakes/appraised.ts'
import { CATALOGUE } from '../../test/fakes/rule.ts'
import { appraise, type AppraisalInput } from './appraise.ts'
import { catchUp } from './catch-up.ts'

const DEVICE: AppraisalInput['device'] = {
  id: 'dev_1',
  platform: 'linux',
  tags: [],
  owner: null,
  identity: 'recognised',
}
const INPUT: AppraisalInput = {
  evidence: { facts: on(at(0)), receivedAt: at(0), confirmedAt: at(0) },
  device: DEVICE,
  policy: policyOf(),
  policySince: at(-99),
  catalogue: CATALOGUE,
  exceptions: [],
  memory: {},
  now: at(0),
}
/** A laptop whose firewall is off since minute 0, excused from minute 3 to 7, with grace until minute 10. */
const FAILING: AppraisalInput = {
  ...INPUT,
  evidence: { facts: off(at(0)), receivedAt: at(0), confirmedAt: at(0) },
  policy: policyOf('enrolment-grace: 10m'),
  exceptions: [exception(3, 7)],
}

const verdicts = ({ steps, appraisal }: ReturnType<typeof catchUp>) =>
  [...steps.map((step) => step.appraisal), appraisal].map(({ checks }) => checks[0]?.verdict)

describe('a collector that was away', () => {
  test('meets each moment that passed, once and at its own time', () => {
    const left = appraise(FAILING)
    const caught = catchUp({ ...FAILING, memory: left.memory, now: at(500) }, left)
    expect(caught.steps.map((step) => step.at)).toEqual([at(3), at(7), at(10), at(15)])
    expect(verdicts(caught)).toEqual(['excepted', 'grace', 'fail', 'stale', 'stale'])
    expect(caught.appraisal.checks[0]?.since).toBe(at(15).toISOString())
    const again = catchUp({ ...FAILING, memory: caught.appraisal.memory, now: at(900) }, caught.appraisal)
    expect(again.steps).toEqual([])
  })

  test('comes to the same whether it looks late or at every minute', () => {
    const left = appraise(FAILING)
    const late = catchUp({ ...FAILING, memory: left.memory, now: at(500) }, left)
    let { memory, nextChange } = left
    for (let minute = 1; minute <= 500; minute++) {
      const { appraisal } = catchUp({ ...FAILING, memory, now: at(minute) }, { nextChange })
      ;({ memory, nextChange } = appraisal)
    }
    expect(memory).toEqual(late.appraisal.memory)
  })

  test('has nothing to make up for before the moment has come, or where it comes just now', () => {
    const left = appraise(INPUT)
    for (const minute of [14, 15]) {
      expect(catchUp({ ...INPUT, memory: left.memory, now: at(minute) }, left).steps).toEqual([])
    }
  })

  test('has nothing to make up for where there is no moment', () => {
    expect(catchUp({ ...INPUT, now: at(500) }, { nextChange: null }).steps).toEqual([])
  })

  test('looks only at the present where it is told to', () => {
    const caught = catchUp({ ...INPUT, now: at(500) }, null)
    expect(caught.steps).toEqual([])
    expect(caught.appraisal).toEqual(appraise({ ...INPUT, now: at(500) }))
  })

  test('does not judge the time before a report by that report', () => {
    const evidence = { facts: on(at(20)), receivedAt: at(20), confirmedAt: at(20) }
    const caught = catchUp({ ...INPUT, evidence, now: at(40) }, { nextChange: at(15) })
    expect(caught.steps.map(({ at: moment }) => moment)).toEqual([at(18), at(35)])
    expect(verdicts(caught)).toEqual(['pass', 'stale', 'stale'])
  })

  test('has no moments before a report that lies ahead of the clock', () => {
    const evidence = { facts: on(at(60)), receivedAt: at(60), confirmedAt: at(60) }
    const caught = catchUp({ ...INPUT, evidence, now: at(57) }, { nextChange: at(15) })
    expect(caught.steps).toEqual([])
    expect(verdicts(caught)).toEqual(['stale'])
  })

  test('ends, however many moments there are', () => {
    const exceptions = Array.from({ length: 500 }, (_, index) => exception(index / 100, 10 + index))
    const left = appraise({ ...FAILING, exceptions })
    const caught = catchUp({ ...FAILING, exceptions, memory: left.memory, now: at(500) }, left)
    expect(caught.steps).toHaveLength(64)
    expect(verdicts(caught).at(-1)).toBe('stale')
  })
})
