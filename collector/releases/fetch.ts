import { MusterError } from '../../shared/errors.ts'
import { isLoopback } from '../loopback.ts'
import { VERSION } from '../version.ts'
import { isSafe, type SourceLimits } from './source.ts'

/** As much of Node's fetch as is needed. */
export type Fetch = (address: URL, init: RequestInit) => Promise<Response>

export type Fetched =
  | { kind: 'content'; bytes: Uint8Array; etag: string | null }
  /** It still has the ETag that we have a copy of. */
  | { kind: 'unchanged' }
  /** There is nothing at this address, as of a month that has not been published. */
  | { kind: 'missing'; status: number }

export type FetchOptions = {
  fetch: Fetch
  /** Of the copy that we have; null without one. */
  etag: string | null
  maxBytes: number
  limits: SourceLimits
  /** Ends it when the collector closes. */
  signal: AbortSignal
}

/** Fetches an address, at most so many bytes and within its time. @throws MusterError `releases-unreachable` */
export async function fetchSource(address: string, options: FetchOptions): Promise<Fetched> {
  const { limits, signal } = options
  const timeout = AbortSignal.timeout(limits.fetchMs)
  try {
    return await follow(new URL(address), { ...options, signal: AbortSignal.any([signal, timeout]) })
  } catch (error) {
    if (error instanceof MusterError) throw error
    const why = timeout.aborted ? `it was not there within ${limits.fetchMs / 1000} s` : reasonOf(error)
    throw new MusterError('releases-unreachable', why, { cause: error })
  }
}

const isRedirect = (status: number) => [301, 302, 303, 307, 308].includes(status)

async function follow(first: URL, options: FetchOptions): Promise<Fetched> {
  let url = first
  for (let redirects = 0; redirects <= options.limits.redirects; redirects++) {
    const response = await options.fetch(url, {
      redirect: 'manual',
      signal: options.signal,
      headers: {
        'user-agent': `muster-collector/${VERSION}`,
        // Microsoft answers in XML otherwise.
        accept: 'application/json, */*;q=0.5',
        ...(options.etag !== null && { 'if-none-match': options.etag }),
      },
    })
    if (!isRedirect(response.status)) return answerOf(response, options)
    await response.body?.cancel()
    url = nextOf(url, response.headers.get('location'))
  }
  throw unreachable(`it redirects more than ${options.limits.redirects} times`)
}

/** What was asked for by TLS is not fetched without, wherever it leads; from this machine one may be led to this machine. */
function nextOf(url: URL, location: string | null): URL {
  const next = URL.parse(location ?? '', url)
  if (location === null || !next) throw unreachable('it redirects to no address')
  if (next.protocol === 'https:') return next
  if (isSafe(next) && url.protocol === 'http:' && isLoopback(url.hostname)) return next
  throw unreachable('it redirects to an address that is not https')
}

async function answerOf(response: Response, { etag, maxBytes }: FetchOptions): Promise<Fetched> {
  const { status, headers } = response
  if (status === 200) {
    if (Number(headers.get('content-length') ?? 0) > maxBytes) {
      await response.body?.cancel()
      throw tooLong(maxBytes)
    }
    const bytes = await bytesOf(response, maxBytes)
    return { kind: 'content', bytes, etag: etagOf(headers.get('etag')) }
  }
  await response.body?.cancel()
  if (status === 304 && etag !== null) return { kind: 'unchanged' }
  if (status === 404 || status === 410) return { kind: 'missing', status }
  throw unreachable(`it answers ${status}`)
}

/** Counted as they come, after unpacking: what a server says of their number is not believed. */
async function bytesOf(response: Response, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > maxBytes) throw tooLong(maxBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** A short text that may stand in a header; anything else is as good as none. */
function etagOf(etag: string | null): string | null {
  return etag !== null && /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/.test(etag) ? etag : null
}

function tooLong(maxBytes: number): MusterError {
  return unreachable(`it is longer than ${maxBytes} bytes`)
}

function unreachable(detail: string): MusterError {
  return new MusterError('releases-unreachable', detail)
}

/** What Node's fetch says is "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : null
  return `it cannot be fetched: ${code ?? (cause instanceof Error ? cause.message : String(cause))}`.slice(0, 200)
}
