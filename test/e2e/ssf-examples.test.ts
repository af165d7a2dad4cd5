import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { NO_VECTORS, VECTORS } from '../fakes/vectors.ts'

const FILE = 'caep/ssf-1_0-http-examples.txt'
const ID = 'f67e39a0a4d34d56b3aa1bc4cff0069f'

type Example = {
  method: string
  path: string
  headers: Record<string, string>
  body: string
  status: number
  keys: string[]
}

/** The requests of the specification, each with the status and the members of the answer that stands after it. */
function readExamples(): Example[] {
  const messages = readFileSync(join(VECTORS, FILE), 'utf8')
    .split('\n=====\n')
    .map((text) => text.trim())
  return messages.flatMap((text, index) => {
    const [, method, path] = /^(GET|POST|PATCH|PUT|DELETE) (\S+) HTTP/.exec(text) ?? []
    if (method === undefined || path === undefined) return []
    const answer = messages.slice(index).find((it) => it.startsWith('HTTP/1.1 ')) ?? ''
    const { headers, body } = parted(text)
    return [{ method, path, headers, body, status: Number(answer.split(' ')[1]), keys: keysIn(parted(answer).body) }]
  })
}

/** The members of an object, or of the first of a list. */
function keysIn(json: string): string[] {
  const told = [JSON.parse(json || '{}')].flat() as object[]
  return Object.keys(told[0] ?? {})
}

/** What is told of a stream only where it was asked for. */
const OPTIONAL = new Set(['reason', 'events_requested', 'description'])

function parted(message: string): { headers: Record<string, string>; body: string } {
  const [head = '', body = ''] = message.split(/\n\n(.*)/s)
  const lines = head.split('\n').slice(1)
  return {
    headers: Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)) as [string, string][]),
    body,
  }
}

// Metadata of a transmitter with a path in its name, and of an older specification: we have neither.
const OTHERS = new Set(['/.well-known/ssf-configuration/issuer1', '/.well-known/risc-configuration'])
const examples = NO_VECTORS ? [] : readExamples().filter(({ path }) => !OTHERS.has(path))

describe.skipIf(NO_VECTORS !== '')(`the exchanges of SSF 1.0${NO_VECTORS}`, () => {
  let collector: TestCollector
  let key: string
  beforeAll(async () => {
    collector = await testCollector({ settings: { 'push-targets': '127.0.0.1' } })
  })
  afterAll(() => collector.close())
  beforeEach(async () => {
    key = await collector.gatewayKey('events')
  })

  type Answer = { status: number; type: string | undefined; cache: string | undefined; text: string }

  /** As it stands in the example, which leaves out the type of most bodies. */
  function send({ method, path, headers, body }: Omit<Example, 'status' | 'keys'>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const own = { ...headers, ...(headers['Authorization'] !== undefined && { Authorization: `Bearer ${key}` }) }
      const call = request(`${collector.issuerUrl}${path}`, { method, headers: own }, (response) => {
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        response.on('end', () => {
          const { 'content-type': type, 'cache-control': cache } = response.headers
          resolve({ status: response.statusCode ?? 0, type, cache, text })
        })
      })
      call.on('error', reject)
      call.end(body)
    })
  }

  /** With the names of ours, and an address that there is. */
  async function ours(example: Example): Promise<Example> {
    const asked = { method: 'POST', path: '/ssf/stream', headers: { Authorization: '' }, body: '{}' }
    const own = example.path === '/ssf/stream' && example.method === 'POST' ? null : await send(asked)
    const id = own ? (JSON.parse(own.text) as { stream_id: string }).stream_id : ''
    const body = example.body
      .replaceAll(ID, id)
      .replace('https://receiver.example.com/events', 'https://127.0.0.1:9/events')
      // RFC 9493 has no format "phone", and no device of ours has a number.
      .replace(/"format": "phone",\s*"phone_number": "[^"]*"/, '"format": "email", "email": "ana@example.com"')
    return { ...example, path: example.path.replace(ID, id), body }
  }

  test('are all here', () => {
    expect(examples.map(({ method, path }) => `${method} ${path.split('?')[0]}`)).toEqual([
      'GET /.well-known/ssf-configuration',
      'POST /ssf/stream',
      'GET /ssf/stream',
      'GET /ssf/stream',
      'PATCH /ssf/stream',
      'PUT /ssf/stream',
      'DELETE /ssf/stream',
      'GET /ssf/status',
      'POST /ssf/status',
      'POST /ssf/status',
      'POST /ssf/subjects:add',
      'POST /ssf/subjects:remove',
      'POST /ssf/verify',
    ])
  })

  test.each(examples)('$method $path', async (example) => {
    const { status, type, cache, text } = await send(await ours(example))
    const isAbout = example.path.startsWith('/ssf/')
    expect([status, cache]).toEqual([example.status, isAbout ? 'no-store' : undefined])
    expect([type?.split(';')[0], text === '']).toEqual(
      example.keys.length === 0 ? [undefined, true] : ['application/json', false],
    )
    expect(keysIn(text)).toEqual(expect.arrayContaining(example.keys.filter((name) => !OPTIONAL.has(name))))
  })
})
