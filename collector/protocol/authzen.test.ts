import { describe, expect, test } from 'vitest'
import { parseQuestion, type Question } from './authzen.ts'

const question = (): Question => ({
  subject: { type: 'user', id: 'alice@example.com', properties: { device_id: 'dev_1' } },
  action: { name: 'GET' },
  resource: { type: 'route', id: 'wiki.example.com/' },
})

describe('a question', () => {
  test.each([
    { name: 'with all that it needs', it: question() },
    {
      name: 'with keys that the specification does not name',
      it: { ...question(), trace: 'x', subject: { ...question().subject, tenant: 1 } },
    },
    { name: 'with a context', it: { ...question(), context: { ip: '203.0.113.9' } } },
    { name: 'without properties', it: { ...question(), subject: { type: 'user', id: 'alice' } } },
  ])('$name is read', ({ it }) => {
    expect(parseQuestion(it)).toEqual({ ok: true, value: it })
  })

  test.each([
    { name: 'without a subject', it: { ...question(), subject: undefined } },
    { name: 'without an action', it: { ...question(), action: undefined } },
    { name: 'without a resource', it: { ...question(), resource: undefined } },
    { name: 'with a subject without an id', it: { ...question(), subject: { type: 'user' } } },
    { name: 'with an id that is a number', it: { ...question(), resource: { type: 'route', id: 7 } } },
    { name: 'with an action that is a word', it: { ...question(), action: 'GET' } },
    { name: 'with properties that are a list', it: { ...question(), action: { name: 'GET', properties: [] } } },
    { name: 'with a context that is a word', it: { ...question(), context: 'x' } },
    { name: 'that is null', it: null },
    { name: 'that is a list', it: [question()] },
  ])('$name is refused', ({ it }) => {
    expect(parseQuestion(it).ok).toBe(false)
  })
})
