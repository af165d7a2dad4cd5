import { generateKeyPairSync, sign } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { feedServer, type FeedServer } from '../test/fakes/feed-server.ts'
import { CATALOGUE_YAML, ENDOFLIFE_OLD_MACOS, MSRC, SOFA_V1, SOFA_V2, WINDOWS_BUILDS } from '../test/fakes/feeds.ts'
import { waiting, type Waiting } from '../test/fakes/waiting.ts'
import { digest } from '../shared/jws.ts'
import { SOURCE_LIMITS } from './releases/source.ts'
import { openReleases, realTimers, type Releases, type ReleasesOptions } from './releases.ts'

let folder: string
let server: FeedServer
let timers: Waiting
let logged: string[]
let now: Date
let open: Releases[]
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-releases-'))
  server = await feedServer()
  now = new Date('2026-11-25T12:00:00Z')
  logged = []
  open = []
  write('releases.yaml', CATALOGUE_YAML)
})
afterEach(async () => {
  for (const releases of open) await releases.close()
  await server.close()
  rmSync(folder, { recursive: true })
})

function write(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content)
  return file
}

const log = (_details: unknown, message?: string) => void logged.push(message ?? '')

/** As if the collector had just started, with these sources. */
async function start(releaseSources: string[] = [], more: Partial<ReleasesOptions> = {}): Promise<Releases> {
  timers = waiting()
  const releases = await openReleases({
    config: { folder, releasesFile: join(folder, 'releases.yaml'), releaseSources, releaseHours: 6 },
    clock: { now: () => now },
    log: { warn: log, info: log } as ReleasesOptions['log'],
    timers,
    random: () => 0.5,
    ...more,
  })
  open.push(releases)
  return releases
}

async function stop(releases: Releases): Promise<void> {
  await releases.close()
  open = open.filter((it) => it !== releases)
}

const noFetch: ReleasesOptions['fetch'] = async () => Promise.reject(new Error('nothing may be fetched'))
const hours = (count: number) => {
  now = new Date(now.getTime() + count * 3_600_000)
}
const macos = (releases: Releases) =>
  releases
    .catalogue()
    .releases.flatMap((line) => (line.id === 'macos' ? line.releases.map(({ version }) => version) : []))
const windows = (releases: Releases) =>
  releases
    .catalogue()
    .releases.flatMap((line) => (line.id === 'windows' ? line.releases.map(({ version }) => version) : []))

describe('without sources', () => {
  test('the catalogue is the file, and nobody is asked anything', async () => {
    const releases = await start([], { fetch: noFetch })
    expect(releases.catalogue()).toMatchObject({ date: '2026-11-01' })
    expect(macos(releases)).toEqual(['26.7', '26.6'])
    timers.pass(24 * 3_600_000)
    await releases.refresh()
    expect(releases.sources()).toEqual([
      {
        source: join(folder, 'releases.yaml'),
        state: 'good',
        pinned: null,
        format: 'catalogue',
        asOf: '2026-11-01',
        lines: 5,
        releases: 2,
        skipped: 0,
        goodAt: '2026-11-25T12:00:00.000Z',
        triedAt: '2026-11-25T12:00:00.000Z',
        error: null,
      },
    ])
    expect(logged).toEqual([])
  })

  test.each([
    [
      'is not there',
      () => rmSync(join(folder, 'releases.yaml')),
      'releases-unreachable',
      /releases\.yaml: there is no such file/,
    ],
    ['is no catalogue', () => write('releases.yaml', 'lines: ['), 'releases-invalid', /releases\.yaml: /],
    [
      'is a feed',
      () => write('releases.yaml', SOFA_V2),
      'releases-invalid',
      /it is no whole catalogue; feeds are named in releaseSources/,
    ],
  ])('there is no collector with a file that %s', async (_name, damage, code, message) => {
    damage()
    await expect(start()).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as Error,
    )
  })

  test.each([
    ['is gone', () => rmSync(join(folder, 'releases.yaml'))],
    ['is damaged', () => write('releases.yaml', 'lines: [')],
    ['has become a feed', () => write('releases.yaml', SOFA_V2)],
  ])('a collector that ran before goes on when the file %s', async (_name, damage) => {
    await stop(await start())
    damage()
    const releases = await start()
    expect(macos(releases)).toEqual(['26.7', '26.6'])
    expect(releases.sources()[0]).toMatchObject({ state: 'failing', goodAt: '2026-11-25T12:00:00.000Z' })
    expect(logged).toEqual(['a release source fails; what was read before stays'])
  })
})

