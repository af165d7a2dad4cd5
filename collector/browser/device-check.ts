import { randomBytes } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { DEVICE_ID } from '../../shared/evidence.ts'
import { strict, text } from '../../shared/schema.ts'
import type { Policy } from '../appraisal/policy.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Gateways } from '../gateways.ts'
import { decide, tierOfResource, type Decision } from '../protocol/decision.ts'
import { openCheckCodes } from './codes.ts'
import { COOKIES, cookieOf, setCookie } from './cookie.ts'
import { hostnameOf } from './hostname.ts'
import { CHECK_LIMITS } from './limits.ts'
import { openCheckNonces } from './nonces.ts'
import { openRechecks, type Rechecked } from './rechecks.ts'
import { returnAddress } from './return-address.ts'
import { sealOf } from './seal.ts'
import type { BrowserSessions } from './sessions.ts'
import { STATE, stateOf } from './state.ts'
import { verifyBrowserProof } from './verify-proof.ts'

/** What a page was opened for. Absent where nobody sent it: then it only tells how the laptop stands. */
const Errand = {
  r: Type.Optional(text(CHECK_LIMITS.returnCharacters)),
  t: Type.Optional(text(100)),
  s: Type.Optional(text(43)),
}

/** The cookie: which browser, the errand that it came with last, and the device that it proved, with when. */
const PreSession = strict({
  ...Errand,
  i: text(43),
  e: Type.Integer(),
  d: Type.Optional(Type.String({ pattern: DEVICE_ID })),
  p: Type.Optional(Type.Integer()),
})
type PreSession = Static<typeof PreSession>

/** What one of several tabs of the browser was opened for. */
const Ticket = strict({ ...Errand, e: Type.Integer() })
type Errand = Pick<PreSession, 'r' | 't' | 's'>

/** Where a device stands with what it was checked for. */
export type Outcome = {
  deviceId: string
  tier: string
  returnTo: string | null
  decision: Decision
  /** Where the browser goes now: with a code, to the host that sent it; null where it stays. */
  next: string | null
}

export type DeviceCheck = {
  /** Opens a page. Throws `return-refused`. */
  begin(asked: { returnTo?: string; tier?: string; state?: string }, cookies: string | undefined): Begun
  /** Throws `device-check-over`, as all below do for a browser that has no check under way. */
  nonce(cookies: string | undefined): string
  /** Takes the agent's proof, once. Throws `browser-proof-invalid`. */
  prove(proof: string, from: FromPage): { outcome: Outcome; setCookie: string }
  /** Asks the agent of the device that this browser proved. */
  again(from: FromPage): Promise<{ outcome: Outcome; agent: Rechecked }>
  /** Ends a check on the protected host. Throws `check-code-invalid` for a code that is not known, or of another host. */
  redeem(code: string, host: string, cookies: string | undefined): Redeemed
  recheck(deviceId: string): Promise<Rechecked>
}

/**
 * `end`: the browser is `bound`; it is the one of `another` check at this host, and begins again by itself; or it is `lost`: no
 * cookie says that it began any, so a person has to.
 */
type Redeemed = { end: 'bound' | 'another' | 'lost'; setCookies: string[]; returnTo: string }
type Begun = { setCookie: string; ticket: string; returnTo: URL | null; tier: string | null }
/** What comes with a request of the page: its cookies, and the ticket that it was opened with. */
type FromPage = { cookies: string | undefined; ticket: string | undefined }

export type DeviceCheckOptions = {
  fleet: Pick<Fleet, 'sessionDevice' | 'standing'>
  gateways: Pick<Gateways, 'list'>
  sessions: BrowserSessions
  policy: () => Policy
  recheck: (deviceId: string, reason: string) => boolean
  issuerUrl: string
  secret: Uint8Array
  clock: () => Date
}

/**
 * Leads a browser from the host that refused it to the agent of its laptop and back. The browser keeps what belongs to it,
 * sealed, so that nobody who opens pages by the thousand fills any memory here.
 */
