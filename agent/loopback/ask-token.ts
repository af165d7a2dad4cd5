import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Tokens that show that a form was filled in on the agent's own page. No other page can read one there. */
export type AskTokens = {
  issue(nonce: string): string
  /** Whether the token is of this agent, for this nonce, and not too old. */
  holds(token: string, nonce: string): boolean
}

/** A person who has not answered by then begins again. */
const TOKEN_MS = 5 * 60_000

/** Opens tokens that live in no list: the key of an agent's run, the nonce and the time are all that one is made of. */
export function openAskTokens(milliseconds: () => number): AskTokens {
  const secret = randomBytes(32)
  const tokenAt = (time: string, nonce: string) =>
    `${time}.${createHmac('sha256', secret).update(`${time}.${nonce}`).digest('base64url')}`
  return {
    issue: (nonce) => tokenAt(String(Math.floor(milliseconds())), nonce),
    holds(token, nonce) {
      const [time = ''] = token.split('.')
      const age = milliseconds() - Number(time)
      const [given, right] = [Buffer.from(token), Buffer.from(tokenAt(time, nonce))]
      return given.length === right.length && timingSafeEqual(given, right) && age >= -1 && age <= TOKEN_MS
    },
  }
}