describe('an address', () => {
  test('is fetched after the start, and heard of once', async () => {
    server.answer('/macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json')])
    const heard: string[] = []
    releases.onChange(({ date }) => heard.push(date))
    releases.onChange(() => {
      throw new Error('a listener of no use')
    })
    expect([macos(releases), server.asked]).toEqual([['26.7', '26.6'], []])
    expect(releases.sources()[1]).toMatchObject({
      state: 'unread',
      format: null,
      asOf: null,
      goodAt: null,
      triedAt: null,
    })

    timers.pass(1000)
    await releases.refresh()
    expect(macos(releases)).toEqual(['26.7.1', '26.7 (a)', '26.7', '26.6'])
    expect(releases.catalogue().releases[0]?.asOf).toBe('2026-11-20')
    expect(heard).toEqual(['2026-11-01'])
    expect(logged).toEqual(['somebody could not take up the new release catalogue'])
    expect(releases.sources()[1]).toMatchObject({
      state: 'good',
      format: 'sofa',
      asOf: '2026-11-20',
      releases: 3,
      skipped: 0,
      error: null,
    })
    await releases.refresh()
    expect(heard).toHaveLength(1)
  })

  test('is asked again after some hours, not all at the same minute, and once for whoever asks meanwhile', async () => {
    server.answer('/macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json')], { random: () => 0 })
    timers.pass(1000)
    await Promise.all([releases.refresh(), releases.refresh()])
    expect(server.asked).toHaveLength(1)
    await settledTimers(2)
    expect(new Set(timers.waits())).toEqual(new Set([60_000, 0.9 * 6 * 3_600_000]))
  })

  test('that still has the same is not fetched again for a day', async () => {
    let sent = 0
    server.answer('/macos.json', (request, response) => {
      if (request.headers['if-none-match'] === '"1"') return void response.writeHead(304).end()
      sent++
      response.setHeader('etag', '"1"').end(SOFA_V2)
    })
    const releases = await start([server.at('/macos.json')])
    for (const later of [0, 6, 17]) {
      hours(later)
      await releases.refresh()
    }
    expect(sent).toBe(1)
    expect(releases.sources()[1]).toMatchObject({ state: 'good', goodAt: '2026-11-26T11:00:00.000Z' })
    hours(2)
    await releases.refresh()
    expect(sent).toBe(2)
    // A clock that was set back makes no copy young.
    hours(-48)
    await releases.refresh()
    expect(sent).toBe(3)
  })

  test('that says nothing new to no question fails', async () => {
    server.answer('/macos.json', (_request, response) => void response.writeHead(304).end())
    const releases = await start([server.at('/macos.json')])
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({
      state: 'failing',
      error: { code: 'releases-unreachable', detail: 'it answers 304' },
    })
  })

  test('that fails keeps what it said, is said once, and is tried sooner, then ever later', async () => {
    server.answer('/macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json')])
    await releases.refresh()
    server.answer('/macos.json', (_request, response) => void response.writeHead(503).end())
    hours(1)
    timers.pass(1000)
    for (const minutes of [15, 30, 60, 120, 240, 360, 360]) {
      await releases.refresh()
      await settledTimers(2)
      expect(Math.max(...timers.waits())).toBe(minutes * 60_000)
      timers.pass(Math.max(...timers.waits()))
    }
    expect(macos(releases)).toContain('26.7.1')
    expect(logged).toEqual(['a release source fails; what was read before stays'])
    expect(releases.sources()[1]).toMatchObject({
      state: 'failing',
      format: 'sofa',
      goodAt: '2026-11-25T12:00:00.000Z',
      triedAt: '2026-11-25T13:00:00.000Z',
      error: { code: 'releases-unreachable', detail: 'it answers 503' },
    })

    server.answer('/macos.json', SOFA_V2)
    await releases.refresh()
    expect(logged.at(-1)).toBe('a release source works again')
    expect(releases.sources()[1]).toMatchObject({ state: 'good', error: null })
  })

  test('keeps for the next start what it said', async () => {
    server.answer('/macos.json', SOFA_V2)
    const first = await start([server.at('/macos.json')])
    await first.refresh()
    await stop(first)
    const releases = await start([server.at('/macos.json')], { fetch: noFetch })
    expect(macos(releases)).toContain('26.7.1')
    expect(releases.sources()[1]).toMatchObject({
      state: 'good',
      asOf: '2026-11-20',
      goodAt: '2026-11-25T12:00:00.000Z',
    })
    await releases.refresh()
    expect(macos(releases)).toContain('26.7.1')
    expect(releases.sources()[1]).toMatchObject({ state: 'failing' })
  })

  test('that is not named any more is forgotten, copy and all', async () => {
    server.answer('/macos.json', SOFA_V2)
    const first = await start([server.at('/macos.json')])
    await first.refresh()
    await stop(first)
    expect(readdirSync(join(folder, 'releases'))).toHaveLength(2)
    expect(macos(await start())).toEqual(['26.7', '26.6'])
    expect(readdirSync(join(folder, 'releases'))).toHaveLength(1)
  })

  test.each([
    ['a web page', '<html>Please sign in</html>', 'releases-invalid'],
    ['half of a feed', SOFA_V2.slice(0, 500), 'releases-invalid'],
    ['nothing of use', '{"OSVersions": []}', 'releases-invalid'],
  ])('that answers %s leaves what it said before', async (_name, answer, code) => {
    server.answer('/macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json')])
    await releases.refresh()
    server.answer('/macos.json', answer)
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({ state: 'failing', error: { code } })
    expect(macos(releases)).toContain('26.7.1')
  })

  test('that goes back to what it said before is not believed, and a file is', async () => {
    const older = SOFA_V2.replace('2026-11-20T19', '2026-11-18T19').replace('26.7.1', '26.7.0')
    server.answer('/macos.json', SOFA_V2)
    const file = write('macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json'), file])
    await releases.refresh()
    server.answer('/macos.json', older)
    write('macos.json', older)
    await releases.refresh()
    expect(releases.sources()[1]).toMatchObject({
      state: 'failing',
      asOf: '2026-11-20',
      error: { detail: 'it is of 2026-11-18, and what was read before is of 2026-11-20' },
    })
    expect(releases.sources()[2]).toMatchObject({ state: 'good', asOf: '2026-11-18' })
  })

  const debianOnly = end('2026-11-21T00:00:00Z', '2028-06-30')
  test.each<[name: string, answer: string]>([
    ['a feed of another form', ENDOFLIFE_OLD_MACOS],
    ['a feed about other systems', SOFA_V2.replaceAll('macOS', 'iOS')],
    ['what another product of the same site says', debianOnly],
  ])('that brings %s in place of its own is not believed', async (_name, answer) => {
    const macosEnds = end('2026-11-20T00:00:00Z', '2028-06-30').replace('debian', 'macos')
    const before = answer === debianOnly ? macosEnds : SOFA_V2
    server.answer('/macos.json', before)
    const releases = await start([server.at('/macos.json')])
    await releases.refresh()
    const known = releases.catalogue()
    server.answer('/macos.json', answer)
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({ state: 'failing', error: { code: 'releases-invalid' } })
    expect(releases.catalogue()).toEqual(known)
  })

  test('may have begun with nothing', async () => {
    server.answer('/releases.yaml', 'date: 2026-11-01\nlines: []')
    const releases = await start([server.at('/releases.yaml')])
    await releases.refresh()
    server.answer('/releases.yaml', CATALOGUE_YAML)
    expect((await releases.refresh())[1]).toMatchObject({ state: 'good', lines: 5 })
  })

  test('tells by its path what a list is about', async () => {
    server.answer('/api/macos.json?v=1', ENDOFLIFE_OLD_MACOS)
    const releases = await start([server.at('/api/macos.json?v=1')])
    await releases.refresh()
    expect(releases.catalogue().lines.find(({ id, version }) => id === 'macos' && version === '12')).toMatchObject({
      supportedUntil: '2024-09-16',
    })
    expect(releases.sources()[1]?.source).toBe(server.at('/api/macos.json'))
  })

  test('with too much to say is not heard', async () => {
    server.answer('/macos.json', SOFA_V2)
    const releases = await start([server.at('/macos.json')], { limits: { ...SOURCE_LIMITS, bytes: 1400 } })
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({ error: { code: 'releases-unreachable', detail: 'it is longer than 1400 bytes' } })
  })
})

