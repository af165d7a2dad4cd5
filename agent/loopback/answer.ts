import { randomBytes } from 'node:crypto'
import {
  AGENT_PRODUCT,
  BROWSER_NONCE,
  parseBrowserProofRequest,
  signBrowserProof,
  type AgentHello,
} from '../../shared/browser.ts'
import { ERRORS, type ErrorCode } from '../../shared/errors.ts'
import type { DeviceKey } from '../identity/key.ts'
import { allowance, type Rate } from './allowance.ts'
import { askPage, refusalPage, type Page } from './ask-page.ts'
import { openAskTokens } from './ask-token.ts'

/** What a browser asks. */
export type Asked = {
  method: string
  /** As it stands in the request, with its query. */
  target: string
  header: (name: string) => string | undefined
  /** Reads the body; null where it is longer than any that is right. */
  body: () => Promise<string | null>
}

export type Answer = { status: number; headers?: Record<string, string>; body?: string }

export type AnswererParts = {
  version: string
  /** The issuer URL of the collector at which this device is enrolled. */
  issuer: string
  key: Pick<DeviceKey, 'id' | 'sign'>
  /** The clock of the collector, as the agent knows it. */
  collectorTime: () => Date
  /** A clock that is never set. */
  milliseconds: () => number
  /** Called for each proof that is given out. */
  onProof: () => void
}

/** With nothing in it: who may not ask learns nothing. */
const FORBIDDEN: Answer = { status: 403 }
/** A browser that comes back with thirty tabs asks three times for each. */
const PAGE_RATE: Rate = { burst: 120, perSecond: 10 }
/** A person is asked, and answers. */
const PERSON_RATE: Rate = { burst: 20, perSecond: 1 }
const PREFLIGHT_SECONDS = 600

/**
 * Makes the function that answers browsers on this port. Three things have to be right before anything is looked at: the
 * `Host`, or another name was made to lead here (DNS rebinding); the path; and the `Origin`, which is that of the issuer, or, for
 * the agent's own form, of the agent.
 */
export function answerer(parts: AnswererParts, port: number): (asked: Asked) => Promise<Answer> {
  const { version, issuer, key, collectorTime, milliseconds, onProof } = parts
  const host = `127.0.0.1:${port}`
  const own = `http://${host}`
  const { origin } = new URL(issuer)
  const tokens = openAskTokens(milliseconds)
  const letPage = allowance(PAGE_RATE, milliseconds)
  const letPerson = allowance(PERSON_RATE, milliseconds)
  const shared = { 'access-control-allow-origin': origin, vary: 'Origin' }

  return async (asked) => {
    if (asked.header('host') !== host) return FORBIDDEN
    const [path] = asked.target.split('?', 1)
    if (path === '/v1/ask') return ask(asked)
    if (asked.header('origin') !== origin) return FORBIDDEN
    const { headers, ...answer } = await toIssuer(asked)
    return { ...answer, headers: { ...shared, ...headers } }
  }

  async function toIssuer(asked: Asked): Promise<Answer> {
    const method = METHODS.get(asked.target)
    if (method === undefined) return problem('not-found')
    if (asked.method === 'OPTIONS') return preflight(asked, method)
    if (asked.method !== method) return { ...problem('not-found'), status: 405, headers: { allow: method } }
    if (!letPage()) return busy(problem('too-many-messages'))
    return method === 'GET' ? hello() : prove(asked)
  }

  function hello(): Answer {
    const answer: AgentHello = { product: AGENT_PRODUCT, version, issuer }
    return json(200, answer)
  }

  async function prove(asked: Asked): Promise<Answer> {
    // A page cannot send this type to another origin without asking before.
    if (asked.header('content-type') !== 'application/json') return problem('request-invalid')
    const body = await asked.body()
    if (body === null) return problem('message-too-large')
    const request = parseBrowserProofRequest(parsed(body))
    if (!request.ok) return problem('request-invalid', request.problem)
    return json(200, { proof: await proofOf(request.value.nonce) })
  }

  async function ask(asked: Asked): Promise<Answer> {
    if (asked.method === 'GET') return mayNavigate(asked) ? askPerson(asked) : FORBIDDEN
    const isOwnForm = asked.method === 'POST' && asked.header('origin') === own
    return isOwnForm ? answerOfPerson(asked) : FORBIDDEN
  }

  function askPerson(asked: Asked): Answer {
    if (!letPerson()) return busy(shown(429, TOO_OFTEN))
    const { nonce } = fieldsOf(asked.target.slice(asked.target.indexOf('?') + 1), ['nonce'])
    if (nonce === undefined || !IS_NONCE.test(nonce)) return shown(400, NOT_ASKED)
    return shown(200, askPage({ issuer, nonce, token: tokens.issue(nonce) }))
  }

  async function answerOfPerson(asked: Asked): Promise<Answer> {
    if (asked.header('content-type') !== 'application/x-www-form-urlencoded') return FORBIDDEN
    const body = await asked.body()
    const { nonce = '', token = '', answer } = fieldsOf(body ?? '', ['nonce', 'token', 'answer'])
    if (!tokens.holds(token, nonce)) return shown(403, TOO_LATE)
    if (answer !== 'yes') return shown(200, NOT_TOLD)
    if (!letPerson()) return busy(shown(429, TOO_OFTEN))
    // Nowhere else, whatever was asked: the proof is for the issuer.
    const location = `${origin}/v1/device-check#proof=${await proofOf(nonce)}`
    return { status: 303, headers: { location } }
  }

  async function proofOf(nonce: string): Promise<string> {
    const iat = Math.floor(collectorTime().getTime() / 1000)
    const jti = randomBytes(16).toString('base64url')
    const proof = await signBrowserProof({ iss: key.id, aud: issuer, nonce, origin, iat, jti }, key.sign)
    onProof()
    return proof
  }
}

