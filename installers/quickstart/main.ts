// `npm start`: from nothing to a signed posture attestation of this very machine. It starts the two programs as a user
// would, enrols this machine, waits until the collector has appraised it, and prints what came out.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { askCollector } from './collector-api.ts'
import { startAgent, startCollector, type Program } from './programs.ts'
import { prepareAccess } from './access.ts'
import { report } from './report.ts'

const HELP = `npm start: a collector, and this machine as its first device

usage: npm start [-- [--once] [--port N] [--data DIR]]

  --once      print the result and exit
  --port N    port of the collector on 127.0.0.1 (7400)
  --data DIR  data folder (./muster-data)`

const OPTIONS = {
  once: { type: 'boolean' },
  port: { type: 'string', default: '7400' },
  data: { type: 'string', default: 'muster-data' },
  help: { type: 'boolean', short: 'h' },
} as const

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS, strict: true }).values
  } catch (error) {
    console.error(`npm start: ${error instanceof Error ? error.message : String(error)}\n\n${HELP}`)
    process.exit(2)
  }
}

async function main(): Promise<void> {
  const { once = false, port, data: folder, help } = readArguments()
  if (help) return console.log(HELP)
  if (!/^\d{1,5}$/.test(port)) {
    console.error('npm start: --port is a number')
    process.exit(2)
  }
  const data = resolve(folder)
  mkdirSync(data, { recursive: true, mode: 0o700 })

  const running: Program[] = []
  const stop = async () => {
    for (const program of running.toReversed()) await program.stop()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      console.log('\nStopping ...')
      void stop().then(() => process.exit(0))
    })
  }

  try {
    const began = performance.now()
    progress(`Starting the collector on 127.0.0.1:${port} ...`)
    const collector = await startCollector(data, port)
    running.push(collector)
    const access = await prepareAccess(data, collector.url)
    progress('Enrolling this machine and reading its posture ...')
    const agent = await startAgent(data, access.enrollment, collector.url)
    running.push(agent)
    const standing = await agent.firstStanding()

    const quickstart = {
      collectorUrl: collector.url,
      consoleUrl: `http://localhost:${collector.port}/`,
      deviceId: standing.deviceId,
      gatewayKey: access.gatewayKey,
      enrollment: access.nextEnrollment,
      socketPath: agent.socketPath,
    }
    writeFileSync(join(data, 'quickstart.json'), `${JSON.stringify(quickstart, null, 2)}\n`, { mode: 0o600 })
    const attestation = await askCollector(collector.url, access.gatewayKey).attestation(standing.deviceId)
    console.log(report({ ...quickstart, standing, attestation, data, seconds: (performance.now() - began) / 1000 }))

    if (once) return await stop()
    console.log('Running until Ctrl-C. Logs: collector.log and agent.log in the data folder.')
    await Promise.race(running.map((program) => program.ended))
    throw new Error('one of the two programs has ended; its log says why')
  } catch (error) {
    await stop()
    console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`)
    process.exitCode = 1
  }
}

function progress(line: string): void {
  console.log(line)
}

await main()