/** Waits until so many timers run again. */
async function settledTimers(count: number): Promise<void> {
  while (timers.waits().length < count) await new Promise((resolve) => setImmediate(resolve))
}

const end = (generated: string, eol: string) =>
  JSON.stringify({ generated_at: generated, result: { name: 'debian', releases: [{ name: '12', eolFrom: eol }] } })

test('who listens late is told at once of what changed before', async () => {
  server.answer('/macos.json', SOFA_V2)
  const releases = await start([server.at('/macos.json')])
  const heard: string[] = []
  releases.onChange(() => heard.push('early'))
  await releases.refresh()
  releases.onChange(({ releases: [line] }) => heard.push(line?.releases[0]?.version ?? ''))
  expect(heard).toEqual(['early', '26.7.1'])
})

test('of two sources the newer counts, whichever answers first', async () => {
  server.answer('/old', end('2026-11-10', '2029-01-01'))
  server.answer(
    '/new',
    (_request, response) => void setTimeout(() => response.end(end('2026-11-20', '2028-01-01')), 50),
  )
  const releases = await start([server.at('/new'), server.at('/old')])
  await releases.refresh()
  expect(releases.catalogue().lines[0]).toMatchObject({ supportedUntil: '2028-01-01', asOf: '2026-11-20' })
})

