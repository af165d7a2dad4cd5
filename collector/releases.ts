import { join } from 'node:path'
import type { FastifyBaseLogger } from 'fastify'
import { MusterError } from '../shared/errors.ts'
import type { Catalogue } from './appraisal/catalogue.ts'
import { mergeFeeds } from './appraisal/feeds/merge.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { Fetch } from './releases/fetch.ts'
import { openCopies } from './releases/kept.ts'
import { openSource, type OneSource, type SourceReport } from './releases/one-source.ts'
import { SOURCE_LIMITS, parseSource, placesOf, type Source, type SourceLimits } from './releases/source.ts'

/** The release catalogue: the file that the collector starts with, and what the configured sources say beyond it. */
export type Releases = {
  catalogue(): Catalogue
  /** Reads every source now. One that fails leaves what it said before in force. */
  refresh(): Promise<SourceReport[]>
  sources(): SourceReport[]
  /** Told of a catalogue that says something else than the one before; at once, where that is no longer the one it opened with. */
  onChange(listener: (catalogue: Catalogue) => void): void
  close(): Promise<void>
}

export type ReleasesOptions = {
  config: Pick<Config, 'folder' | 'releasesFile' | 'releaseSources' | 'releaseHours'>
  clock: Pick<Clock, 'now'>
  log: Pick<FastifyBaseLogger, 'warn' | 'info'>
  fetch?: Fetch
  timers?: Timers
  /** From 0 up to 1. */
  random?: () => number
  limits?: SourceLimits
}

/** What the sources are waited for with. It returns the function that ends the wait. */
export type Timers = { after(ms: number, action: () => void): () => void }

/** Timers that keep no process alive: who only asks for something is not held up by them. */
export const realTimers: Timers = {
  after(ms, action) {
    const timer = setTimeout(action, ms).unref()
    return () => clearTimeout(timer)
  },
}

const HOUR_MS = 3_600_000
/** The start waits for no network, and whoever only asks a stopped collector for something is gone before. */
const FIRST_MS = 1000
/** How soon a file that was changed is seen. */
const LOOK_MS = 60_000
/** A source that fails is tried again after this; after twice as long each further time, up to its usual time. */
const RETRY_MS = 15 * 60_000
/** How many sources are read at a time. */
const LANES = 3

/**
 * Opens the catalogue: with its file, and with what was kept of the sources when the collector last ran. Files are read
 * before it returns; addresses are fetched from then on, in the background.
 * @throws MusterError where there is no catalogue to begin with, or a source that is none
 */
export async function openReleases(options: ReleasesOptions): Promise<Releases> {
  const { config, clock, log, timers = realTimers, random = Math.random } = options
  const closing = new AbortController()
  const copies = await openCopies(join(config.folder, 'releases'))
  const around = {
    copies,
    now: clock.now,
    log,
    fetch: options.fetch ?? globalThis.fetch,
    limits: options.limits ?? SOURCE_LIMITS,
    signal: closing.signal,
  }
  const base = openSource(required(config.releasesFile), around, 'catalogue')
  const sources = config.releaseSources.map((text) => openSource(required(text), around))
  const all = [base, ...sources]
  await copies.forgetAllBut(
    all.flatMap(({ source }) => placesOf(source, clock.now()).map(({ at }) => [source.text, at])),
  )
  for (const source of all) await source.load()
  for (const source of all.filter(isFile)) await source.read()

  const listeners: ((catalogue: Catalogue) => void)[] = []
  const opened = merged()
  let catalogue = opened
  let written = JSON.stringify(catalogue)

  function merged(): Catalogue {
    const [first] = base.feeds()
    if (first)
      return mergeFeeds(
        first,
        sources.flatMap((source) => source.feeds()),
      )
    const problem = base.problem()
    throw new MusterError(problem?.code ?? 'releases-unreachable', `${config.releasesFile}: ${problem?.message}`)
  }

  function takeUp(): void {
    const next = merged()
    const text = JSON.stringify(next)
    if (text === written) return
    catalogue = next
    written = text
    for (const tell of listeners) {
      try {
        tell(next)
      } catch (error) {
        log.warn({ err: error }, 'somebody could not take up the new release catalogue')
      }
    }
  }

  /** One reading at a time, so that none overtakes another. */
  let last: Promise<void> = Promise.resolve()
  function inTurn(act: () => Promise<void>): Promise<void> {
    last = last.then(act).catch((error: unknown) => log.warn({ err: error }, 'release sources could not be read'))
    return last
  }

  async function read(which: readonly OneSource[]): Promise<void> {
    const waiting = which.values()
    const lane = async () => {
      for (const source of waiting) if (!closing.signal.aborted) await source.read()
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    if (!closing.signal.aborted) takeUp()
  }

  let reading: Promise<void> | null = null
  function readAll(): Promise<void> {
    reading ??= inTurn(() => read(all)).finally(() => {
      reading = null
    })
    return reading
  }

  let failures = 0
  let stopWaiting = timers.after(sources.every(isFile) ? nextMs() : FIRST_MS, () => void readAndWait())
  async function readAndWait(): Promise<void> {
    await readAll()
    failures = sources.some((source) => !isFile(source) && source.problem()) ? failures + 1 : 0
    if (!closing.signal.aborted) stopWaiting = timers.after(nextMs(), () => void readAndWait())
  }

  /** Not everybody at the same minute. */
  function nextMs(): number {
    const usual = config.releaseHours * HOUR_MS
    const ms = failures === 0 ? usual : Math.min(usual, RETRY_MS * 2 ** (failures - 1))
    return Math.round(ms * (0.9 + 0.2 * random()))
  }

  let stopLooking = timers.after(LOOK_MS, () => void lookAndWait())
  async function lookAndWait(): Promise<void> {
    await inTurn(readWhatChanged)
    if (!closing.signal.aborted) stopLooking = timers.after(LOOK_MS, () => void lookAndWait())
  }

  async function readWhatChanged(): Promise<void> {
    const changed: OneSource[] = []
    for (const source of all) if (await source.hasChanged()) changed.push(source)
    if (changed.length > 0) await read(changed)
  }

  return {
    catalogue: () => catalogue,
    async refresh() {
      await readAll()
      return all.map((source) => source.report())
    },
    sources: () => all.map((source) => source.report()),
    onChange(listener) {
      listeners.push(listener)
      // Whoever took a long time to open with the first catalogue missed nothing.
      if (catalogue !== opened) listener(catalogue)
    },
    async close() {
      closing.abort()
      stopWaiting()
      stopLooking()
      await last
    },
  }
}

const isFile = ({ source }: OneSource) => source.kind === 'file'

/** @throws MusterError `config-invalid` */
function required(text: string): Source {
  const source = parseSource(text)
  if (source.ok) return source.value
  throw new MusterError('config-invalid', source.problem)
}
