import { parseArgs } from 'node:util'
import packageJson from '../package.json' with { type: 'json' }
import { MusterError } from '../shared/errors.ts'
import { parseRequestToProve } from '../shared/local.ts'
import { readConfig, type Config } from './config.ts'
import {
  logTo,
  print,
  printFacts,
  printHelp,
  printJson,
  printProblem,
  printProof,
  printRecorded,
  printStatus,
} from './print.ts'

const HELP = `Muster tells your company's gateways whether this laptop passes its posture policy.

usage: muster-agent COMMAND [options]

  enroll STRING        join, with the string that your admin gave you
  run                  read this machine and report it, until stopped
  status [--json]      how this device stands, as the running agent knows it
  proof URL [--json]   headers that prove one request to be of this device, for a gateway that takes DPoP
        [--method GET] [--nonce NONCE]   for another method; with the nonce of the gateway's DPoP-Nonce header
  check [--json]       read this machine and print the facts; sends nothing, needs no enrolment and no root
        [--recording DIR]   read the recording of another machine instead
  record DIR [--json]  save the raw answers that "check" read, into DIR/recording.json, for a report of a bug; names of
                       people and of the machine, serial numbers, ids and keys are masked
  unenroll             have the collector forget this device, and destroy its key

  --data DIR           data folder      (MUSTER_DATA; /var/lib/muster for root, else ~/.local/state/muster)
  --socket PATH        where the agent listens for this machine's own programs      (MUSTER_SOCKET)
  --help, --version

First steps: "muster-agent check" shows what would be said of this machine. Then "muster-agent enroll STRING" and
"muster-agent run". Facts that need root are unreadable without it, and say so.
Exit codes: 0 done, 1 failed (one line says what to do), 2 wrong usage.`

const OPTIONS = {
  data: { type: 'string' },
  socket: { type: 'string' },
  json: { type: 'boolean' },
  recording: { type: 'string' },
  method: { type: 'string' },
  nonce: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** What each command takes besides --data and --socket. */
const COMMANDS: ReadonlyMap<string, { operand?: string; options: readonly string[] }> = new Map([
  ['enroll', { operand: 'string', options: [] }],
  ['run', { options: [] }],
  ['status', { options: ['json'] }],
  ['proof', { operand: 'url', options: ['json', 'method', 'nonce'] }],
  ['check', { options: ['json', 'recording'] }],
  ['record', { operand: 'folder', options: ['json'] }],
  ['unenroll', { options: [] }],
])

/** How long the farewell may take. */
const FAREWELL_MS = 800

/** Not loaded by `run`: a service that lives for weeks keeps nothing of the other commands in memory. */
const commands = () => import('./commands.ts')

/** Runs a command line; returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const usage = readUsage(args)
  if (typeof usage === 'string') {
    printProblem(`${usage} "muster-agent --help" shows how.`)
    return 2
  }
  try {
    return await perform(usage)
  } catch (error) {
    printProblem(adviceOn(error))
    return 1
  }
}

function parseOptions(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true })
}
type Usage = ReturnType<typeof parseOptions>

/** The command line taken apart, or what is wrong with it. */
function readUsage(args: string[]): Usage | string {
  let usage: Usage
  try {
    usage = parseOptions(args)
  } catch (error) {
    return error instanceof Error ? `${error.message.split('. ')[0]}.` : 'The command line cannot be read.'
  }
  const { values, positionals } = usage
  if (values.help === true || values.version === true) return usage
  const [name, ...operands] = positionals
  if (name === undefined) return 'A command is needed.'
  const command = COMMANDS.get(name)
  if (!command) return `There is no command "${name}".`
  if (operands.length !== (command.operand === undefined ? 0 : 1)) {
    return command.operand === undefined ? `${name} takes no operand.` : `${name} needs one ${command.operand}.`
  }
  const known = new Set(['data', 'socket', ...command.options])
  const foreign = Object.keys(values).find((option) => !known.has(option))
  return foreign === undefined ? usage : `${name} has no option --${foreign}.`
}

const sayWait = (): void => printProblem('Asking which updates are missing; this can take up to a minute.')

async function perform({ values, positionals: [command, operand = ''] }: Usage): Promise<number> {
  if (values.help === true) {
    printHelp(HELP)
    return 0
  }
  if (values.version === true) {
    print(packageJson.version)
    return 0
  }
  const config = readConfig(values)
  switch (command) {
    case 'check': {
      const facts = await (await commands()).check(values.recording ?? null, sayWait)
      if (values.json === true) printJson({ facts })
      else printFacts(facts)
      return 0
    }
    case 'record': {
      const recorded = await (await commands()).recordHere(operand, sayWait)
      if (values.json === true) printJson(recorded)
      else printRecorded(recorded)
      return 0
    }
    case 'status': {
      const status = await (await commands()).statusHere(config)
      if (values.json === true) printJson(status)
      else printStatus(status)
      return 0
    }
    case 'proof': {
      const { method = 'GET', nonce } = values
      const request = parseRequestToProve({ method, url: operand, ...(nonce !== undefined && { nonce }) })
      if (!request.ok) {
        printProblem(`This cannot be proved: ${request.problem}. "muster-agent --help" shows how.`)
        return 2
      }
      const proof = await (await commands()).proveHere(config, request.value)
      if (values.json === true) printJson(proof)
      else printProof(proof)
      return 0
    }
    case 'enroll': {
      const { enrollment, status } = await (await commands()).enrollHere(config, operand)
      print(`Enrolled at ${enrollment.url} as ${enrollment.deviceId}.`)
      print(status === 'pending' ? 'An admin has to approve it.' : 'Run "muster-agent run" to report.')
      return 0
    }
    case 'unenroll': {
      const { url } = await (await commands()).unenrollHere(config)
      print(`${url} has forgotten this device, and its key is destroyed. An agent that runs stops within seconds.`)
      return 0
    }
    default:
      return run(config)
  }
}

async function run(config: Config): Promise<number> {
  const { runHere } = await import('./service.ts')
  const { stop, socketPath, unenrolled } = await runHere(
    config,
    packageJson.version,
    logTo(process.stderr, () => new Date()),
  )
  if (config.socket !== null && socketPath !== config.socket) print(`socket: ${socketPath}`)
  // A terminal that closes does not end a service.
  process.on('SIGHUP', () => undefined)
  const told = new Promise<void>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  await Promise.race([told, unenrolled])
  // Whatever hangs must not keep the process.
  setTimeout(() => process.exit(0), FAREWELL_MS).unref()
  await stop()
  return 0
}

function adviceOn(error: unknown): string {
  if (error instanceof MusterError) return error.advice
  if (!(error instanceof Error)) return String(error)
  const denied = 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')
  return denied ? `${error.message}. Run it as root, or name a folder of your own with --data.` : error.message
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
