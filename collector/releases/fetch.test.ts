import { createServer, type AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { feedServer, type FeedServer } from '../../test/fakes/feed-server.ts'
import { fetchSource, type Fetch, type FetchOptions } from './fetch.ts'
import { SOURCE_LIMITS } from './source.ts'

let server: FeedServer
beforeAll(async () => {
  server = await feedServer()
})
afterAll(() => server.close())

const never = new AbortController().signal
const fetchAt = (address: string, more: Partial<FetchOptions> = {}) =>
  fetchSource(address, {
    fetch: globalThis.fetch,
    etag: null,
    maxBytes: 1000,
    limits: SOURCE_LIMITS,
    signal: never,
    ...more,
  })
const refused = (detail: RegExp) =>
  expect.objectContaining({ code: 'releases-unreachable', message: expect.stringMatching(detail) as string }) as Error
const textOf = (fetched: Awaited<ReturnType<typeof fetchSource>>) =>
  fetched.kind === 'content' ? Buffer.from(fetched.bytes).toString() : fetched.kind

test('says who asks, and for what', async () => {
  server.answer('/plain', 'a feed')
  expect(textOf(await fetchAt(server.at('/plain')))).toBe('a feed')
  expect(server.asked.at(-1)?.headers).toMatchObject({
    'user-agent': expect.stringMatching(/^muster-collector\/\d/) as string,
    accept: expect.stringMatching(/^application\/json/) as string,
  })
  expect(server.asked.at(-1)?.headers).not.toHaveProperty('if-none-match')
})

describe('an ETag', () => {
  test.each([
    ['"abc"', '"abc"'],
    ['W/"abc"', 'W/"abc"'],
    ['abc', null],
    [`"${'a'.repeat(300)}"`, null],
  ])('%s is kept as %s', async (etag, kept) => {
    server.answer('/etag', (_request, response) => void response.setHeader('etag', etag).end('x'))
    expect(await fetchAt(server.at('/etag'))).toMatchObject({ etag: kept })
  })

  test('is asked for, and an answer that it still holds is one', async () => {
    server.answer('/etag', (_request, response) => void response.writeHead(304).end())
    expect(await fetchAt(server.at('/etag'), { etag: '"abc"' })).toEqual({ kind: 'unchanged' })
    expect(server.asked.at(-1)?.headers['if-none-match']).toBe('"abc"')
  })

  test('that nobody asked for holds nothing', async () => {
    server.answer('/etag', (_request, response) => void response.writeHead(304).end())
    await expect(fetchAt(server.at('/etag'))).rejects.toThrow(refused(/it answers 304/))
  })
})

test.each([
  [404, 'missing'],
  [410, 'missing'],
])('%i is nothing', async (status, kind) => {
  server.answer('/status', (_request, response) => void response.writeHead(status).end('x'))
  expect(await fetchAt(server.at('/status'))).toEqual({ kind, status })
})

test.each([204, 206, 400, 401, 403, 429, 500, 503])('%i is a failure', async (status) => {
  server.answer('/status', (_request, response) => void response.writeHead(status).end())
  await expect(fetchAt(server.at('/status'))).rejects.toThrow(refused(new RegExp(`it answers ${status}`)))
})

const leadsTo = (path: string, location?: string, status = 302) =>
  server.answer(
    path,
    (_request, response) => void response.writeHead(status, location === undefined ? {} : { location }).end(),
  )

const moved: Fetch = async (address) =>
  address.href === 'https://feeds.example/a'
    ? new Response(null, { status: 301, headers: { location: 'https://other.example/b' } })
    : new Response(address.href)

describe('a redirect', () => {
  test.each([301, 302, 303, 307, 308])('%i is followed', async (status) => {
    server.answer('/there', 'a feed')
    leadsTo('/here', '/there', status)
    expect(textOf(await fetchAt(server.at('/here')))).toBe('a feed')
  })

  test.each([
    ['to where it began', '/round', /redirects more than 5 times/],
    ['to plain HTTP elsewhere', 'http://feeds.example/a', /not https/],
    ['to a file', 'file:///etc/passwd', /not https/],
    ['to no address', 'http://', /redirects to no address/],
    ['to nowhere', undefined, /redirects to no address/],
  ])('%s is not', async (_name, location, detail) => {
    leadsTo('/round', location)
    await expect(fetchAt(server.at('/round'))).rejects.toThrow(refused(detail))
  })

  test('from elsewhere to this machine is not followed, whatever the scheme', async () => {
    const asked: string[] = []
    const fetch: Fetch = async (address) => {
      asked.push(address.href)
      return new Response(null, { status: 302, headers: { location: server.at('/plain') } })
    }
    await expect(fetchAt('https://feeds.example/a', { fetch })).rejects.toThrow(refused(/not https/))
    expect(asked).toEqual(['https://feeds.example/a'])
  })

  test('from https to https is', async () => {
    expect(textOf(await fetchAt('https://feeds.example/a', { fetch: moved }))).toBe('https://other.example/b')
  })
})

describe('too much', () => {
  test.each<[name: string, more: object, body: string | Buffer]>([
    ['that says so', {}, 'x'.repeat(1001)],
    ['that does not say so', { 'transfer-encoding': 'chunked' }, 'x'.repeat(1001)],
    ['once unpacked', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(1001))],
    ['out of next to nothing', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(50_000_000)).subarray(0, 900)],
  ])('%s is not read to its end', async (_name, headers, body) => {
    server.answer('/much', (_request, response) => void response.writeHead(200, { ...headers }).end(body))
    await expect(fetchAt(server.at('/much'))).rejects.toThrow(refused(/longer than 1000 bytes/))
  })

  test('is one byte too many, packed or not', async () => {
    server.answer('/enough', 'x'.repeat(1000))
    expect(textOf(await fetchAt(server.at('/enough')))).toHaveLength(1000)
    server.answer(
      '/enough',
      (_request, response) => void response.setHeader('content-encoding', 'gzip').end(gzipSync('x'.repeat(1000))),
    )
    expect(textOf(await fetchAt(server.at('/enough')))).toHaveLength(1000)
  })
})

