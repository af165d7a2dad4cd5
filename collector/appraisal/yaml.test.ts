import { expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { plainValues } from './yaml.ts'

test('plain values come through', () => {
  expect(plainValues(parseDocument('a: &x [1]\nb: *x\n'))).toEqual({ ok: true, value: { a: [1], b: [1] } })
})

test.each([
  ['broken YAML', 'a: [1\n', /line 2/],
  ['an alias without an anchor', 'a: *x\n', /alias/i],
])('%s is a problem in words, and never an exception', (_name, yaml, problem) => {
  const values = plainValues(parseDocument(yaml))
  expect(values).toMatchObject({ ok: false, problem: expect.stringMatching(problem) as string })
})
