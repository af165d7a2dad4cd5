import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { parseDocument } from 'yaml'
import { MusterError } from '../shared/errors.ts'
import { inWords, keysOf, oneOf, strict, text } from '../shared/schema.ts'
import { didYouMean } from './appraisal/nearest.ts'
import { isLoopback } from './loopback.ts'
import { parseSource } from './releases/source.ts'

const Port = Type.Integer({ minimum: 0, maximum: 65_535 })
const Seconds = Type.Integer({ minimum: 1, maximum: 86_400 })

/** Every setting. The same names serve in the file, as `MUSTER_...` and as flags. */
const SETTINGS = {
  data: text(1000),
  host: text(255),
  port: Port,
  issuer: Type.Optional(Type.String({ pattern: '^https?://[^\\s/?#]+$', maxLength: 300 })),
  tlsCert: Type.Optional(text(1000)),
  tlsKey: Type.Optional(text(1000)),
  mutualTls: Type.Boolean(),
  behindProxy: Type.Boolean(),
  trustedProxies: Type.Array(text(100), { maxItems: 32 }),
  policy: Type.Optional(text(1000)),
  releases: Type.Optional(text(1000)),
  releaseSources: Type.Array(text(1000), { maxItems: 32 }),
  releaseHours: Type.Integer({ minimum: 1, maximum: 168 }),
  approval: oneOf(['automatic', 'manual']),
  keyDays: Type.Integer({ minimum: 0, maximum: 3650 }),
  historyDays: Type.Integer({ minimum: 0, maximum: 36_500 }),
  auditDays: Type.Integer({ minimum: 0, maximum: 36_500 }),
  reportSeconds: Seconds,
  unchangedSeconds: Seconds,
  watchSeconds: Seconds,
  decisionCacheSeconds: Type.Integer({ minimum: 0, maximum: 1 }),
  browserSessionHours: Type.Integer({ minimum: 1, maximum: 168 }),
  pushTargets: Type.Array(text(255), { maxItems: 64 }),
  agentHelp: Type.Optional(Type.String({ pattern: '^https://[^\\s"<>]+$', maxLength: 1000 })),
  logLevel: oneOf(['error', 'warn', 'info', 'debug']),
} as const

/** What each means, for the help. */
const MEANINGS: Record<keyof typeof SETTINGS, string> = {
  data: 'the data folder; the collector keeps its own below it',
  host: 'address to listen on',
  port: 'port to listen on; 0 takes any free one',
  issuer: 'the address that agents and gateways know',
  tlsCert: 'file with the certificate chain in PEM form, for any address but loopback',
  tlsKey: 'file with its key',
  mutualTls: 'true: clients are asked for a certificate, with which a gateway may prove itself',
  behindProxy: 'true: a proxy in front speaks TLS with the world, and plain HTTP with us',
  trustedProxies: 'addresses of proxies whose X-Forwarded-* headers are believed',
  policy: 'file with the policy, else the one that ships',
  releases: 'file with the release catalogue, else the one that ships',
  releaseSources: 'files and https addresses that know newer releases',
  releaseHours: 'how often these are read',
  approval: 'manual: a new device waits for an admin',
  keyDays: 'a key that signs gets a successor after so many days; 0: never by itself',
  historyDays: 'changes of verdicts and standings are kept so long; 0: for ever',
  auditDays: 'lines of the audit log are kept so long; 0: for ever',
  reportSeconds: 'agents send full evidence at least this often',
  unchangedSeconds: 'agents say at least that nothing changed this often',
  watchSeconds: 'how often agents look at what moves fast',
  decisionCacheSeconds: 'a gateway may keep an answer that lets a request through for so long; at most 1',
  browserSessionHours: 'a browser is known to run on its laptop for so long after a device check',
  pushTargets: 'hosts that events may be pushed to although their address is not a public one',
  agentHelp: 'https address of a page that says how to get the agent, for people whose laptop has none',
  logLevel: 'error, warn, info or debug',
}

