import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import { ISSUER } from '../fakes/fleet.ts'
import { NO_VECTORS, readVectors } from '../fakes/vectors.ts'
import { recordsDecider } from './records-fixture.ts'
import { served, type Answered, type Served } from './served.ts'

let pdp: Served
beforeAll(async () => {
  pdp = await served(recordsDecider)
})
afterAll(() => pdp.close())

type Case = {
  section: string
  label: string
  endpoint: string
  request: Record<string, unknown>
  status: number
  body: { decision?: boolean; evaluations?: { decision: boolean }[]; results?: Record<string, unknown>[] } | null
  body_match: string | null
}
const cases = NO_VECTORS === '' ? (readVectors('authzen/certification/cases.json') as { cases: Case[] }).cases : []
const named = cases.map((it, index) => ({ ...it, name: `${index + 1} ${it.section} ${it.label.split('**')[0]}` }))
const responseSchema =
  NO_VECTORS === '' ? (readVectors('authzen/schemas/evaluation-response.schema.json') as Record<string, unknown>) : {}
const parseDecision = parserOf(responseSchema)

const ALICE_READS = {
  subject: { type: 'user', id: 'alice' },
  action: { name: 'read' },
  resource: { type: 'record', id: 'record-1' },
}
const EVALUATION = '/access/v1/evaluation'
const EVALUATIONS = '/access/v1/evaluations'
const SEARCHES = ['/access/v1/search/subject', '/access/v1/search/resource', '/access/v1/search/action']

const anyDecision = expect.objectContaining({ decision: expect.any(Boolean) })
const anyPage = expect.objectContaining({ next_token: expect.any(String) })
const objectsOf = (all: readonly object[] = []) => all.map((it) => expect.objectContaining(it))
const evaluationsOf = ({ request }: Case) => request['evaluations'] as unknown[]

/** What the body of an answer has to be, by how the scenario compares it. */
const EXPECTED: Record<string, (it: Case) => unknown> = {
  error: ({ status }) => expect.objectContaining({ status, code: 'request-invalid', detail: expect.any(String) }),
  decision: ({ body }) => expect.objectContaining(body ?? {}),
  exact_decisions_in_order: ({ body }) => ({ evaluations: objectsOf(body?.evaluations) }),
  results_superset: ({ body }) => ({ results: expect.arrayContaining(objectsOf(body?.results)), page: anyPage }),
  results_empty: () => ({ results: [], page: { next_token: '', count: 0 } }),
  'structure_only /access/v1/evaluations': (it) => ({ evaluations: evaluationsOf(it).map(() => anyDecision) }),
  'structure_only /access/v1/search/subject': () => ({ results: expect.any(Array), page: anyPage }),
}

function expectedOf(it: Case): unknown {
  const how = it.status === 200 ? (it.body_match ?? '') : 'error'
  return (EXPECTED[how] ?? EXPECTED[`${how} ${it.endpoint}`])?.(it)
}

const isAction = ({ name }: Record<string, unknown>) => typeof name === 'string'

/** What is wrong with the form of an answer that is no error. */
function problemsOf({ body }: Answered, { endpoint, request }: Case): unknown[] {
  if (!endpoint.includes('/search/')) {
    const many = body['evaluations'] as unknown[] | undefined
    return (many ?? [body]).filter((it) => !parseDecision(it).ok)
  }
  const sought = endpoint.slice(endpoint.lastIndexOf('/') + 1)
  const isEntity = ({ type, id }: Record<string, unknown>) =>
    typeof id === 'string' && type === (request[sought] as { type: string }).type
  const results = body['results'] as Record<string, unknown>[]
  return results.filter((it) => !(sought === 'action' ? isAction(it) : isEntity(it)))
}

/** A question for the page behind the first, which the scenario wants asked with a token that was given out. */
async function withToken(it: Case): Promise<Case['request']> {
  const page = it.request['page'] as { token?: string } | undefined
  if (page?.token === undefined) return it.request
  const first = await pdp.ask(it.endpoint, { ...it.request, page: { limit: 1 } })
  return { ...it.request, page: { token: (first.body['page'] as { next_token: string }).next_token } }
}

describe.skipIf(NO_VECTORS !== '')(`the cases of the certification scenario${NO_VECTORS}`, () => {
  test('are all here', () => {
    expect(cases).toHaveLength(50)
  })

  test.each(named)('$name', async (it) => {
    const answer = await pdp.ask(it.endpoint, await withToken(it), { 'x-request-id': it.section })
    expect(answer.status).toBe(it.status)
    expect(answer.headers.get('x-request-id')).toBe(it.section)
    expect(answer.headers.get('content-type')).toMatch(/^application\/(problem\+)?json(;|$)/)
    expect(answer.body).toEqual(expectedOf(it))
    expect(it.status === 200 ? problemsOf(answer, it) : []).toEqual([])
  })

  test('the page behind the first holds the rest', async () => {
    const it = cases.find(({ section }) => section === 'c-4-5-2')!
    const { body } = await pdp.ask(it.endpoint, await withToken(it))
    expect(body).toMatchObject({ results: [{ id: 'bob' }], page: { next_token: '', count: 1 } })
  })

  test('a search gives the same answers whatever id or context is sent along', async () => {
    const sections = [
      ['c-4-2-1', 'c-4-2-2', 'c-4-2-3'],
      ['c-4-3-1', 'c-4-3-2', 'c-4-3-3'],
      ['c-4-4-1', 'c-4-4-2'],
    ]
    for (const alike of sections) {
      const asked = alike.map((section) => cases.find((it) => it.section === section)!)
      const answers = await Promise.all(asked.map(async (it) => (await pdp.ask(it.endpoint, it.request)).body))
      expect(answers).toEqual(answers.map(() => answers[0]))
    }
  })
})

