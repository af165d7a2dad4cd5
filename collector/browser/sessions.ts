import { Type } from 'typebox'
import { DEVICE_ID } from '../../shared/evidence.ts'
import { LIMITS } from '../../shared/limits.ts'
import { strict, text } from '../../shared/schema.ts'
import { COOKIES, cookieOf, setCookie } from './cookie.ts'
import { hostnameOf } from './hostname.ts'
import { sealOf } from './seal.ts'

/**
 * What a browser on a protected host is known by: which laptop it runs on, and nothing of whether that is good enough. A
 * device that was removed or locked out meanwhile is still named, and denied by each decision.
 */
export type BrowserSessions = {
  /** The device that a browser was bound to on this host (`Host`, with or without a port); null where it was not. */
  deviceOf(cookieHeader: string | undefined, host: string): string | null
  /** The `Set-Cookie` header that binds a browser to its device on this host. */
  bind(deviceId: string, host: string): string
}

export type BrowserSessionsOptions = {
  /** Outlives a restart, so that nobody has to be checked anew for one. */
  secret: Uint8Array
  hours: number
  clock: () => Date
}

/** `n`: of the host, since a browser does not keep the cookies of two ports apart; `i` and `e` in seconds since 1970. */
const Bound = strict({
  d: Type.String({ pattern: DEVICE_ID }),
  n: text(255),
  i: Type.Integer(),
  e: Type.Integer(),
})

export function openBrowserSessions({ secret, hours, clock }: BrowserSessionsOptions): BrowserSessions {
  const { seal, open } = sealOf(secret, 'muster browser session', Bound)
  const seconds = hours * 3600
  const nowSeconds = () => Math.floor(clock().getTime() / 1000)
  return {
    deviceOf(cookieHeader, host) {
      const cookie = cookieOf(cookieHeader, COOKIES.device)
      const bound = cookie === null ? null : open(cookie)
      if (!bound || bound.n !== hostnameOf(host)) return null
      const now = nowSeconds()
      // One that begins later was made under a clock that has been set back since, and would be good for too long. A setting
      // that was made shorter counts for the sessions that there are, too.
      const isOfNow = bound.i <= now + LIMITS.clockSkewSeconds
      return isOfNow && now < bound.e && now < bound.i + seconds ? bound.d : null
    },
    bind(deviceId, host) {
      const i = nowSeconds()
      return setCookie(COOKIES.device, seal({ d: deviceId, n: hostnameOf(host), i, e: i + seconds }), seconds)
    },
  }
}
