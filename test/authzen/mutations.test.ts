import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import { Batch } from '../../collector/protocol/authzen-batch.ts'
import { ActionSearch, Question, ResourceSearch, SubjectSearch, type Entity } from '../../collector/protocol/authzen.ts'
import type { Client } from '../fakes/client.ts'
import { testCollector, type TestCollector } from '../fakes/collector.ts'
import { NO_VECTORS, readVectors } from '../fakes/vectors.ts'
import { laptop, silentLaptop, type Laptop } from './laptops.ts'
import { mutatedQuestion } from './mutated-questions.ts'
import { asking, type Answered } from './served.ts'

/** Of each kind of question: ten thousand in all. */
const MUTATIONS = 2000
const AT_ONCE = 16

let collector: TestCollector
let ask: ReturnType<typeof asking>['ask']
let good: Laptop
let poor: Laptop
let locked: Laptop
let silent: Client

beforeAll(async () => {
  collector = await testCollector({ now: new Date('2026-11-23T09:00:00Z') })
  ask = asking(collector.issuerUrl, await collector.gatewayKey('decide')).ask
  good = await laptop(collector, 'alice@example.com')
  poor = await laptop(collector, 'bob@example.com', false)
  silent = await silentLaptop(collector)
  locked = await laptop(collector, 'carol@example.com')
  await collector.fleet.setStatus(locked.deviceId, 'locked-out')
})
afterAll(() => collector.close())

const action = { name: 'GET', properties: { soft: true } }
const restricted = { type: 'route', id: 'wiki.example.com/', properties: { tier: 'restricted' } }
const context = { ip: '203.0.113.9', attestation: 'x.y.z', dpop: { proof: 'x.y.z', method: 'GET', url: 'https://a/' } }
const userOn = ({ deviceId }: Client) => ({
  type: 'user',
  id: 'alice@example.com',
  properties: { device_id: deviceId },
})
const onItself = ({ deviceId }: Client) => ({ type: 'device', id: deviceId })

const questions = () =>
  [good, poor, locked, silent].flatMap((of) =>
    [userOn(of), onItself(of)].flatMap((subject) => [
      { subject, action, resource: restricted },
      { subject, action, resource: restricted, context: { ip: context.ip } },
      { subject, action, resource: { type: 'tier', id: 'restricted' }, context },
    ]),
  )
const batches = () =>
  questions().map(({ subject, ...rest }) => ({
    ...rest,
    options: { evaluations_semantic: 'execute_all' },
    evaluations: [{ subject }, { subject, resource: { type: 'tier', id: 'restricted' } }, {}],
  }))
const page = { limit: 2 }
const subjectSearches = () =>
  ['device', 'user'].map((type) => ({ subject: { type }, action, resource: restricted, context: { ip: 'x' }, page }))
const resourceSearches = () => questions().map((it) => ({ ...it, resource: { type: 'tier' }, page }))
const actionSearches = () => questions().map(({ subject, resource }) => ({ subject, resource, page }))

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The keys by which an object would get another prototype: they are refused wherever they stand. */
const poisons = (text: string) => /"__proto__"\s*:|"constructor"\s*:\s*\{[^}]*"prototype"/.test(text)

/** Whether a text is a question of the form that is asked for: 200, and else 400. */
function statusOf(text: string, parse: (input: unknown) => { ok: boolean }): number {
  return !poisons(text) && parse(parseJson(text)).ok ? 200 : 400
}
const [isQuestion, isBatch] = [parserOf(Question), parserOf(Batch)]

type Told = { subject?: Entity; resource?: Entity }

/** Whether a question that was let in names a device and a tier that this device stands open for. */
function mayBeLetIn({ subject, resource }: Told): boolean {
  const names = [subject?.type === 'device' ? subject.id : undefined, subject?.properties?.['device_id']]
  const device = new Set(names.filter((it) => it !== undefined))
  const tiers = new Set([resource?.type === 'tier' ? resource.id : undefined, resource?.properties?.['tier']])
  if (device.size !== 1) return false
  if (device.has(poor.deviceId)) return !tiers.has('restricted')
  // What asks for nothing is open to whoever is enrolled.
  return device.has(good.deviceId) || (device.has(silent.deviceId) && tiers.has('public'))
}

