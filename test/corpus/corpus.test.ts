import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CORPUS } from './folder.ts'
import { report, runCorpus } from './run.ts'

const isThere = existsSync(CORPUS)

test.skipIf(!isThere)(
  isThere ? 'every capture of the corpus is read rightly' : `every capture of the corpus (skipped: no ${CORPUS})`,
  () => {
    const outcomes = runCorpus(CORPUS)
    expect(outcomes.length).toBeGreaterThan(0)
    console.log(report(outcomes).at(-1))
    expect(outcomes.flatMap((it) => (it.is === 'failed' ? [[it.capture.name, ...it.problems]] : []))).toEqual([])
  },
)