export function openDeviceCheck(options: DeviceCheckOptions): DeviceCheck {
  const { fleet, gateways, sessions, policy, issuerUrl, secret, clock } = options
  const issuerOrigin = new URL(issuerUrl).origin
  const cookieSeal = sealOf(secret, 'muster device check', PreSession)
  const ticketSeal = sealOf(secret, 'muster device check ticket', Ticket)
  const nonces = openCheckNonces(clock)
  const codes = openCheckCodes(clock)
  const recheck = openRechecks({ fleet, recheck: options.recheck })
  const nowSeconds = () => Math.floor(clock().getTime() / 1000)

  function known(cookies: string | undefined): PreSession | null {
    const cookie = cookieOf(cookies, COOKIES.check)
    const session = cookie === null ? null : cookieSeal.open(cookie)
    return session && nowSeconds() < session.e ? session : null
  }

  function required(cookies: string | undefined): PreSession {
    const session = known(cookies)
    if (!session) throw new MusterError('device-check-over')
    return session
  }

  function cookieFor(session: PreSession): string {
    return setCookie(COOKIES.check, cookieSeal.seal(session), CHECK_LIMITS.preSessionSeconds)
  }

  /**
   * What the page was opened for: by its own ticket, else by what the browser came with last. Tabs that are opened at once
   * overwrite one another's cookie, so the ticket need not be of the cookie that is there now.
   */
  function errandOf(session: PreSession, ticket: string | undefined): Errand {
    const own = ticket === undefined ? null : ticketSeal.open(ticket)
    return own && nowSeconds() < own.e ? own : session
  }

  function allowedAddress(given: string): URL {
    const registered = gateways.list().flatMap(({ hosts }) => hosts)
    const address = returnAddress(given, { resources: policy().resources, registered })
    if (!address.ok) throw new MusterError('return-refused', address.problem)
    return address.value
  }

  /** The tier to be shown: as the gateway asked, where there is such a tier, else what the address needs. */
  function tierOf({ r, t }: Errand): string {
    const inForce = policy()
    if (t !== undefined && inForce.tiers.some(({ name }) => name === t)) return t
    return r === undefined ? inForce.defaultTier : tierOfResource(r, inForce)
  }

  function outcomeOf(deviceId: string, errand: Errand): Outcome {
    const tier = tierOf(errand)
    // The map may have changed since the page was opened.
    const returnTo = errand.r === undefined ? null : allowedAddress(errand.r)
    const decision = decide(fleet.standing(deviceId), tier, policy())
    const next = decision.allow && returnTo ? nextOf(deviceId, returnTo, errand.s) : null
    return { deviceId, tier, returnTo: returnTo?.href ?? null, decision, next }
  }

  /** Without a state nobody could redeem a code; the host refuses the browser once more, and sends one along. */
  function nextOf(deviceId: string, returnTo: URL, state: string | undefined): string {
    if (state === undefined) return returnTo.href
    const code = codes.issue({ deviceId, hostname: hostnameOf(returnTo.host), state, returnTo: returnTo.href })
    return `${returnTo.origin}/.muster/callback?code=${code}`
  }

  return {
    begin({ returnTo, tier, state }, cookies) {
      const address = returnTo === undefined ? null : allowedAddress(returnTo)
      const before = known(cookies)
      const e = nowSeconds() + CHECK_LIMITS.preSessionSeconds
      const i = before?.i ?? randomBytes(32).toString('base64url')
      const errand: Errand = address
        ? {
            r: address.href,
            ...(tier !== undefined && tier.length <= 100 && { t: tier }),
            ...(state !== undefined && STATE.test(state) && { s: state }),
          }
        : {}
      // Back from the agent's own page nobody says where to: then it is where the browser came from.
      const { r, t, s } = before ?? {}
      const last = { ...(r !== undefined && { r }), ...(t !== undefined && { t }), ...(s !== undefined && { s }) }
      const proved = before?.d === undefined || before.p === undefined ? {} : { d: before.d, p: before.p }
      return {
        setCookie: cookieFor({ ...(address ? errand : last), ...proved, i, e }),
        ticket: ticketSeal.seal({ ...errand, e }),
        returnTo: address,
        tier: address && tierOf(errand),
      }
    },
    nonce: (cookies) => nonces.issue(required(cookies).i),
    prove(proof, { cookies, ticket }) {
      const session = required(cookies)
      const isNonceGood = (nonce: string) => nonces.isGood(nonce, session.i)
      const context = { fleet, issuerOrigin, issuerUrl, isNonceGood, now: clock() }
      const verified = verifyBrowserProof(proof, context)
      if (!verified.ok) throw new MusterError('browser-proof-invalid', verified.problem)
      const { iss: deviceId, nonce } = verified.value
      if (!nonces.spend(nonce, deviceId)) throw new MusterError('too-many-messages')
      const proved = { ...session, d: deviceId, p: nowSeconds() }
      return { outcome: outcomeOf(deviceId, errandOf(session, ticket)), setCookie: cookieFor(proved) }
    },
    async again({ cookies, ticket }) {
      const { d: deviceId, p = 0, ...session } = required(cookies)
      const isFresh = nowSeconds() < p + CHECK_LIMITS.preSessionSeconds
      if (deviceId === undefined || !isFresh) throw new MusterError('device-check-over')
      const agent = await recheck(deviceId)
      return { outcome: outcomeOf(deviceId, errandOf({ ...session }, ticket)), agent }
    },
    redeem(code, host, cookies) {
      const hostname = hostnameOf(host)
      const checked = codes.redeem(code)
      if (!checked || checked.hostname !== hostname) throw new MusterError('check-code-invalid')
      const { state, deviceId, returnTo, isSpent } = checked
      const now = stateOf(cookies)
      if (now === state && !isSpent) {
        const forgetState = setCookie(COOKIES.state, '', 0)
        return { end: 'bound', setCookies: [sessions.bind(deviceId, host), forgetState], returnTo }
      }
      // Another of its tabs was faster, or it comes once more: it is bound already, and stays bound to what it is.
      if (sessions.deviceOf(cookies, host) !== null) return { end: 'bound', setCookies: [], returnTo }
      // Tabs that the host refused at once overwrote one another's state, or the link is somebody else's.
      if (now !== null && now !== state) return { end: 'another', setCookies: [], returnTo }
      return { end: 'lost', setCookies: [], returnTo }
    },
    recheck,
  }
}
