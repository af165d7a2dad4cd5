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

/** What every answer of 200 holds to, whatever it is asked. */
function expectForm({ headers, body }: Answered, { endpoint, request }: Case): void {
  expect(headers.get('content-type')).toMatch(/^application\/json(;|$)/)
  if (endpoint.includes('/search/')) return expectPage(body, request)
  const many = body['evaluations'] as unknown[] | undefined
  for (const answer of many ?? [body]) expect(parseDecision(answer)).toEqual({ ok: true, value: answer })
  const asked = request['evaluations'] as unknown[] | undefined
  expect(many?.length ?? 0).toBe(asked?.length ?? 0)
  if (many) expect(body).not.toHaveProperty('decision')
}

function expectPage(body: Record<string, unknown>, request: Record<string, unknown>): void {
  expect(body).toEqual({
    results: expect.any(Array),
    page: { next_token: expect.any(String), count: (body['results'] as unknown[]).length },
  })
  for (const result of body['results'] as Record<string, unknown>[]) {
    const action = { name: expect.any(String) }
    const entity = expect.objectContaining({ type: expect.any(String), id: expect.any(String) })
    expect(result).toEqual('action' in request ? entity : action)
  }
}

describe.skipIf(NO_VECTORS !== '')(`the cases of the certification scenario${NO_VECTORS}`, () => {
  test('are all here', () => {
    expect(cases).toHaveLength(50)
  })

  test.each(named)('$name', async (it) => {
    const { endpoint, request, status, body, body_match: match } = it
    const page = request['page'] as { token?: string } | undefined
    if (page?.token !== undefined) {
      const first = await pdp.ask(endpoint, { ...request, page: { limit: 1 } })
      page.token = (first.body['page'] as { next_token: string }).next_token
      expect(page.token).not.toBe('')
    }
    const answer = await pdp.ask(endpoint, request, { 'x-request-id': it.section })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('x-request-id')).toBe(it.section)
    if (status !== 200) return expect(answer.body).toMatchObject({ status, detail: expect.any(String) })
    expectForm(answer, it)

    if (match === 'decision') expect(answer.body).toMatchObject(body!)
    if (match === 'exact_decisions_in_order') {
      const decisions = (answer.body['evaluations'] as { decision: boolean }[]).map(({ decision }) => ({ decision }))
      expect(decisions).toEqual(body?.evaluations)
    }
    if (match === 'results_superset') {
      const results = answer.body['results']
      expect(results).toEqual(expect.arrayContaining(body!.results!.map((one) => expect.objectContaining(one))))
    }
    if (match === 'results_empty') expect(answer.body).toEqual({ results: [], page: { next_token: '', count: 0 } })
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
    for (const endpoint of Object.values(body)) {
      expect(endpoint).toMatch(/^https:\/\/[^?#]+$/)
      const path = new URL(String(endpoint)).pathname
      if (path !== '/') expect((await pdp.ask(path, {})).status).toBe(400)
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
