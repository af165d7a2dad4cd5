import { afterAll, beforeAll, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../../test/fakes/collector.ts'
import { describedWhole } from './openapi.ts'

type Operation = {
  summary?: string
  security?: object[]
  parameters?: { name: string; in: string }[]
  requestBody?: { content: object }
  responses: Record<string, { description: string; content?: object }>
}
type Description = {
  paths: Record<string, Record<string, Operation>>
  components: { securitySchemes: Record<string, object> }
}

let collector: TestCollector
let text: string
let description: Description
let operations: [name: string, operation: Operation][]

beforeAll(async () => {
  collector = await testCollector()
  text = await (await fetch(`${collector.issuerUrl}/openapi.json`)).text()
  description = JSON.parse(text) as Description
  operations = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, it]): [string, Operation] => [`${method.toUpperCase()} ${path}`, it]),
  )
})
afterAll(() => collector.close())

const names = (where: (operation: Operation) => boolean) =>
  operations.flatMap(([name, operation]) => (where(operation) ? [name] : []))

test('has only the methods that OpenAPI knows, though forward authentication takes any', () => {
  expect(operations.length).toBeGreaterThan(60)
  expect(names(() => true).filter((name) => !/^(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE) \//.test(name))).toEqual(
    [],
  )
})

test('says of every route what it is for, and what comes back where all is well', () => {
  expect(names(({ summary }) => !summary)).toEqual([])
  expect(names(({ responses }) => !Object.keys(responses).some((status) => status.startsWith('2')))).toEqual([])
  expect(names(({ responses }) => Object.values(responses).some((it) => !it.description))).toEqual([])
})

test('names each part of a path', () => {
  const missing = operations.flatMap(([name, { parameters = [] }]) =>
    [...name.matchAll(/\{(\w+)\}/g)].flatMap(([, part]) =>
      parameters.some((it) => it.in === 'path' && it.name === part) ? [] : [`${name} ${part}`],
    ),
  )
  expect(missing).toEqual([])
})

test('asks for a key exactly where a request without one is refused for it', async () => {
  const asked = operations.filter(([name]) => !name.startsWith('TRACE '))
  const refused = await Promise.all(
    asked.map(async ([name]) => {
      const [method = '', path = ''] = name.split(' ')
      const form = new URLSearchParams({ grant_type: 'client_credentials', token: 'x' })
      const body = ['GET', 'HEAD'].includes(method) ? {} : { body: path.startsWith('/oauth/') ? form : '' }
      const url = collector.issuerUrl + path.replaceAll(/\{\w+\}/g, 'x')
      const reply = await fetch(url, { method, redirect: 'manual', ...body })
      const challenge = reply.headers.get('www-authenticate') ?? ''
      await reply.body?.cancel()
      return reply.status === 401 && /^(Bearer|Basic)/.test(challenge) ? [name] : []
    }),
  )
  const expected = asked.flatMap(([name, { security }]) => (security ? [name] : []))
  expect(refused.flat().toSorted()).toEqual(expected.toSorted())
})

test('every way to prove oneself that a route names is described, and every reference leads somewhere', () => {
  const ways = new Set(operations.flatMap(([, { security = [] }]) => security.flatMap((it) => Object.keys(it))))
  expect([...ways].toSorted()).toEqual(Object.keys(description.components.securitySchemes).toSorted())
  expect(text).not.toContain('"$ref"')
})

const described = (mutualTls: boolean) =>
  JSON.stringify(describedWhole({ paths: { '/x': { get: { security: [] } } } }, mutualTls))

test('tells of the certificate of a gateway only where one is asked for', () => {
  expect(described(true)).toContain('{"certificate":[]}')
  expect(described(false)).not.toContain('certificate')
})
