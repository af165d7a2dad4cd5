import { randomBytes } from 'node:crypto'
import { digest } from '../../shared/jws.ts'
import { COOKIES, cookieOf, setCookie } from './cookie.ts'
import { CHECK_LIMITS } from './limits.ts'

/** What ties a device check to the browser that was refused: only that browser can redeem the code that it ends with. */
export type CheckState = { state: string; setCookie: string }

const VALUE = /^[A-Za-z0-9_-]{43}$/

/**
 * For the 401 of a protected host: the state that goes along to the device check, and the cookie that it is the digest
 * of. A browser that has one already keeps it, since several of its tabs may be on their way.
 */
export function newState(cookieHeader: string | undefined): CheckState {
  const known = cookieOf(cookieHeader, COOKIES.state)
  const value = known !== null && VALUE.test(known) ? known : randomBytes(32).toString('base64url')
  return { state: digest(value), setCookie: setCookie(COOKIES.state, value, CHECK_LIMITS.stateSeconds) }
}

/** The state of a browser that comes back; null where it brings none. */
export function stateOf(cookieHeader: string | undefined): string | null {
  const value = cookieOf(cookieHeader, COOKIES.state)
  return value !== null && VALUE.test(value) ? digest(value) : null
}

/** The form that a state has in an address. */
export const STATE = /^[A-Za-z0-9_-]{43}$/
