import { expect, test } from 'vitest'
import { openCheckCodes } from './codes.ts'
import { CHECK_LIMITS } from './limits.ts'

function held() {
  let now = new Date('2026-11-25T08:00:00Z')
  const codes = openCheckCodes(() => now)
  return { ...codes, later: (seconds: number) => void (now = new Date(now.getTime() + seconds * 1000)) }
}
const of = (deviceId: string) => ({
  deviceId,
  hostname: 'wiki.example.com',
  state: 's',
  returnTo: 'https://wiki.example.com/',
})

test('a code is good once', () => {
  const { issue, redeem } = held()
  const code = issue(of('dev_a'))
  expect(code).toMatch(/^[A-Za-z0-9_-]{43}$/)
  const spent = { ...of('dev_a'), isSpent: true }
  expect([redeem(code), redeem(code), redeem(code)]).toEqual([{ ...spent, isSpent: false }, spent, spent])
  expect([redeem(''), redeem('x')]).toEqual([null, null])
})

test('a code ends after a minute', () => {
  const { issue, redeem, later } = held()
  const [first, second] = [issue(of('dev_a')), issue(of('dev_a'))]
  later(CHECK_LIMITS.codeSeconds - 1)
  expect(redeem(first)).toMatchObject({ ...of('dev_a'), isSpent: false })
  later(1)
  expect([redeem(first), redeem(second)]).toEqual([null, null])
})

test('a device has only so many, the newest, and takes none of another', () => {
  const { issue, redeem } = held()
  const other = issue(of('dev_b'))
  const codes = Array.from({ length: CHECK_LIMITS.codesPerDevice + 3 }, () => issue(of('dev_a')))
  expect(codes.map((code) => redeem(code) !== null)).toEqual([
    false,
    false,
    false,
    ...Array.from({ length: CHECK_LIMITS.codesPerDevice }, () => true),
  ])
  expect(redeem(other)).toMatchObject(of('dev_b'))
})

test('codes that are spent make room for others first', () => {
  const { issue, redeem } = held()
  const codes = Array.from({ length: CHECK_LIMITS.codesPerDevice }, () => issue(of('dev_a')))
  for (const code of codes.slice(2)) redeem(code)
  for (const _ of codes.slice(2)) issue(of('dev_a'))
  expect(codes.map((code) => redeem(code)?.isSpent)).toEqual([false, false, ...codes.slice(2).map(() => undefined)])
})

test('a device whose codes have ended begins anew', () => {
  const { issue, redeem, later } = held()
  for (let n = 0; n < CHECK_LIMITS.codesPerDevice; n++) issue(of('dev_a'))
  later(CHECK_LIMITS.codeSeconds)
  const codes = Array.from({ length: CHECK_LIMITS.codesPerDevice }, () => issue(of('dev_a')))
  expect(codes.filter((code) => redeem(code) === null)).toEqual([])
})
