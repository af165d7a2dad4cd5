import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CORPUS } from './folder.ts'
import { report, runCorpus } from './run.ts'

const isThere = existsSync(CORPUS)

test.skipIf(!isThere)('every capture of the corpus is read rightly (skipped where the folder is not there)', () => {
  const outcomes = runCorpus(CORPUS)
  expect(outcomes.length).toBeGreaterThan(0)
  console.log(report(outcomes).at(-1))
  expect(outcomes.flatMap((it) => (it.is === 'failed' ? [[it.capture.name, ...it.problems]] : []))).toEqual([])
})