describe('a pin', () => {
  const ed25519 = generateKeyPairSync('ed25519')
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keyPin = (pair: typeof ed25519) =>
    `#key=${pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64url')}`
  const edSignature = (content: string) => sign(null, Buffer.from(content), ed25519.privateKey).toString('base64')

  test.each([
    ['a checksum that is right', `#sha256=${digest(SOFA_V2)}`, undefined, null],
    [
      'a checksum that is not',
      `#sha256=${digest('')}`,
      undefined,
      /its SHA-256 is [0-9a-f]{64}, which is not the pinned one/,
    ],
    ['a signature that is right', keyPin(ed25519), edSignature(SOFA_V2), null],
    [
      'a signature of P-256',
      keyPin(p256),
      `${sign('sha256', Buffer.from(SOFA_V2), p256.privateKey).toString('base64')}\n`,
      null,
    ],
    ['a signature of something else', keyPin(ed25519), edSignature('{}'), /not one of the pinned key/],
    ['a signature of somebody else', keyPin(p256), edSignature(SOFA_V2), /not one of the pinned key/],
    ['no signature', keyPin(ed25519), undefined, /not one of the pinned key/],
    ['a signature without end', keyPin(ed25519), 'A'.repeat(5000), /longer than 4096 bytes/],
  ])('%s', async (_name, pin, signature, problem) => {
    server.answer('/macos.json', SOFA_V2)
    if (signature !== undefined) server.answer('/macos.json.sig', signature)
    const file = write('macos.json', SOFA_V2)
    if (signature !== undefined) write('macos.json.sig', signature)
    const releases = await start([server.at('/macos.json') + pin, file + pin])
    const [, address, onDisk] = await releases.refresh()
    for (const report of [address, onDisk]) {
      expect(report).toMatchObject({
        state: problem ? 'failing' : 'good',
        pinned: pin.startsWith('#key') ? 'key' : 'sha256',
      })
      expect(report?.error?.detail ?? '').toMatch(problem ?? /^$/)
    }
    expect(macos(releases).includes('26.7.1')).toBe(problem === null)
    // What was not verified is not kept either.
    expect(readdirSync(join(folder, 'releases'))).toHaveLength(problem ? 1 : 3)
  })

  test('that is new makes nothing of what was read without it', async () => {
    server.answer('/macos.json', SOFA_V2)
    const first = await start([server.at('/macos.json')])
    await first.refresh()
    await stop(first)
    const releases = await start([`${server.at('/macos.json')}#sha256=${digest('')}`])
    expect(macos(releases)).not.toContain('26.7.1')
  })

  test('keeps out an older copy of what states no day, which without a pin may take something back', async () => {
    const [newer, older] = [SOFA_V1, SOFA_V1.replaceAll('2026-05-20', '2026-05-01').replaceAll('14.8.2', '14.8.0.1')]
    const at = server.at('/macos.json')
    const serve = (content: string) => {
      server.answer('/macos.json', content)
      server.answer('/macos.json.sig', edSignature(content))
    }
    serve(newer)
    const releases = await start([at + keyPin(ed25519), at])
    await releases.refresh()
    serve(older)
    const [, pinned, plain] = await releases.refresh()
    expect(pinned).toMatchObject({
      state: 'failing',
      error: { detail: 'it is of 2026-05-04, and what was read before is of 2026-05-20' },
    })
    expect(plain).toMatchObject({ state: 'good', asOf: '2026-05-04' })
    expect(macos(releases)).toContain('14.8.2')
  })

  test('of a new key counts once the setting names it, and the old key not any more', async () => {
    const signature = (content: string) => sign('sha256', Buffer.from(content), p256.privateKey).toString('base64')
    const file = write('macos.json', SOFA_V2)
    write('macos.json.sig', edSignature(SOFA_V2))
    const old = await start([file + keyPin(ed25519)])
    write('macos.json.sig', signature(SOFA_V2))
    await look(old)
    expect(old.sources()[1]).toMatchObject({ state: 'failing', error: { code: 'releases-unverified' } })
    expect(macos(old)).toContain('26.7.1')
    await stop(old)
    const releases = await start([file + keyPin(p256)])
    expect(releases.sources()[1]).toMatchObject({ state: 'good' })
    expect(macos(releases)).toContain('26.7.1')
  })

  test('a file is read again when its signature comes after it', async () => {
    const file = write('macos.json', SOFA_V2)
    const releases = await start([file + keyPin(ed25519)])
    expect(releases.sources()[1]).toMatchObject({ state: 'failing', error: { code: 'releases-unverified' } })
    write('macos.json.sig', edSignature(SOFA_V2))
    await look(releases)
    expect(macos(releases)).toContain('26.7.1')
  })
})

