// `npm run build`: what a release ships.
import { join } from 'node:path'
import { AGENT_FLAGS, bundleAgent } from './agent-bundle.ts'

await bundleAgent(join(import.meta.dirname, '../../dist/agent'))
console.log(`dist/agent is ready: node ${AGENT_FLAGS.join(' ')} dist/agent/main.js --help`)