const Settings = strict(SETTINGS)
type Settings = Static<typeof Settings>
export type Config = Omit<Settings, 'tlsCert' | 'tlsKey' | 'policy' | 'releases' | 'issuer' | 'agentHelp'> & {
  issuer: string | null
  agentHelp: string | null
  tls: { cert: string; key: string } | null
  policyFile: string
  /** Nobody chose a policy: the file is the one that comes with the release. */
  policyIsDefault: boolean
  releasesFile: string
  /** The collector's own folder. */
  folder: string
}

const DEFAULTS = {
  data: '/var/lib/muster',
  host: '127.0.0.1',
  port: 7400,
  mutualTls: false,
  behindProxy: false,
  trustedProxies: [],
  releaseSources: [],
  releaseHours: 6,
  approval: 'automatic',
  keyDays: 90,
  historyDays: 730,
  auditDays: 400,
  reportSeconds: 900,
  unchangedSeconds: 300,
  watchSeconds: 5,
  decisionCacheSeconds: 0,
  browserSessionHours: 8,
  pushTargets: [],
  logLevel: 'info',
} as const

/** The flags of the settings, and what each means: `reportSeconds` is `--report-seconds`. */
export const SETTING_FLAGS: Readonly<Record<string, string>> = Object.fromEntries(
  keysOf(SETTINGS).map((key) => {
    const usual = new Map(Object.entries(DEFAULTS)).get(key)?.toString()
    return [flagOf(key), usual ? `${MEANINGS[key]} (${usual})` : MEANINGS[key]]
  }),
)

function flagOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

const compiled = Compile(Settings)
type Given = Record<string, unknown>

/**
 * Reads the configuration: flags before environment before file before defaults.
 * @throws MusterError `config-invalid`, listing every problem at once
 */
export function readConfig(
  flags: Record<string, string | undefined>,
  env: Record<string, string | undefined> = process.env,
): Config {
  const problems: string[] = []
  const file = flags['config'] ?? env['MUSTER_CONFIG']
  const given: Given = {
    ...DEFAULTS,
    ...(file === undefined ? {} : fromFile(file, problems)),
    ...fromEnvironment(env, problems),
    ...fromFlags(flags, problems),
  }
  for (const error of compiled.Errors(given).slice(0, 20)) {
    if (error.keyword === 'additionalProperties' || error.keyword === 'boolean') continue // named below
    problems.push(`${error.instancePath.slice(1).replaceAll('/', '.') || 'it'} ${inWords(error)}`)
  }
  for (const key of Object.keys(given))
    if (!(key in SETTINGS)) problems.push(`${key} is not a setting${didYouMean(key, keysOf(SETTINGS))}`)
  if (problems.length > 0 || !compiled.Check(given)) throw invalid(problems)

  const settings: Settings = given
  problems.push(...unsafe(settings))
  if (problems.length > 0) throw invalid(problems)
  const { tlsCert, tlsKey, policy, releases, issuer, agentHelp, ...rest } = settings
  return Object.freeze({
    ...rest,
    data: resolve(settings.data),
    folder: join(resolve(settings.data), 'collector'),
    issuer: issuer ?? null,
    agentHelp: agentHelp ?? null,
    tls: tlsCert !== undefined && tlsKey !== undefined ? { cert: resolve(tlsCert), key: resolve(tlsKey) } : null,
    policyIsDefault: policy === undefined,
    policyFile: policy === undefined ? beside('policy.yaml') : resolve(policy),
    releasesFile: releases === undefined ? beside('releases.yaml') : resolve(releases),
  })
}

