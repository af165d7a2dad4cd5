import { lookup } from 'node:dns/promises'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { Type } from 'typebox'
import { jsonParserOf } from '../../shared/schema.ts'
import { VERSION } from '../version.ts'
import { openLookUp } from './look-up.ts'
import { choose, readTarget, type Target } from './target.ts'

/** What became of a SET that was sent. */
export type Sent =
  | { kind: 'accepted' }
  /** The receiver has read it and does not want it: RFC 8935, section 2.3. */
  | { kind: 'refused'; problem: string }
  /** It is not there, or not now. `retryAfterMs` is what it asked for. */
  | { kind: 'failed'; problem: string; retryAfterMs: number | null }

export type Sender = {
  send(to: { address: string; authorization: string | null }, jws: string, signal: AbortSignal): Promise<Sent>
  /** Why an address may not be pushed to, as far as it can be known now: a name that is not known yet may come to be. */
  problemOf(address: string): Promise<string | null>
  close(): void
}

export type SenderOptions = {
  /** Hosts that may have any address. */
  exempt: readonly string[]
  clock: () => Date
  timeoutMs?: number
  /** Every address of a name. */
  resolve?: (host: string) => Promise<string[]>
}

/** Far more than an answer has to say. */
const ANSWER_BYTES = 16_384
const TIMEOUT_MS = 10_000
/** So many answers with 1xx may come before the one that counts. */
const ANNOUNCED = 16

const resolveAll = async (host: string) =>
  (await lookup(host, { all: true, order: 'ipv4first' })).map(({ address }) => address)

/**
 * Sends to the address that was checked and to no other: the name is looked up for each delivery, what it gives is
 * checked, and the connection is made to exactly that. Nothing follows a redirect.
 */
export function openSender(options: SenderOptions): Sender {
  const { exempt, clock, timeoutMs = TIMEOUT_MS, resolve = resolveAll } = options
  const lookUp = openLookUp(resolve)
  const agents = { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) }

  async function addressOf(target: Target, signal: AbortSignal): Promise<string> {
    const found = isIP(target.host) === 0 ? await lookUp(target.host, signal) : [target.host]
    const chosen = choose(target, found)
    if (!chosen.ok) throw new Error(chosen.problem)
    return chosen.value
  }

  function post(target: Target, ip: string, body: Posted, signal: AbortSignal): Promise<Answer> {
    const { url, host } = target
    const isTls = url.protocol === 'https:'
    const { promise, resolve: done, reject } = Promise.withResolvers<Answer>()
    const request = (isTls ? httpsRequest : httpRequest)({
      agent: isTls ? agents.https : agents.http,
      host: ip,
      // The certificate is that of the name, however it was found.
      ...(isTls && { servername: isIP(host) === 0 ? host : '' }),
      port: url.port === '' ? (isTls ? 443 : 80) : Number(url.port),
      path: url.pathname + url.search,
      method: 'POST',
      signal,
      headers: {
        host: url.host,
        'content-type': 'application/secevent+jwt',
        'content-length': Buffer.byteLength(body.jws),
        accept: 'application/json',
        'user-agent': `muster-collector/${VERSION}`,
        ...(body.authorization !== null && { authorization: body.authorization }),
      },
    })
    request.on('response', (response) => {
      done(readAnswer(response))
    })
    request.on('upgrade', ({ statusCode = 101 }, socket) => {
      socket.destroy()
      done({ status: statusCode, retryAfter: null, body: '' })
    })
    let announced = 0
    request.on('information', () => {
      announced += 1
      if (announced > ANNOUNCED) request.destroy(new Error('it announces an answer for ever'))
    })
    // Whatever else becomes of it, the delivery has an end.
    request.on('close', () => reject(new Error('the connection ended without an answer')))
    request.on('error', (error) => {
      reject(request.reusedSocket ? new StaleConnection('the connection was over', { cause: error }) : error)
    })
    request.end(body.jws)
    return promise
  }

  async function attempt(target: Target, body: Posted, signal: AbortSignal): Promise<Answer> {
    const ip = await addressOf(target, signal)
    try {
      return await post(target, ip, body, signal)
    } catch (error) {
      // A receiver may end a connection that rested just when it is used again: that says nothing of the receiver.
      if (!(error instanceof StaleConnection) || signal.aborted) throw error
      return await post(target, ip, body, signal)
    }
  }

  return {
    async send({ address, authorization }, jws, signal) {
      const target = readTarget(address, exempt)
      if (!target.ok) return failed(`${address} may not be pushed to: ${target.problem}`)
      const timeout = AbortSignal.timeout(timeoutMs)
      try {
        const both = AbortSignal.any([signal, timeout])
        return judge(await attempt(target.value, { jws, authorization }, both), clock())
      } catch (error) {
        return failed(timeout.aborted ? `it did not answer within ${timeoutMs / 1000} s` : reasonOf(error))
      }
    },
    async problemOf(address) {
      const target = readTarget(address, exempt)
      if (!target.ok) return target.problem
      const { host } = target.value
      const timeout = AbortSignal.timeout(timeoutMs)
      const found = isIP(host) === 0 ? await lookUp(host, timeout).catch(() => []) : [host]
      const chosen = choose(target.value, found)
      return chosen.ok || found.length === 0 ? null : chosen.problem
    },
    close() {
      agents.http.destroy()
      agents.https.destroy()
    },
  }
}

class StaleConnection extends Error {}

type Posted = { jws: string; authorization: string | null }
type Answer = { status: number; retryAfter: string | null; body: string }

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const status = response.statusCode ?? 0
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue
    bytes += chunk.length
    if (bytes > ANSWER_BYTES) {
      response.destroy()
      break
    }
    chunks.push(chunk)
  }
  return { status, retryAfter: response.headers['retry-after'] ?? null, body: Buffer.concat(chunks).toString() }
}

const parseError = jsonParserOf(Type.Object({ err: Type.String(), description: Type.Optional(Type.String()) }))

/** The receiver takes nothing from us as we are: that is not the fault of this SET. */
const NOT_THIS_SET = new Set(['authentication_failed', 'access_denied'])

function judge({ status, retryAfter, body }: Answer, now: Date): Sent {
  if (status === 202) return { kind: 'accepted' }
  const parsed = status === 400 ? parseError(body) : null
  if (parsed?.ok === false) return { kind: 'refused', problem: 'it answered 400 without saying why' }
  if (parsed) {
    const { err, description } = parsed.value
    const said = `${err}${description === undefined ? '' : `: ${description}`}`
    if (!NOT_THIS_SET.has(err)) return { kind: 'refused', problem: printable(said) }
    return failed(`it answered 400 ${printable(said)}`)
  }
  const hint = status >= 300 && status < 400 ? '; redirects are not followed' : ''
  const only = status >= 200 && status < 300 ? ', and only 202 says that it has the event' : ''
  return { ...failed(`it answered ${status}${hint}${only}`), retryAfterMs: waitOf(retryAfter, now) }
}

/** Seconds or a date (RFC 9110, section 10.2.3). */
function waitOf(retryAfter: string | null, now: Date): number | null {
  if (retryAfter === null) return null
  const wait = /^\d{1,9}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now.getTime()
  return Number.isFinite(wait) && wait > 0 ? wait : null
}

const failed = (problem: string): Extract<Sent, { kind: 'failed' }> => ({ kind: 'failed', problem, retryAfterMs: null })

/** What a receiver says goes to logs and to statuses. */
const printable = (text: string) => text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300)

function reasonOf(error: unknown): string {
  const root = error instanceof StaleConnection && error.cause ? error.cause : error
  return printable(root instanceof Error ? root.message : String(root))
}