// What the scenario asks for in words.
describe('the scenario', () => {
  test.each([EVALUATION, EVALUATIONS, ...SEARCHES])('refuses what is no JSON text of an object at %s', async (path) => {
    const good = JSON.stringify(ALICE_READS)
    const refused: [body: string, headers: Record<string, string>][] = [
      [good, { 'content-type': 'text/plain' }],
      [good, { 'content-type': 'application/xml' }],
      [good, { 'content-type': 'application/x-www-form-urlencoded' }],
      [good, { 'content-type': 'application/vnd.api+json' }],
      [good, { 'content-type': '' }],
      ['', {}],
      [' ', {}],
      ['{', {}],
      [`${good}x`, {}],
      ['null', {}],
      ['[]', {}],
      ['"alice"', {}],
      ['7', {}],
      [`{"__proto__":{"subject":1},${good.slice(1)}`, {}],
    ]
    for (const [body, headers] of refused) {
      const answer = await pdp.ask(path, body, { 'x-request-id': 'r-1', ...headers })
      expect([body, answer.status]).toEqual([body, 400])
      expect(answer.body).toMatchObject({ code: 'request-invalid', detail: expect.any(String) })
      expect(answer.headers.get('x-request-id')).toBe('r-1')
    }
  })

  test('takes JSON with a character set, and asks for no request id', async () => {
    const answer = await pdp.ask(EVALUATION, ALICE_READS, { 'content-type': 'application/json; charset=utf-8' })
    expect([answer.status, answer.body]).toEqual([200, { decision: true }])
  })

  test('sends back a request id of any length, also with an error', async () => {
    for (const id of ['r', 'bfe9eb29-ab87-4ca3-be83-a1d5d8305716', 'x'.repeat(3000), 'a b;c="d"']) {
      const headers = { 'x-request-id': id }
      for (const [path, body] of [
        [EVALUATION, ALICE_READS],
        [EVALUATION, '{'],
        ['/nothing', {}],
      ] as const)
        expect((await pdp.ask(path, body, headers)).headers.get('x-request-id')).toBe(id)
      const unknown = await pdp.ask(EVALUATION, ALICE_READS, { ...headers, authorization: 'Bearer mgw_wrong' })
      expect([unknown.status, unknown.headers.get('x-request-id')]).toEqual([401, id])
    }
  })

  test('gives the same decision each time', async () => {
    for (let times = 0; times < 20; times++) {
      expect((await pdp.ask(EVALUATION, ALICE_READS)).body).toEqual({ decision: true })
      const bob = { ...ALICE_READS, subject: { type: 'user', id: 'bob' }, action: { name: 'write' } }
      expect((await pdp.ask(EVALUATION, bob)).body).toEqual({ decision: false })
    }
  })

  test.each([EVALUATION, EVALUATIONS, ...SEARCHES])('answers nobody without a key at %s', async (path) => {
    for (const authorization of ['', 'Bearer', 'Bearer mgw_wrong', 'Basic YTpi', 'mgw_wrong']) {
      // Before the body is looked at.
      const answer = await pdp.ask(path, '{', { authorization })
      expect([authorization, answer.status]).toEqual([authorization, 401])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm=/)
      expect(answer.body).not.toHaveProperty('decision')
    }
  })

  test('finds the endpoints by the metadata, which needs no key', async () => {
    const { status, headers, body } = await pdp.get('/.well-known/authzen-configuration', {
      authorization: '',
      'x-request-id': 'r-2',
    })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json(;|$)/)
    expect(headers.get('x-request-id')).toBe('r-2')
    expect(body).toEqual({
      policy_decision_point: ISSUER,
      access_evaluation_endpoint: `${ISSUER}${EVALUATION}`,
      access_evaluations_endpoint: `${ISSUER}${EVALUATIONS}`,
      search_subject_endpoint: `${ISSUER}/access/v1/search/subject`,
      search_resource_endpoint: `${ISSUER}/access/v1/search/resource`,
      search_action_endpoint: `${ISSUER}/access/v1/search/action`,
    })
    const { policy_decision_point: _, ...endpoints } = body
    for (const endpoint of Object.values(endpoints)) {
      expect(endpoint).toMatch(/^https:\/\/[^?#]+$/)
      expect((await pdp.ask(new URL(String(endpoint)).pathname, {})).status).toBe(400)
    }
  })

  test('finds nothing for a type that nobody knows, in every search', async () => {
    const nothing = { results: [], page: { next_token: '', count: 0 } }
    const [subjects, resources, actions] = SEARCHES as [string, string, string]
    const spaceship = { type: 'spaceship', id: 'x' }
    expect((await pdp.ask(subjects, { ...ALICE_READS, subject: spaceship })).body).toEqual(nothing)
    expect((await pdp.ask(subjects, { ...ALICE_READS, resource: spaceship })).body).toEqual(nothing)
    expect((await pdp.ask(resources, { ...ALICE_READS, resource: spaceship })).body).toEqual(nothing)
    expect((await pdp.ask(resources, { ...ALICE_READS, subject: spaceship })).body).toEqual(nothing)
    expect((await pdp.ask(actions, { ...ALICE_READS, subject: spaceship })).body).toEqual(nothing)
    expect((await pdp.ask(actions, { ...ALICE_READS, resource: spaceship })).body).toEqual(nothing)
  })
})
