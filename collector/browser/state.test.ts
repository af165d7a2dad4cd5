import { expect, test } from 'vitest'
import { newState, STATE, stateOf } from './state.ts'

const valueOf = (setCookie: string) => /^[^=]+=([^;]*)/.exec(setCookie)?.[1] ?? ''

test('a state is the digest of a cookie of its own', () => {
  const { state, setCookie } = newState(undefined)
  expect(state).toMatch(STATE)
  expect(setCookie).not.toContain(state)
  expect(stateOf(`a=b; __Host-muster-state=${valueOf(setCookie)}`)).toBe(state)
  expect(newState(undefined).state).not.toBe(state)
})

test('a browser that has one keeps it, for its other tabs', () => {
  const first = newState(undefined)
  expect(newState(`__Host-muster-state=${valueOf(first.setCookie)}`)).toEqual(first)
})

test.each([
  undefined,
  '',
  '__Host-muster-state=',
  '__Host-muster-state=short',
  'muster-state=x',
  `__Host-muster-state=${'x'.repeat(44)}`,
])('a cookie that is none counts for nothing: %j', (header) => {
  expect(stateOf(header)).toBeNull()
  expect(newState(header).state).toMatch(STATE)
})