describe('a server that', () => {
  const limits = { ...SOURCE_LIMITS, fetchMs: 150 }

  test('never answers is given up', async () => {
    server.answer('/slow', () => undefined)
    await expect(fetchAt(server.at('/slow'), { limits })).rejects.toThrow(refused(/not there within 0\.15 s/))
  })

  test('answers a byte at a time is given up', async () => {
    server.answer('/slow', (_request, response) => {
      const drip = setInterval(() => response.write('x'), 20)
      response.on('close', () => clearInterval(drip))
    })
    await expect(fetchAt(server.at('/slow'), { limits })).rejects.toThrow(refused(/not there within/))
  })

  test('ends too early has said nothing', async () => {
    server.answer('/cut', (_request, response) => {
      response.writeHead(200, { 'content-length': 500 })
      response.write('half of it', () => response.destroy())
    })
    await expect(fetchAt(server.at('/cut'))).rejects.toThrow(refused(/cannot be fetched/))
  })

  test('packs what is not packed has said nothing', async () => {
    server.answer(
      '/packed',
      (_request, response) => void response.setHeader('content-encoding', 'gzip').end('not packed'),
    )
    await expect(fetchAt(server.at('/packed'))).rejects.toThrow(refused(/cannot be fetched/))
  })

  test.each([
    [
      'says less than it sends is read as far as it says',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n0123456789',
      '01234',
    ],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n', null],
  ])('%s', async (_name, bytes, expected) => {
    const raw = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end(bytes)
    })
    await new Promise<void>((resolve) => void raw.listen(0, '127.0.0.1', resolve))
    const address = `http://127.0.0.1:${(raw.address() as AddressInfo).port}/`
    const answer = await fetchAt(address).then(textOf, (error: unknown) => error)
    raw.close()
    expect(answer).toEqual(expected ?? refused(/cannot be fetched/))
  })

  test('is not there says so', async () => {
    const gone = await feedServer()
    const address = gone.at('/')
    await gone.close()
    await expect(fetchAt(address)).rejects.toThrow(refused(/cannot be fetched: ECONNREFUSED/))
  })
})

test('a collector that closes waits for nobody', async () => {
  server.answer('/slow', () => undefined)
  const closing = new AbortController()
  const fetching = fetchAt(server.at('/slow'), { signal: closing.signal })
  closing.abort()
  await expect(fetching).rejects.toThrow(refused(/cannot be fetched/))
})

const outOfLuck: Fetch = async () => Promise.reject(new Error('out of luck'))

test('whatever fetch throws is a reason', async () => {
  await expect(fetchAt('https://feeds.example/a', { fetch: outOfLuck })).rejects.toThrow(refused(/out of luck/))
})