/** Plain HTTP is for this machine alone: anything else would send device ids and keys in clear. */
function unsafe(settings: Settings): string[] {
  const { host, tlsCert, tlsKey, mutualTls, behindProxy, trustedProxies, issuer } = settings
  const problems: string[] = []
  if ((tlsCert === undefined) !== (tlsKey === undefined)) problems.push('tlsCert and tlsKey belong together: name both')
  if (mutualTls && tlsCert === undefined) problems.push('mutualTls needs TLS of our own: name tlsCert and tlsKey')
  if (mutualTls && behindProxy)
    problems.push('mutualTls and behindProxy exclude each other: it is the proxy that meets the gateways')
  if (behindProxy && trustedProxies.length === 0) problems.push('behindProxy needs trustedProxies: name its addresses')
  if (!isLoopback(host) && tlsCert === undefined && !behindProxy) {
    problems.push(
      `host ${host} is reachable by others, and plain HTTP is served on loopback only: ` +
        'name tlsCert and tlsKey, or behindProxy with trustedProxies, or listen on 127.0.0.1',
    )
  }
  if (!isLoopback(host) && issuer === undefined) problems.push('issuer is needed: the https address that agents know')
  problems.push(...unusable(settings.releaseSources))
  if (issuer?.startsWith('http:') && !isLoopback(new URL(issuer).hostname)) problems.push('issuer must be https')
  return problems
}

/** What is wrong with the sources of the release catalogue. */
function unusable(sources: readonly string[]): string[] {
  const problems = sources
    .map((source) => parseSource(source))
    .flatMap((it) => (it.ok ? [] : [`releaseSources: ${it.problem}`]))
  const twice = sources.filter((source, at) => sources.indexOf(source) !== at)
  return [...problems, ...twice.map(() => 'releaseSources names a source twice')]
}

function fromFile(file: string, problems: string[]): Given {
  let yaml: string
  try {
    yaml = readFileSync(file, 'utf8')
  } catch (error) {
    problems.push(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    return {}
  }
  const document = parseDocument(yaml)
  problems.push(...document.errors.map(({ message }) => `${file}: ${message.split('\n')[0]}`))
  const content: unknown = document.errors.length > 0 ? {} : (document.toJS() ?? {})
  if (typeof content === 'object' && content !== null && !Array.isArray(content)) return { ...content }
  problems.push(`${file} is not a list of settings`)
  return {}
}

/** Variables of the agent and of this reader that share the prefix. */
const OTHERS = new Set(['MUSTER_CONFIG', 'MUSTER_SOCKET', 'MUSTER_CORPUS'])

function fromEnvironment(env: Record<string, string | undefined>, problems: string[]): Given {
  const names = new Map(keysOf(SETTINGS).map((key) => [variableOf(key), key]))
  const given: Given = {}
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('MUSTER_') || OTHERS.has(variable) || value === undefined) continue
    const key = names.get(variable)
    if (key) given[key] = typed(key, value)
    else problems.push(`${variable} is not a setting`)
  }
  return given
}

/** `reportSeconds` is `MUSTER_REPORT_SECONDS`. */
function variableOf(key: string): string {
  return `MUSTER_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function fromFlags(flags: Record<string, string | undefined>, problems: string[]): Given {
  const given: Given = {}
  for (const [flag, value] of Object.entries(flags)) {
    if (flag === 'config' || value === undefined) continue
    const key = keysOf(SETTINGS).find((name) => name.toLowerCase() === flag.replaceAll('-', '').toLowerCase())
    if (key) given[key] = typed(key, value)
    else problems.push(`--${flag} is not a setting`)
  }
  return given
}

/** Text from the environment or a flag as the type that the setting has; what does not fit is left for the schema. */
function typed(key: keyof typeof SETTINGS, value: string): unknown {
  const schema = SETTINGS[key]
  const type = 'type' in schema ? schema.type : 'string'
  if (type === 'integer') return /^\d+$/.test(value) ? Number(value) : value
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return type === 'array' ? value.split(',').map((part) => part.trim()) : value
}

function beside(name: string): string {
  return new URL(name, import.meta.url).pathname
}

function invalid(problems: string[]): MusterError {
  return new MusterError('config-invalid', [...new Set(problems)].join('; '))
}
