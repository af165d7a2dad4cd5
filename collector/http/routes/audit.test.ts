import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Type, type TSchema } from 'typebox'
import { testCollector, type TestCollector } from '../../../test/fakes/collector.ts'
import { parserOf } from '../../../shared/schema.ts'

let collector: TestCollector
let key: string
let decider: string
const DENIALS = 1200
beforeAll(async () => {
  collector = await testCollector()
  key = await collector.gatewayKey('admin')
  decider = await collector.gatewayKey('decide', 'vouch')
  for (let n = 0; n < DENIALS; n += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, of) => denied(`dev_${n + of}`)))
    collector.clock.now = new Date(collector.clock.now.getTime() + 1000)
  }
})
afterAll(() => collector.close())

const denied = (device: string) =>
  fetch(`${collector.issuerUrl}/v1/forward-auth/internal`, {
    headers: { 'muster-gateway-key': decider, 'muster-device': device },
  })

async function ask(query = '', headers: Record<string, string> = {}) {
  const url = `${collector.issuerUrl}/v1/admin/audit${query}`
  const response = await fetch(url, { headers: { authorization: `Bearer ${key}`, ...headers } })
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text(), response }
}

type Line = { seq: number; at: string; kind: string; previous: string | null; hash: string; device?: string }
type Page = { items: Line[]; next: string | null }
const pageIn = (text: string) => JSON.parse(text) as Page
const linesIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

async function everyPage(query: string): Promise<Line[]> {
  const all: Line[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = pageIn((await ask(`?${query}${after && `&after=${after}`}`)).text)
    all.push(...page.items)
    after = page.next
  }
  return all
}

describe('pages', () => {
  test('come in the order of the log, each line once', async () => {
    const all = await everyPage('limit=500')
    expect(all.length).toBeGreaterThan(DENIALS)
    expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: all.length }, (_, n) => n + 1))
    expect(all.slice(1).map(({ previous }) => previous)).toEqual(all.slice(0, -1).map(({ hash }) => hash))
    expect(new Set(all.map(({ device }) => device).filter(Boolean)).size).toBe(DENIALS)
  })

  test('are a hundred lines where nothing is said, and not kept by anybody', async () => {
    const { status, type, text, response } = await ask()
    expect([status, type, response.headers.get('cache-control')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'no-store',
    ])
    expect(pageIn(text).items.length).toBe(100)
    for (const accept of ['*/*', 'application/json', 'text/html', 'application/jsonl;q=0, */*']) {
      expect(pageIn((await ask('', { accept })).text).items.length).toBe(100)
    }
  })

  test('of a span of time have what lies in it, and nothing else', async () => {
    const all = await everyPage('limit=1000')
    const [from, to] = [all[300]!.at, all[900]!.at]
    const wanted = all.filter(({ at }) => at >= from && at < to)
    expect(await everyPage(`limit=70&from=${from}&to=${to}`)).toEqual(wanted)
    expect(wanted.length).toBeGreaterThan(100)
    expect((await everyPage(`from=${to}`)).length).toBe(all.filter(({ at }) => at >= to).length)
    expect(await everyPage(`from=${from}&to=${from}`)).toEqual([])
  })

  test('are what the description says', async () => {
    const description = await (await fetch(`${collector.issuerUrl}/openapi.json`)).json()
    type Described = { content: Record<string, { schema: TSchema }> }
    const { paths } = description as { paths: Record<string, Record<string, { responses: Record<string, Described> }>> }
    const { responses } = paths['/v1/admin/audit']?.['get'] ?? { responses: {} }
    const schema = responses['200']?.content['application/json']?.schema ?? Type.Never()
    expect(parserOf(schema)(JSON.parse((await ask()).text)).ok).toBe(true)
  })
})

describe('JSON lines', () => {
  const accept = { accept: 'application/jsonl' }

  test('are the whole log', async () => {
    const { status, type, text } = await ask('', accept)
    expect([status, type]).toEqual([200, 'application/jsonl; charset=utf-8'])
    expect((await ask('', { accept: 'Application/X-NDJSON, */*;q=0.1' })).text).toBe(text)
    expect(linesIn(text)).toEqual(await everyPage('limit=1000'))
  })

  test('of a span, or from where somebody stopped', async () => {
    const all = await everyPage('limit=1000')
    const { at: from } = all[700]!
    expect(linesIn((await ask(`?from=${from}`, accept)).text)).toEqual(all.filter(({ at }) => at >= from))
    const { next } = pageIn((await ask('?limit=10')).text)
    expect(linesIn((await ask(`?after=${next}`, accept)).text)).toEqual(all.slice(10))
    expect((await ask('?from=2099-01-01T00:00:00Z', accept)).text).toBe('')
  })
})

const wrong: [query: string, accept: string][] = [
  ['?limit=0', '*/*'],
  ['?limit=1001', '*/*'],
  ['?limit=ten', '*/*'],
  ['?from=yesterday', '*/*'],
  ['?from=2026-11-25T10:00:00Z&to=2026-11-25T09:00:00Z', '*/*'],
  ['?after=12', '*/*'],
  ['?after=1.2.3', '*/*'],
  ['?after=%27%20or%201', '*/*'],
  ['?device=dev_1', '*/*'],
  ['?limit=5', 'application/jsonl'],
  ['?after=x', 'application/jsonl'],
]
test.each(wrong)('what is not understood is refused: %s as %s', async (query, accept) => {
  const { status, text } = await ask(query, { accept })
  expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([400, 'request-invalid'])
})

test('nobody without the scope reads it', async () => {
  expect((await ask('', { authorization: '' })).status).toBe(401)
  expect((await ask('', { authorization: `Bearer ${decider}` })).status).toBe(403)
})
