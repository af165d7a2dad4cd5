// `npm run test:corpus`: what the readers conclude from real captures, beside what they should.
import { existsSync } from 'node:fs'
import { CORPUS } from './folder.ts'
import { report, runCorpus } from './run.ts'

if (!existsSync(CORPUS)) {
  console.log(`Skipped: there is no corpus at ${CORPUS}. Name its folder in MUSTER_CORPUS.`)
} else {
  const outcomes = runCorpus(CORPUS)
  for (const line of report(outcomes)) console.log(line)
  process.exitCode = outcomes.some(({ is }) => is === 'failed') ? 1 : 0
}
