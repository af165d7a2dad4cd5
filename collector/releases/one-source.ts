import type { FastifyBaseLogger } from 'fastify'
import { MusterError, type ErrorCode } from '../../shared/errors.ts'
import type { Feed, FeedFormat } from '../appraisal/feeds/feed.ts'
import { fetchSource, type Fetch } from './fetch.ts'
import { fingerprintOf, readSourceFile } from './file.ts'
import type { Copies, Kept } from './kept.ts'
import { requirePinned } from './pin.ts'
import { readApart } from './read-apart.ts'
import { placesOf, signaturePlaceOf, type Place, type Source, type SourceLimits } from './source.ts'

/** How a source is doing, for people and scripts. */
export type SourceReport = {
  source: string
  state: 'good' | 'failing' | 'unread'
  pinned: 'sha256' | 'key' | null
  format: FeedFormat | null
  /** The day until which it knows what it says. */
  asOf: string | null
  /** What was read of it: lines with an end of support, releases, and entries that could not be read. */
  lines: number
  releases: number
  skipped: number
  /** When it last worked, and when that was last tried. */
  goodAt: string | null
  triedAt: string | null
  /** Why it does not work. What was read before stays in force. */
  error: { code: ErrorCode; detail: string } | null
}

export type OneSource = {
  source: Source
  /** Takes up what was kept of it when the collector last ran. */
  load(): Promise<void>
  /** Reads it anew; a failure leaves what was read before, and is said in the report. */
  read(): Promise<void>
  /** Whether its files are others than those that were read last. */
  hasChanged(): Promise<boolean>
  feeds(): Feed[]
  report(): SourceReport
  /** Why it failed when it was read last; null where it did not. */
  problem(): MusterError | null
}

export type Surroundings = {
  copies: Copies
  now: () => Date
  log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  fetch: Fetch
  limits: SourceLimits
  signal: AbortSignal
}

/** A copy that is older is fetched whole again: what a feed means may depend on the day. */
const ETAG_MS = 24 * 3_600_000

/** `only` is the one format that is taken here. */
export function openSource(source: Source, around: Surroundings, only?: FeedFormat): OneSource {
  const { copies, now, log } = around
  const { text, name, pin, kind } = source
  let held = new Map<string, Kept>()
  let problem: MusterError | null = null
  let triedAt: Date | null = null
  let fingerprint = ''

  /** Reads one place; null where there is nothing. */
  async function readPlace({ at }: Place, kept: Kept | undefined): Promise<Kept | null> {
    const began = now()
    const content = await contentOf(at, kept && etagFor(kept, began))
    if (content.kind === 'missing') return null
    if (content.kind === 'unchanged') return kept ? { ...kept, checkedAt: began } : null
    if (pin) requirePinned(pin, content.bytes, pin.kind === 'key' ? await signatureOf(at) : null)
    const origin = { name: kind === 'file' ? at : new URL(at).pathname, now: began }
    const enough = AbortSignal.any([around.signal, AbortSignal.timeout(around.limits.readMs)])
    const feed = await readApart(content.bytes, origin, enough)
    requireProgress(feed, kept?.feed)
    const fresh = { feed, readAt: began, checkedAt: began, etag: content.etag }
    await copies
      .save(text, at, fresh)
      .catch((error: unknown) => log.warn({ err: error, source: name }, 'a copy of a release source cannot be kept'))
    return fresh
  }

  async function contentOf(at: string, etag: string | null = null) {
    const { limits, fetch, signal } = around
    if (kind === 'address') return fetchSource(at, { fetch, etag, maxBytes: limits.bytes, limits, signal })
    const bytes = await readSourceFile(at, limits.bytes)
    return bytes === null ? { kind: 'missing' as const } : { kind: 'content' as const, bytes, etag: null }
  }

  async function signatureOf(at: string): Promise<string | null> {
    const { limits, fetch, signal } = around
    const beside = signaturePlaceOf(source, at)
    const maxBytes = limits.signatureBytes
    if (kind === 'file') return asText(await readSourceFile(beside, maxBytes))
    const fetched = await fetchSource(beside, { fetch, etag: null, maxBytes, limits, signal })
    return fetched.kind === 'content' ? asText(fetched.bytes) : null
  }

  /** Who is between us and a source cannot bring back what it said before, nor put another in its place. A file is its owner's, who may. */
  function requireProgress(feed: Feed, before: Feed | undefined): void {
    if (only !== undefined && feed.format !== only) {
      throw new MusterError('releases-invalid', 'it is no whole catalogue; feeds are named in releaseSources')
    }
    if (kind === 'file' || !before) return
    if (!isAboutTheSame(feed, before)) {
      throw new MusterError(
        'releases-invalid',
        'it is about something else than what was read there before; if that is meant, give it another address',
      )
    }
    // What states no day is as new as what it knows, and may take something back. Who signs it does that in a newer one.
    const isStated = feed.isDated && before.isDated
    const isSigned = pin !== null && feed.isDated === before.isDated
    if ((isStated || isSigned) && feed.asOf < before.asOf) {
      throw new MusterError('releases-invalid', `it is of ${feed.asOf}, and what was read before is of ${before.asOf}`)
    }
  }

  async function readAll(): Promise<MusterError | null> {
    const places = placesOf(source, now())
    const next = new Map<string, Kept>()
    let failure: MusterError | null = null
    const missing = new Set<Place>()
    for (const place of places) {
      const kept = held.get(place.at)
      if (kept) next.set(place.at, kept)
      if (kept && place.isSettled) continue
      try {
        const read = await readPlace(place, kept)
        if (read) next.set(place.at, read)
        else missing.add(place)
      } catch (error) {
        failure ??= problemOf(error)
      }
    }
    held = next
    // Of several months the newest may not be out yet, and the oldest are not there for ever. What was there stays.
    const isGone = [...missing].some(({ at }) => held.has(at))
    if (failure === null && (isGone || places.slice(0, 2).every((place) => missing.has(place)))) {
      failure = new MusterError('releases-unreachable', kind === 'file' ? 'there is no such file' : 'it answers 404')
    }
    return failure
  }

  function tell(before: MusterError | null): void {
    if (problem && problem.code !== before?.code) {
      log.warn(
        { source: name, code: problem.code, detail: problem.message },
        'a release source fails; what was read before stays',
      )
    }
    if (!problem && before) log.info({ source: name }, 'a release source works again')
  }

  return {
    source,
    async load() {
      for (const { at } of placesOf(source, now())) {
        const kept = await copies.load(text, at)
        if (kept && (only === undefined || kept.feed.format === only)) held.set(at, kept)
      }
    },
    async read() {
      const looked = await fingerprintsOf(source, now())
      const failure = await readAll()
      if (around.signal.aborted) return
      const before = problem
      problem = failure
      triedAt = now()
      fingerprint = looked
      tell(before)
    },
    hasChanged: async () => kind === 'file' && (await fingerprintsOf(source, now())) !== fingerprint,
    feeds: () => [...held.values()].map(({ feed }) => feed),
    report: () => reportOf(source, [...held.values()], { problem, triedAt }),
    problem: () => problem,
  }
}

