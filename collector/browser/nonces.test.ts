import { expect, test } from 'vitest'
import { CHECK_LIMITS } from './limits.ts'
import { openCheckNonces } from './nonces.ts'

const AT_MOST = 400
const START = new Date('2026-11-25T08:00:00Z')

function held() {
  let now = START
  const nonces = openCheckNonces(() => now, AT_MOST)
  return { ...nonces, at: (seconds: number) => void (now = new Date(START.getTime() + seconds * 1000)) }
}

test('a nonce is of one browser, and good once', () => {
  const { issue, isGood, spend } = held()
  const nonce = issue('anna')
  expect(nonce).toMatch(/^[A-Za-z0-9_-]{43}$/)
  expect([isGood(nonce, 'anna'), isGood(nonce, 'bert'), isGood(nonce, '')]).toEqual([true, false, false])
  expect([spend(nonce, 'dev_a'), isGood(nonce, 'anna')]).toEqual([true, false])
  expect(issue('anna')).not.toBe(issue('anna'))
})

test('a nonce ends after a minute, also where it was spent before', () => {
  const { issue, isGood, spend, at } = held()
  const nonce = issue('anna')
  const spent = issue('anna')
  spend(spent, 'dev_a')
  at(CHECK_LIMITS.nonceSeconds - 1)
  expect([isGood(nonce, 'anna'), isGood(spent, 'anna')]).toEqual([true, false])
  at(CHECK_LIMITS.nonceSeconds)
  expect([isGood(nonce, 'anna'), isGood(spent, 'anna')]).toEqual([false, false])
})

test('no character of a nonce can be another', () => {
  const { issue, isGood } = held()
  const nonce = issue('anna')
  const changed = Array.from(nonce).flatMap((character, index) =>
    ['A', 'B', '_', '0', '=', '', '.', 'ä']
      .filter((it) => it !== character)
      .map((it) => `${nonce.slice(0, index)}${it}${nonce.slice(index + 1)}`),
  )
  expect(changed.filter((it) => isGood(it, 'anna'))).toEqual([])
  expect(['', 'x', `${nonce}A`, `${nonce}=`, ` ${nonce}`, nonce.repeat(2)].filter((it) => isGood(it, 'anna'))).toEqual(
    [],
  )
})

test('the nonces of another run count for nothing', () => {
  expect(held().isGood(held().issue('anna'), 'anna')).toBe(false)
})

test('spent nonces are bounded, and beyond that nobody gets in until they end', () => {
  const { issue, isGood, spend, at } = held()
  const nonces = Array.from({ length: AT_MOST }, () => issue('anna'))
  expect(nonces.filter((nonce, index) => !spend(nonce, `dev_${index}`))).toEqual([])
  const late = issue('anna')
  expect([spend(late, 'dev_late'), nonces.some((nonce) => isGood(nonce, 'anna'))]).toEqual([false, false])
  at(CHECK_LIMITS.nonceSeconds)
  expect(spend(issue('anna'), 'dev_late')).toBe(true)
})

test('one device spends only so many, and keeps none of the others out', () => {
  const { issue, spend, at } = held()
  const spends = (deviceId: string, times: number) =>
    Array.from({ length: times }, () => spend(issue('anna'), deviceId)).filter(Boolean).length
  expect([spends('dev_a', CHECK_LIMITS.spentPerDevice + 5), spends('dev_b', 3)]).toEqual([
    CHECK_LIMITS.spentPerDevice,
    3,
  ])
  at(CHECK_LIMITS.nonceSeconds)
  expect(spends('dev_a', CHECK_LIMITS.spentPerDevice + 5)).toBe(CHECK_LIMITS.spentPerDevice)
})
