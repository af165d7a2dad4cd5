import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parserOf } from '../../shared/schema.ts'
import { NO_VECTORS, readVectors } from '../fakes/vectors.ts'
import { served, type Served } from './served.ts'
import { todosDecider } from './todos-fixture.ts'

let pdp: Served
beforeAll(async () => {
  pdp = await served(todosDecider)
})
afterAll(() => pdp.close())

type Case<T> = { request: Record<string, unknown>; expected: T }
type File = {
  decisions?: Case<boolean>[]
  evaluation?: Case<boolean>[]
  evaluations?: Case<{ decision: boolean }[]>[]
}

/** How many questions of which kind each file holds. */
const FILES = [
  { file: 'decisions.json', single: 40, many: 0 },
  { file: 'decisions-authorization-api-1_0-00.json', single: 40, many: 0 },
  { file: 'decisions-authorization-api-1_0-01.json', single: 40, many: 0 },
  { file: 'decisions-authorization-api-1_0-02.json', single: 40, many: 3 },
]

describe.skipIf(NO_VECTORS !== '')(`the interop questions about to-do lists${NO_VECTORS}`, () => {
  test.each(FILES)('$file', async ({ file, single, many }) => {
    const isAsked = parserOf(readVectors('authzen/schemas/evaluation-request.schema.json') as Record<string, unknown>)
    const isAnswer = parserOf(readVectors('authzen/schemas/evaluation-response.schema.json') as Record<string, unknown>)
    const {
      decisions = [],
      evaluation = decisions,
      evaluations = [],
    } = readVectors(`authzen/interop/todo/${file}`) as File
    expect([evaluation.length, evaluations.length]).toEqual([single, many])

    for (const { request, expected } of evaluation) {
      expect(isAsked(request).ok).toBe(true)
      const { status, body } = await pdp.ask('/access/v1/evaluation', request)
      expect([request, status, body]).toEqual([request, 200, { decision: expected }])
      expect(isAnswer(body).ok).toBe(true)
      // A batch of none, and one of itself, are the same question.
      expect((await pdp.ask('/access/v1/evaluations', request)).body).toEqual(body)
      const alone = await pdp.ask('/access/v1/evaluations', { evaluations: [request] })
      expect(alone.body).toEqual({ evaluations: [body] })
    }
    for (const { request, expected } of evaluations) {
      const { status, body } = await pdp.ask('/access/v1/evaluations', request)
      expect([request, status, body]).toEqual([request, 200, { evaluations: expected }])
    }
  })
})