function etagFor({ etag, readAt }: Kept, now: Date): string | null {
  const age = now.getTime() - readAt.getTime()
  return age >= 0 && age < ETAG_MS ? etag : null
}

function asText(bytes: Uint8Array | null): string | null {
  return bytes && Buffer.from(bytes).toString('latin1')
}

function problemOf(error: unknown): MusterError {
  if (error instanceof MusterError) return error
  return new MusterError('releases-unreachable', 'it cannot be read', { cause: error })
}

async function fingerprintsOf(source: Source, now: Date): Promise<string> {
  if (source.kind === 'address') return ''
  const files = placesOf(source, now).flatMap(({ at }) =>
    source.pin?.kind === 'key' ? [at, signaturePlaceOf(source, at)] : [at],
  )
  return (await Promise.all(files.map(fingerprintOf))).join('\n')
}

/** Whether two feeds of one source are of one format, and know some of the same systems. */
function isAboutTheSame(feed: Feed, before: Feed): boolean {
  const systems = new Set([...before.lines, ...before.releases].map(({ id }) => id))
  const isKnown = systems.size === 0 || [...feed.lines, ...feed.releases].some(({ id }) => systems.has(id))
  return feed.format === before.format && isKnown
}

const newest = (values: readonly string[]) => values.toSorted().at(-1) ?? null

function reportOf(
  { name, pin }: Source,
  held: readonly Kept[],
  { problem, triedAt }: { problem: MusterError | null; triedAt: Date | null },
): SourceReport {
  const feeds = held.map(({ feed }) => feed)
  const sum = (count: (feed: Feed) => number) => feeds.reduce((all, feed) => all + count(feed), 0)
  return {
    source: name,
    state: problem ? 'failing' : feeds.length > 0 ? 'good' : 'unread',
    pinned: pin?.kind ?? null,
    format: feeds[0]?.format ?? null,
    asOf: newest(feeds.map(({ asOf }) => asOf)),
    lines: sum(({ lines }) => lines.length),
    releases: sum(({ releases }) => releases.reduce((all, line) => all + line.releases.length, 0)),
    skipped: sum(({ skipped }) => skipped),
    goodAt: newest(held.map(({ checkedAt }) => checkedAt.toISOString())),
    triedAt: triedAt?.toISOString() ?? null,
    error: problem && { code: problem.code, detail: problem.message },
  }
}