/** Puts damaged questions, and returns those with an answer that they should not have. */
async function wrongAnswers(
  path: string,
  bases: readonly object[],
  isRight: (text: string, answer: Answered) => boolean,
): Promise<{ wrong: unknown[]; statuses: Record<number, number> }> {
  const wrong: unknown[] = []
  const statuses: Record<number, number> = {}
  let seed = 0
  const work = async () => {
    while (seed < MUTATIONS) {
      const at = seed++
      const text = mutatedQuestion(bases[at % bases.length]!, at)
      const answer = await ask(path, text)
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
      if (!isRight(text, answer)) wrong.push([at, text, answer.status, answer.body])
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { wrong, statuses }
}

/** Both outcomes have to come up, or nothing was tried. */
function expectTried({ wrong, statuses }: { wrong: unknown[]; statuses: Record<number, number> }): void {
  expect(wrong).toEqual([])
  expect(Object.keys(statuses)).toEqual(['200', '400'])
  expect(Math.min(...Object.values(statuses))).toBeGreaterThan(MUTATIONS / 20)
}

// Each of many that is no JSON ends its connection, which takes its time on a machine that is busy.
describe('damaged questions are answered or refused by their form, and let nobody in', { timeout: 120_000 }, () => {
  test('one at a time', async () => {
    let letIn = 0
    const tried = await wrongAnswers('/access/v1/evaluation', questions(), (text, { status, body }) => {
      // Of one request with proofs of two devices it cannot be said whose it is.
      if (body['code'] === 'proofs-differ') return status === 400
      if (status !== statusOf(text, isQuestion)) return false
      if (body['decision'] !== true) return true
      letIn += 1
      return mayBeLetIn(parseJson(text) as Told)
    })
    expectTried(tried)
    expect(letIn).toBeGreaterThan(MUTATIONS / 50)
  })

  test.skipIf(NO_VECTORS !== '')(`whose form is that of the published schema${NO_VECTORS}`, () => {
    const published = parserOf(readVectors('authzen/schemas/evaluation-request.schema.json') as object)
    for (let seed = 0; seed < 10_000; seed++) {
      const it = parseJson(mutatedQuestion(questions()[seed % questions().length]!, seed))
      expect([seed, isQuestion(it).ok]).toEqual([seed, published(it).ok])
    }
  })

  test('many at once', async () => {
    let letIn = 0
    const tried = await wrongAnswers('/access/v1/evaluations', batches(), (text, { status, body }) => {
      const batch = parseJson(text) as Told & { evaluations?: unknown[] }
      const items = Array.isArray(batch?.evaluations) ? batch.evaluations : []
      if (items.length === 0) return status === Math.max(statusOf(text, isQuestion), statusOf(text, isBatch))
      if (status !== statusOf(text, isBatch)) return false
      const answers = (body['evaluations'] ?? []) as { decision: unknown }[]
      if (status === 200 && answers.length !== items.length) return false
      return answers.every(({ decision }, index) => {
        if (decision !== true) return decision === false
        letIn += 1
        return mayBeLetIn({ ...batch, ...(items[index] as Told) })
      })
    })
    expectTried(tried)
    expect(letIn).toBeGreaterThan(MUTATIONS / 50)
  })

  test('searches for subjects', async () => {
    const isSearch = parserOf(SubjectSearch)
    const found = new Set<string>()
    const tried = await wrongAnswers('/access/v1/search/subject', subjectSearches(), (text, { status, body }) => {
      for (const { id } of (body['results'] ?? []) as Entity[]) found.add(id)
      return status === statusOf(text, isSearch)
    })
    expectTried(tried)
    for (const id of [locked.deviceId, 'carol@example.com']) expect(found).not.toContain(id)
    expect(found).toContain(good.deviceId)
  })

  test.each([
    { kind: 'resource', bases: resourceSearches, isSearch: parserOf(ResourceSearch) },
    { kind: 'action', bases: actionSearches, isSearch: parserOf(ActionSearch) },
  ])('searches for each $kind', async ({ kind, bases, isSearch }) => {
    const tried = await wrongAnswers(`/access/v1/search/${kind}`, bases(), (text, { status, body }) => {
      if (status !== statusOf(text, isSearch)) return false
      const results = (body['results'] ?? []) as Entity[]
      const asked = parseJson(text) as Told
      return results.length === 0 || mayBeLetIn({ ...asked, ...(kind === 'resource' && { resource: results.at(-1)! }) })
    })
    expectTried(tried)
    expect(tried.statuses[200]).toBeGreaterThan(0)
  })
})
