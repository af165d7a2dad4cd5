#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { MusterError } from '../shared/errors.ts'
import { actOnStopped, checkFiles, startCollector } from './collector.ts'
import { readConfig, type Config } from './config.ts'
import { askRunning, type ActInput, type ActName, type ActResult } from './control.ts'
import { milliseconds, Duration } from './appraisal/duration.ts'
import { parserOf } from '../shared/schema.ts'
import { print, printError } from './print.ts'
import { SCOPES, type Scope } from './store/store.ts'
import { VERSION } from './version.ts'

const HELP = `muster-collector ${VERSION}: appraises evidence and issues signed posture attestations

usage: muster-collector [serve] [--config FILE] [--data DIR] [--port N] ...
       muster-collector check-config [--config FILE]
       muster-collector token create [--uses N] [--expires 7d] [--tag TAG]... [--owner E-MAIL]
       muster-collector gateway create NAME [--scope decide|vouch]...

serve           runs until it is stopped; this is what happens without a command
check-config    reads the configuration and the files that it names, and starts nothing
token create    prints an enrolment string for a laptop: muster-agent enroll STRING
gateway create  prints a key for a gateway, this once
                  decide: may ask about devices
                  vouch:  may name the device in Muster-Device; only for gateways that always overwrite that header

settings (flag, or MUSTER_... in the environment, or a key of the file; a flag wins):
  --config FILE   settings in YAML                       --data DIR      data folder (/var/lib/muster)
  --host ADDRESS  address to listen on (127.0.0.1)       --port N        port (7400)
  --issuer URL    the address that agents know           --policy FILE   the policy (docs/policy.md)
  --tls-cert, --tls-key FILE   for any address but loopback
All settings are in docs/operations.md. --json prints what a script can read.`

const FLAGS = {
  config: { type: 'string' },
  data: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  issuer: { type: 'string' },
  policy: { type: 'string' },
  releases: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'behind-proxy': { type: 'string' },
  'trusted-proxies': { type: 'string' },
  approval: { type: 'string' },
  'key-days': { type: 'string' },
  'report-seconds': { type: 'string' },
  'unchanged-seconds': { type: 'string' },
  'watch-seconds': { type: 'string' },
  'log-level': { type: 'string' },
  uses: { type: 'string' },
  expires: { type: 'string' },
  tag: { type: 'string', multiple: true },
  owner: { type: 'string' },
  scope: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** What a command takes besides the settings. */
const OWN = new Set(['uses', 'expires', 'tag', 'owner', 'scope', 'json', 'help', 'version'])

class UsageError extends Error {}

function readArguments(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
type Values = ReturnType<typeof readArguments>['values']

async function main(args: string[]): Promise<void> {
  const { values, positionals } = readArguments(args)
  if (values.help) return print(HELP)
  if (values.version) return print(VERSION)
  const settings: Record<string, string | undefined> = {}
  for (const [flag, value] of Object.entries(values)) {
    if (!OWN.has(flag) && typeof value === 'string') settings[flag] = value
  }
  const config = readConfig(settings)

  switch (positionals.slice(0, 2).join(' ')) {
    case '':
    case 'serve':
      return serve(config)
    case 'check-config':
      checkFiles(config)
      return print(values.json ? JSON.stringify({ ok: true }) : 'The configuration is right.')
    case 'token create':
      requireCount(positionals, 2)
      return report(await act(config, 'token-create', tokenInput(values)), values, 'enrollment')
    case 'gateway create':
      requireCount(positionals, 3)
      return report(await act(config, 'gateway-create', gatewayInput(positionals[2] ?? '', values)), values, 'key')
    default:
      throw new UsageError(`there is no command "${positionals.join(' ')}"`)
  }
}

async function serve(config: Config): Promise<void> {
  const log = pino({
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
  const collector = await startCollector(config, { clock: () => new Date(), log })
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      log.info({ signal }, 'collector stopping')
      collector.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'stopping')
          process.exit(1)
        },
      )
    })
  }
}

/** Through the socket of the collector that runs on the folder, or directly where none does. */
async function act<Act extends ActName>(config: Config, name: Act, input: ActInput[Act]): Promise<ActResult> {
  const answer = await askRunning(config.folder, name, input)
  return (
    answer ??
    actOnStopped(
      config,
      () => new Date(),
      (acts) => acts[name](input),
    )
  )
}

const parseDuration = parserOf(Duration)

function tokenInput({ uses = '1', expires = '7d', tag = [], owner }: Values): ActInput['token-create'] {
  if (!/^\d{1,6}$/.test(uses)) throw new UsageError('--uses is a number')
  if (!parseDuration(expires).ok) throw new UsageError('--expires is a time such as 24h or 7d')
  return { uses: Number(uses), lifeSeconds: milliseconds(expires) / 1000, tags: tag, owner: owner ?? null }
}

const isScope = (it: string): it is Scope => SCOPES.some((known) => known === it)

function gatewayInput(name: string, { scope = ['decide'] }: Values): ActInput['gateway-create'] {
  const unknown = scope.find((it) => !isScope(it))
  if (unknown !== undefined) throw new UsageError(`there is no scope "${unknown}"; there are ${SCOPES.join(', ')}`)
  return { name, scopes: scope.filter(isScope) }
}

function requireCount(positionals: string[], count: number): void {
  if (positionals.length !== count) throw new UsageError(`"${positionals.join(' ')}" is not complete, or says too much`)
}

/** A script gets everything as JSON; a person gets the one thing that counts, alone on its line. */
function report(result: ActResult, { json }: Values, key: string): void {
  print(json ? JSON.stringify(result) : String(result[key]))
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) {
    printError(`muster-collector: ${error.message}. See muster-collector --help`)
    process.exitCode = 2
    return
  }
  const known = error instanceof MusterError ? error.advice : error instanceof Error ? error.message : String(error)
  printError(`muster-collector: ${known}`)
  process.exit(1)
})
