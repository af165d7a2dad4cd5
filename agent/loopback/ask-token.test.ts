import { expect, test } from 'vitest'
import { openAskTokens } from './ask-token.ts'

const NONCE = 'nonce-nonce-nonce'
let now = 1000
const tokens = openAskTokens(() => now)
const token = tokens.issue(NONCE)

const CASES = [
  { name: 'as it was issued', token, at: 1000, holds: true },
  { name: 'to the end of its five minutes', token, at: 301_000, holds: true },
  { name: 'too old', token, at: 301_001, holds: false },
  { name: 'of the future', token, at: 0, holds: false },
  { name: 'with another time', token: token.replace(/^\d+/, '2000'), at: 2000, holds: false },
  { name: 'with no time', token: token.replace(/^\d+/, ''), at: 1000, holds: false },
  { name: 'with a time that is no number', token: token.replace(/^\d+/, 'x'), at: 1000, holds: false },
  { name: 'of another agent', token: openAskTokens(() => 1000).issue(NONCE), at: 1000, holds: false },
  { name: 'for another nonce', token: tokens.issue('another-nonce-of-it'), at: 1000, holds: false },
  { name: 'cut short', token: token.slice(0, -1), at: 1000, holds: false },
  { name: 'with more after it', token: `${token}.`, at: 1000, holds: false },
  { name: 'in letters of two bytes', token: 'ä'.repeat(token.length), at: 1000, holds: false },
  { name: 'empty', token: '', at: 1000, holds: false },
]
for (const { name, token: given, at, holds } of CASES) {
  test(`a token ${name} ${holds ? 'holds' : 'does not hold'}`, () => {
    now = at
    expect(tokens.holds(given, NONCE)).toBe(holds)
  })
}
