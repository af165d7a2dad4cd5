// `npm run check`: everything that has to be right before a change is merged, the quickest first.
import { runTests, runTool } from './steps.ts'

const STEPS: Record<string, () => number> = {
  types: () => runTool('typescript/bin/tsc', []),
  lint: () => runTool('oxlint/bin/oxlint', ['--type-aware']),
  format: () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.']),
  'dead code': () => runTool('knip/bin/knip.js', []),
  tests: () => runTests([]),
}

const began = performance.now()
const failed: string[] = []
for (const [name, step] of Object.entries(STEPS)) {
  const start = performance.now()
  const ok = step() === 0
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds(start)})`)
  if (!ok) failed.push(name)
}
console.log(failed.length === 0 ? `All is well (${seconds(began)}).` : `To mend: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
