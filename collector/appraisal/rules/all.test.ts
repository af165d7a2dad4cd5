import { expect, test } from 'vitest'
import { SIGNAL_IDS } from '../../../shared/signals.ts'
import { CHECK_IDS } from '../../../shared/standing.ts'
import { RULES } from './all.ts'

test('every check has a rule, and every rule a signal', () => {
  expect(Object.keys(RULES)).toEqual(CHECK_IDS)
  for (const id of CHECK_IDS) expect(SIGNAL_IDS).toContain(RULES[id].signal)
})
