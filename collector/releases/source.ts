import { resolve } from 'node:path'
import type { Parsed } from '../../shared/schema.ts'
import { isLoopback } from '../loopback.ts'
import { parsePin, type Pin } from './pin.ts'

/** A source of the release catalogue, as the setting names it. */
export type Source = {
  /** What the setting says, to the letter: what is kept of it belongs to this text, its pin included. */
  text: string
  /** For people and the log: without its pin, and without a query, which may hold a key. */
  name: string
  kind: 'file' | 'address'
  /** The address, or the absolute path; `{month}` in it stands for each of the last months. */
  place: string
  pin: Pin | null
}

/** What a source may cost, each with its unit. */
export const SOURCE_LIMITS = {
  bytes: 32 * 1024 * 1024, // of a feed, after it was unpacked; the largest, Microsoft's, has up to 20 MB
  signatureBytes: 4096,
  fetchMs: 120_000, // from the request to the last byte
  readMs: 60_000, // to read it, on a thread of its own
  redirects: 5,
} as const
export type SourceLimits = { readonly [Name in keyof typeof SOURCE_LIMITS]: number }

const MONTH = '{month}'

/** Reads an entry of `releaseSources`: a file or an address, and the pin that it is held to. */
export function parseSource(text: string): Parsed<Source> {
  const at = text.search(/#(?:sha256|key)=[^#]*$/)
  const where = at === -1 ? text : text.slice(0, at)
  const pin = at === -1 ? null : parsePin(text.slice(at + 1))
  const refuse = (problem: string): Parsed<Source> => ({ ok: false, problem: `${nameOf(where)}: ${problem}` })
  if (pin && !pin.ok) return refuse(pin.problem)
  if (pin?.value.kind === 'sha256' && where.includes(MONTH)) {
    return refuse('one checksum cannot hold for every month: pin a key')
  }
  if (where === '') return refuse('it names nothing')
  const rest = { text, name: nameOf(where), pin: pin?.value ?? null }
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(where))
    return { ok: true, value: { ...rest, kind: 'file', place: resolve(where) } }

  const url = URL.parse(where)
  if (!url) return refuse('it is no address')
  if (url.username !== '' || url.password !== '') return refuse('an address with a password in it is not kept secret')
  if (url.hash !== '') return refuse('what follows # is neither sha256=... nor key=...')
  const problem = isSafe(url) ? null : 'an address is https, or http on this machine'
  return problem === null ? { ok: true, value: { ...rest, kind: 'address', place: where } } : refuse(problem)
}

/** Whether an address may be fetched from: by TLS, or from this very machine. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
}

/** Without the query and with no more than a line of it. */
function nameOf(where: string): string {
  const [bare = ''] = /^[a-z][a-z0-9+.-]*:\/\//i.test(where) ? where.split('?') : [where]
  return (bare === '' ? '""' : bare.replace(/\/\/[^/]*@/, '//')).slice(0, 200)
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const
/** How many months a source by month is read of: enough for whoever lets updates be three months old. */
const MONTHS_READ = 6
/** Documents of older months do not change any more. */
const MONTHS_THAT_CHANGE = 2

/** One file or address of a source. */
export type Place = {
  /** The address, or the path. */
  at: string
  /** Whether it is read again when there is a copy of it. */
  isSettled: boolean
}

/** What a source stands for now: itself, or the documents of the last months, named as Microsoft names its own (`2026-Nov`). */
export function placesOf({ place }: Source, now: Date): Place[] {
  if (!place.includes(MONTH)) return [{ at: place, isSettled: false }]
  return Array.from({ length: MONTHS_READ }, (_, ago) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - ago, 1))
    const name = `${month.getUTCFullYear()}-${MONTHS[month.getUTCMonth()]}`
    return { at: place.replaceAll(MONTH, name), isSettled: ago >= MONTHS_THAT_CHANGE }
  })
}

/** Where the signature of a file or an address is: beside it, with `.sig` behind its name. */
export function signaturePlaceOf({ kind }: Source, at: string): string {
  if (kind === 'file') return `${at}.sig`
  const url = new URL(at)
  url.pathname += '.sig'
  return url.href
}