/** What the issuer's page may ask, and how. */
const METHODS: ReadonlyMap<string, string> = new Map([
  ['/v1/hello', 'GET'],
  ['/v1/proof', 'POST'],
])

const IS_NONCE = new RegExp(BROWSER_NONCE)

const TOO_OFTEN = refusalPage(
  'Too often',
  'This laptop was asked many times in a short while. Go back in a minute and try again.',
)
const NOT_ASKED = refusalPage(
  'There is nothing to answer here',
  'This address is for a page of your company that wants to know which laptop you use. Open what you wanted to open again.',
)
const TOO_LATE = refusalPage(
  'That took too long',
  'Open what you wanted to open again, and answer within five minutes.',
)
const NOT_TOLD = refusalPage(
  'Nothing was told',
  'You may close this page. What you wanted to open stays closed to this browser: go back to begin again.',
)

function preflight(asked: Asked, method: string): Answer {
  const headers: Record<string, string> = {
    'access-control-allow-methods': method,
    'access-control-allow-headers': 'content-type',
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  }
  // Browsers that ask this way whether a page may reach an address of this machine (Private Network Access).
  if (asked.header('access-control-request-private-network') === 'true') {
    headers['access-control-allow-private-network'] = 'true'
  }
  return { status: 204, headers }
}

/** A person who follows a link or a redirect. Browsers say so; those too old for it say nothing. */
function mayNavigate(asked: Asked): boolean {
  const [mode, dest] = [asked.header('sec-fetch-mode'), asked.header('sec-fetch-dest')]
  return (
    asked.header('origin') === undefined && (mode ?? 'navigate') === 'navigate' && (dest ?? 'document') === 'document'
  )
}

/** The fields of a query or a form, each at most once, and none but these; {} else. */
function fieldsOf<N extends string>(text: string, names: readonly N[]): Partial<Record<N, string>> {
  const given = [...new URLSearchParams(text)]
  const isRight = given.length === names.length && names.every((name) => given.some(([it]) => it === name))
  const fields: Partial<Record<string, string>> = isRight ? Object.fromEntries(given) : {}
  return fields
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function shown(status: number, { html, headers }: Page): Answer {
  return { status, headers, body: html }
}

function json(status: number, it: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(it) }
}

/** Problem details (RFC 9457), as the collector answers them. */
function problem(code: ErrorCode, detail?: string): Answer {
  const { title, fix, status } = ERRORS[code]
  const body = JSON.stringify({ type: `urn:muster:error:${code}`, title, status, detail, code, fix })
  return { status, headers: { 'content-type': 'application/problem+json' }, body }
}

function busy(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, 'retry-after': '10' } }
}
