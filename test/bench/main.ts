// `npm run bench [-- NAME ...]`: prints what things cost as CPU time, and as a ratio to a ceiling measured in the same run.
import { benchAgent } from './agent.ts'
import { benchAppraisal } from './appraisal.ts'
import { benchAudit } from './audit.ts'
import { benchDecisions } from './decisions.ts'
import { benchIntake } from './intake.ts'
import { benchLibrary } from './library.ts'
import { benchLoss } from './loss.ts'
import { benchStore } from './store.ts'

const BENCHES: Record<string, () => Promise<void>> = {
  intake: benchIntake,
  store: benchStore,
  decisions: benchDecisions,
  library: benchLibrary,
  loss: benchLoss,
  audit: benchAudit,
  appraisal: benchAppraisal,
  agent: benchAgent,
}

/** What goes along with a bench that is asked for by its name: all that a decision costs, and how soon it changes. */
const ALONG: Record<string, string[]> = { decisions: ['library', 'loss'] }

const asked = process.argv.slice(2).flatMap((name) => [name, ...(ALONG[name] ?? [])])
const unknown = asked.filter((name) => !(name in BENCHES))
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`)
  process.exit(2)
}
for (const [name, run] of Object.entries(BENCHES)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.log(`\n${name}`)
  await run()
}
process.exit(0)
