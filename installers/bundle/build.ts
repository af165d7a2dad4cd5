// `npm run build`: what a release ships.
import { join } from 'node:path'
import { AGENT_FLAGS, bundleAgent } from './agent-bundle.ts'
import { bundleGateway } from './gateway-bundle.ts'

const DIST = join(import.meta.dirname, '../../dist')

await bundleAgent(join(DIST, 'agent'))
console.log(`dist/agent is ready: node ${AGENT_FLAGS.join(' ')} dist/agent/main.js --help`)
await bundleGateway(join(DIST, 'gateway'))
console.log('dist/gateway is ready: npm pack ./dist/gateway makes what npm install takes')