/** A minute passes, and whatever it sets off is done. */
async function look(releases: Releases): Promise<void> {
  timers.pass(60_000)
  await settledTimers(2)
  expect(releases.sources()).not.toEqual([])
}

function intoFolder(file: string): void {
  rmSync(file)
  mkdirSync(file)
}

describe('files', () => {
  test('are read before the collector starts, and again within a minute of a change', async () => {
    const file = write('windows.yaml', WINDOWS_BUILDS)
    const releases = await start([file], { fetch: noFetch })
    expect(windows(releases)).toContain('26100.9600')
    const heard: number[] = []
    releases.onChange(({ lines }) => heard.push(lines.length))
    await look(releases)
    expect(heard).toEqual([])
    write('windows.yaml', WINDOWS_BUILDS.replaceAll('9600', '9700'))
    await look(releases)
    expect(windows(releases)).toContain('26100.9700')
    expect(windows(releases)).not.toContain('26100.9600')
    expect(heard).toHaveLength(1)
  })

  test('the file of the catalogue too', async () => {
    const releases = await start()
    write('releases.yaml', CATALOGUE_YAML.replace('2026-11-01', '2026-11-22'))
    await look(releases)
    expect(releases.catalogue().date).toBe('2026-11-22')
    write('releases.yaml', 'lines: [')
    await look(releases)
    expect(releases.catalogue().date).toBe('2026-11-22')
    expect(releases.sources()[0]).toMatchObject({ state: 'failing', error: { code: 'releases-invalid' } })
  })

  test('that were only touched change nothing', async () => {
    const file = write('windows.yaml', WINDOWS_BUILDS)
    const releases = await start([file])
    releases.onChange(() => {
      throw new Error('nothing has changed')
    })
    utimesSync(file, new Date(), new Date(0))
    await look(releases)
    expect(logged).toEqual([])
  })

  test.each([
    ['is not there', (file: string) => rmSync(file), 'there is no such file'],
    ['has become a folder', intoFolder, 'it is no file'],
  ])('one that %s keeps what it said', async (_name, damage, detail) => {
    const file = write('windows.yaml', WINDOWS_BUILDS)
    const releases = await start([file])
    damage(file)
    await look(releases)
    expect(releases.sources()[1]).toMatchObject({ state: 'failing', error: { code: 'releases-unreachable', detail } })
    expect(windows(releases)).toContain('26100.9600')
  })

  test('one that is too long, or below a file, is not read', async () => {
    const long = write('long.json', SOFA_V2)
    const limits = { ...SOURCE_LIMITS, bytes: 1400 }
    const releases = await start([long, join(long, 'below.json')], { limits })
    expect(releases.sources().map(({ error }) => error?.detail ?? null)).toEqual([
      null,
      'it is longer than 1400 bytes',
      'there is no such file',
    ])
  })
})

const of = (day: string, revision: number) =>
  MSRC.replaceAll('2026-11-10', day)
    .replaceAll('2026-11-18', day)
    .replaceAll('2026-11-19', day)
    .replaceAll('26100.9610', `26100.${revision}`)
    .replaceAll('26100.9600', `26100.${revision - 1}`)

