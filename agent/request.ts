import { request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { Type } from 'typebox'
import { ERRORS, MusterError } from '../shared/errors.ts'
import { LIMITS } from '../shared/limits.ts'
import { jsonParserOf, keysOf, oneOf } from '../shared/schema.ts'
import { requireSafe, tlsOptions, type Address } from './address.ts'

export type Request = {
  method: 'POST' | 'DELETE'
  path: string
  headers?: Record<string, string>
  body?: object
}

/** An answer of 2xx; `date` is the clock of the collector, where it told. */
export type Answer = { status: number; body: string; date: Date | null }

const TIMEOUT_MS = 15_000

// Keys that we do not know are for others.
const Problem = Type.Object({ code: oneOf(keysOf(ERRORS)), detail: Type.Optional(Type.String()) })
const parseProblem = jsonParserOf(Problem)

/**
 * Asks the collector over HTTP.
 * @throws MusterError with the code that the collector answered, or `collector-unreachable`
 */
export async function request(address: Address, { method, path, headers = {}, body }: Request): Promise<Answer> {
  requireSafe(address)
  const url = new URL(path, address.url)
  const text = body === undefined ? '' : JSON.stringify(body)
  const json = body === undefined ? {} : { 'content-type': 'application/json' }
  const send = url.protocol === 'https:' ? requestTls : requestPlain

  const answer = await new Promise<Answer>((resolve, reject) => {
    const unreachable = (why: string) =>
      reject(new MusterError('collector-unreachable', `${address.url}: ${why}`.slice(0, 400)))
    const call = send(url, {
      method,
      headers: { accept: 'application/json', 'content-length': Buffer.byteLength(text), ...json, ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...tlsOptions(address),
    })
    call.once('error', (error) => unreachable(reason(error)))
    call.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > LIMITS.requestBytes) call.destroy(new Error('its answer is too long'))
        else chunks.push(chunk)
      })
      response.once('error', (error) => unreachable(reason(error)))
      response.once('end', () => {
        const date = new Date(response.headers.date ?? '')
        const told = Number.isNaN(date.getTime()) ? null : date
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString(), date: told })
      })
    })
    call.end(text)
  })

  if (answer.status >= 200 && answer.status < 300) return answer
  const problem = parseProblem(answer.body)
  if (problem.ok) throw new MusterError(problem.value.code, problem.value.detail)
  throw new MusterError(
    'collector-unreachable',
    `${address.url} answered ${answer.status}, and not as a collector does`,
  )
}

function reason(error: Error): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'it did not answer in time'
  // Where a name has several addresses, the message is empty and the code says what happened.
  return error.message || ('code' in error ? String(error.code) : error.name)
}
