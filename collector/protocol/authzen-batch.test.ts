import { describe, expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import { parserOf } from '../../shared/schema.ts'
import { BATCH_LIMIT, Batch, decideBatch } from './authzen-batch.ts'
import type { Decider, Question } from './authzen.ts'

const alice = { type: 'user', id: 'alice', properties: { role: 'reader' } }
const read = { name: 'read' }
const book = { type: 'book', id: 'b' }
const context = { ip: '203.0.113.9' }

/** Allows what is named so; keeps what it was asked. */
function decider(permits: (question: Question) => boolean = () => true): Decider & { asked: Question[] } {
  const asked: Question[] = []
  return {
    asked,
    decide(question) {
      asked.push(question)
      return { decision: permits(question) }
    },
    permits,
    subjects: () => [],
    resources: () => [],
    actions: () => [],
  }
}

const refuse = (error: Error) => () => {
  throw error
}
const allowing = (id: string) => decider(({ resource }) => resource.id === id)
const books = (...ids: string[]) => ids.map((id) => ({ resource: { type: 'book', id } }))

describe('a batch', () => {
  test('takes what a question leaves out from beside the questions, and replaces it whole', () => {
    const all = decider()
    const own = {
      subject: { type: 'user', id: 'bob' },
      action: { name: 'write', properties: {} },
      resource: { type: 'film', id: 'f' },
      context: {},
    }
    const defaults = { subject: alice, action: read, resource: book, context }
    const evaluations = [{}, own, { subject: own.subject }, { context: { time: 'now' } }]
    expect(decideBatch({ ...defaults, evaluations }, all)).toEqual({
      evaluations: evaluations.map(() => ({ decision: true })),
    })
    expect(all.asked).toEqual([
      defaults,
      own,
      { ...defaults, subject: own.subject },
      { ...defaults, context: { time: 'now' } },
    ])
  })

  test.each([
    { name: 'no list', batch: { subject: alice, action: read, resource: book } },
    { name: 'an empty list', batch: { subject: alice, action: read, resource: book, evaluations: [] } },
    {
      name: 'an empty list with options',
      batch: {
        subject: alice,
        action: read,
        resource: book,
        evaluations: [],
        options: { evaluations_semantic: 'deny_on_first_deny' as const },
      },
    },
  ])('of $name is a question itself', ({ batch }) => {
    expect(decideBatch(batch, decider())).toEqual({ decision: true })
    const { resource: _, ...rest } = batch
    expect(() => decideBatch(rest, decider())).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test.each([
    { semantic: undefined, ids: ['a', 'b', 'a', 'c'], decisions: [true, false, true, false] },
    { semantic: 'execute_all', ids: ['a', 'b', 'a', 'c'], decisions: [true, false, true, false] },
    { semantic: 'deny_on_first_deny', ids: ['a', 'a', 'b', 'a'], decisions: [true, true, false] },
    { semantic: 'deny_on_first_deny', ids: ['b', 'a'], decisions: [false] },
    { semantic: 'deny_on_first_deny', ids: ['a', 'a'], decisions: [true, true] },
    { semantic: 'permit_on_first_permit', ids: ['b', 'c', 'a', 'b'], decisions: [false, false, true] },
    { semantic: 'permit_on_first_permit', ids: ['a', 'b'], decisions: [true] },
    { semantic: 'permit_on_first_permit', ids: ['b', 'b'], decisions: [false, false] },
  ] as const)('$semantic of $ids ends as it asks', ({ semantic, ids, decisions }) => {
    const asked = allowing('a')
    const options = semantic && { evaluations_semantic: semantic }
    const batch = { subject: alice, action: read, evaluations: books(...ids), ...(options && { options }) }
    expect(decideBatch(batch, asked)).toEqual({ evaluations: decisions.map((decision) => ({ decision })) })
    expect(asked.asked).toHaveLength(decisions.length)
  })

  test.each([
    { name: 'no resource', own: {}, message: /resource/ },
    { name: 'a resource of the wrong type', own: { resource: 'book' }, message: /resource must be/ },
    {
      name: 'a resource without an id, which is not taken from beside',
      own: { resource: { type: 'book' } },
      message: /id/,
    },
    { name: 'nothing in place of a subject', own: { ...books('a')[0], subject: null }, message: /subject/ },
    { name: 'an ill-typed context', own: { ...books('a')[0], context: [] }, message: /context/ },
    { name: 'null', own: null, message: /object/ },
    { name: 'a number', own: 7, message: /object/ },
    { name: 'a list', own: [], message: /object/ },
  ])('denies a question with $name where it stands, and says why', ({ own, message }) => {
    const asked = decider()
    const evaluations = [...books('a'), own, ...books('b')]
    expect(decideBatch({ subject: alice, action: read, evaluations }, asked)).toEqual({
      evaluations: [
        { decision: true },
        {
          decision: false,
          context: { error: { status: 400, code: 'request-invalid', message: expect.stringMatching(message) } },
        },
        { decision: true },
      ],
    })
    expect(asked.asked).toHaveLength(2)
  })

  test('a question that is not right is a denial that ends a batch, and none that lets it end', () => {
    const batch = { subject: alice, action: read, evaluations: [{}, ...books('a')] }
    const ends = { ...batch, options: { evaluations_semantic: 'deny_on_first_deny' as const } }
    expect(decideBatch(ends, decider())).toMatchObject({ evaluations: [{ decision: false }] })
    const goesOn = { ...batch, options: { evaluations_semantic: 'permit_on_first_permit' as const } }
    expect(decideBatch(goesOn, decider())).toMatchObject({ evaluations: [{ decision: false }, { decision: true }] })
  })

  test('a question that contradicts itself is denied with its code; a mistake of ours is no denial', () => {
    const batch = { subject: alice, action: read, evaluations: books('a') }
    const contradiction = decider(refuse(new MusterError('proofs-differ', 'two devices')))
    expect(decideBatch(batch, contradiction)).toEqual({
      evaluations: [
        { decision: false, context: { error: { status: 400, code: 'proofs-differ', message: 'two devices' } } },
      ],
    })
    expect(() => decideBatch(batch, decider(refuse(new Error('a mistake'))))).toThrow('a mistake')
  })
})

describe('the form of a batch', () => {
  const parse = parserOf(Batch)
  test.each([
    { name: 'nothing', it: {}, ok: true },
    { name: 'keys that nobody knows', it: { foo: 1, options: { bar: 2 } }, ok: true },
    { name: 'as many questions as may be', it: { evaluations: Array.from({ length: BATCH_LIMIT }) }, ok: true },
    { name: 'one more', it: { evaluations: Array.from({ length: BATCH_LIMIT + 1 }) }, ok: false },
    { name: 'no list of questions', it: { evaluations: {} }, ok: false },
    { name: 'null for a list', it: { evaluations: null }, ok: false },
    { name: 'a subject that is a word', it: { subject: 'alice', evaluations: [{}] }, ok: false },
    { name: 'a subject without an id', it: { subject: { type: 'user' }, evaluations: [{}] }, ok: false },
    { name: 'a context that is a list', it: { context: [], evaluations: [{}] }, ok: false },
    { name: 'options that are a word', it: { options: 'all' }, ok: false },
    { name: 'a semantic that nobody knows', it: { options: { evaluations_semantic: 'any' } }, ok: false },
    { name: 'a semantic that is a number', it: { options: { evaluations_semantic: 1 } }, ok: false },
  ])('$name: $ok', ({ it, ok }) => {
    expect(parse(it).ok).toBe(ok)
  })
})