describe('a source by month', () => {
  test('is read of the last months; what is not out yet is no failure, and what is past is read once', async () => {
    server.answer('/cvrf/2026-Oct', of('2026-10-13', 9500))
    server.answer('/cvrf/2026-Sep', of('2026-09-08', 9400))
    server.answer('/cvrf/2026-Jun', of('2026-06-09', 9100))
    const releases = await start([server.at('/cvrf/{month}')])
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({ source: server.at('/cvrf/{month}'), state: 'good', asOf: '2026-10-13' })
    expect(windows(releases)).toEqual(expect.arrayContaining(['26100.9500', '26100.9400', '26100.9100']))

    server.asked.length = 0
    server.answer('/cvrf/2026-Nov', MSRC)
    await releases.refresh()
    expect(server.asked.map(({ path }) => path)).toEqual(
      ['Nov', 'Oct', 'Aug', 'Jul'].map((month) => `/cvrf/2026-${month}`),
    )
    expect(windows(releases)).toContain('26100.9610')

    // A month later the oldest is left out.
    hours(24 * 30)
    await releases.refresh()
    expect(windows(releases)).not.toContain('26100.9100')
  })

  test('fails where there is nothing of any month', async () => {
    const releases = await start([server.at('/cvrf/{month}')])
    const [, report] = await releases.refresh()
    expect(report).toMatchObject({
      state: 'failing',
      error: { code: 'releases-unreachable', detail: 'it answers 404' },
    })
  })

  test('fails where what was there is gone, and where the last two are missing', async () => {
    server.answer('/cvrf/2026-Oct', of('2026-10-13', 9500))
    const releases = await start([server.at('/cvrf/{month}')])
    expect((await releases.refresh())[1]).toMatchObject({ state: 'good' })
    server.answer('/cvrf/2026-Oct', (_request, response) => void response.writeHead(404).end())
    const gone = { state: 'failing', error: { code: 'releases-unreachable', detail: 'it answers 404' } }
    expect((await releases.refresh())[1]).toMatchObject(gone)
    hours(24 * 30)
    expect((await releases.refresh())[1]).toMatchObject(gone)
    expect(windows(releases)).toContain('26100.9500')
  })

  test('may be files', async () => {
    write('msrc-2026-Nov.json', MSRC)
    const releases = await start([join(folder, 'msrc-{month}.json')], { fetch: noFetch })
    expect(windows(releases)).toContain('26100.9610')
    expect(releases.sources()[1]).toMatchObject({ state: 'good' })
  })
})

test('a source that is none is refused', async () => {
  await expect(start(['http://feeds.example/a'])).rejects.toThrow(
    expect.objectContaining({ code: 'config-invalid' }) as Error,
  )
})

test('a copy that cannot be kept is told, and read all the same', async () => {
  server.answer('/macos.json', SOFA_V2)
  const releases = await start([server.at('/macos.json')])
  rmSync(join(folder, 'releases'), { recursive: true })
  await releases.refresh()
  expect(macos(releases)).toContain('26.7.1')
  expect(logged).toContain('a copy of a release source cannot be kept')
})

test('closing waits for no source, and nothing is told or kept afterwards', async () => {
  const wasAsked = new Promise<void>((resolve) => {
    server.answer('/slow', () => resolve())
  })
  const releases = await start([server.at('/slow'), server.at('/macos.json')])
  releases.onChange(() => logged.push('changed'))
  timers.pass(1000)
  await wasAsked
  timers.pass(60_000)
  await stop(releases)
  expect([logged, timers.waits()]).toEqual([[], []])
  expect(releases.sources()[1]).toMatchObject({ state: 'unread' })
})

test('with the clocks of the machine it fetches by itself, and holds no process up', async () => {
  server.answer('/macos.json', SOFA_V2)
  const releases = await start([server.at('/macos.json')], { timers: realTimers })
  await new Promise<void>((resolve) => releases.onChange(() => resolve()))
  expect(macos(releases)).toContain('26.7.1')
  expect(existsSync(join(folder, 'releases'))).toBe(true)
})

test('no pin, no query and no content stands in the report', async () => {
  const address = `${server.at('/macos.json?token=hunter2')}#sha256=${digest(SOFA_V2)}`
  server.answer('/macos.json?token=hunter2', SOFA_V2)
  const releases = await start([address])
  const reports = JSON.stringify(await releases.refresh())
  expect(reports).not.toMatch(/hunter2|sha256=/)
  expect(readFileSync(join(folder, 'releases.yaml'), 'utf8')).toBe(CATALOGUE_YAML)
})
