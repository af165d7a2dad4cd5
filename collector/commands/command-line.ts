import { parseArgs } from 'node:util'
import { SETTING_FLAGS } from '../config.ts'
import { didYouMean } from '../appraisal/nearest.ts'
import { UsageError, type Command, type Given, type Noun, type Options } from './command.ts'

/** What every command takes besides its own. */
const GENERAL: Options = {
  config: { type: 'string', value: 'FILE', help: 'settings in YAML' },
  json: { type: 'boolean', help: 'print what a script can read' },
  help: { type: 'boolean', help: 'tell of this command' },
  version: { type: 'boolean', help: 'print the version' },
}
const SETTINGS: Options = Object.fromEntries(
  SETTING_FLAGS.map((flag) => [flag, { type: 'string', help: 'a setting (docs/operations.md)' }]),
)

/** A command line taken apart. */
export type CommandLine =
  | { kind: 'version' }
  | { kind: 'help'; noun: Noun | null }
  | { kind: 'command'; command: Command; given: Given; settings: Record<string, string | undefined> }

/** @throws UsageError with what was probably meant */
export function readCommandLine(args: readonly string[], nouns: readonly Noun[]): CommandLine {
  const every: Options = Object.assign({}, ...nouns.flatMap(optionsOf), SETTINGS, GENERAL)
  const { tokens, positionals } = parse(args, every, false)
  const given = tokens.flatMap((token) => (token.kind === 'option' ? [token] : []))
  const has = (name: string) => given.some((token) => token.name === name || (name === 'help' && token.name === 'h'))
  if (has('version')) return { kind: 'version' }

  const [name = 'serve', verb] = positionals
  const noun = nouns.find((it) => it.name === name)
  if (!noun)
    throw new UsageError(
      `there is no command "${name}"${didYouMean(
        name,
        nouns.map((it) => it.name),
      )}`,
    )
  if (has('help')) return { kind: 'help', noun: positionals.length === 0 ? null : noun }
  const [command, called, operands] = commandOf(noun, verb, positionals)

  const own: Options = { ...command.options, ...SETTINGS, ...GENERAL }
  for (const { name: option, rawName } of given) {
    if (!Object.hasOwn(own, option))
      throw new UsageError(`${called} has no option ${rawName}${optionMeant(option, own)}`)
  }
  const { values } = parse(args, own, true)
  const missing = Object.entries(command.options ?? {}).filter(
    ([it, { isNeeded }]) => isNeeded && values[it] === undefined,
  )
  if (missing.length > 0) throw new UsageError(`${called} needs ${missing.map(([it]) => `--${it}`).join(', ')}`)
  requireOperands(command, called, operands)
  return { kind: 'command', command, given: givenOf(values, operands), settings: settingsOf(values) }
}

function optionsOf({ verbs }: Noun): Options[] {
  return Object.values(verbs).map(({ options }) => options ?? {})
}

function optionMeant(option: string, own: Options): string {
  return didYouMean(
    `--${option}`,
    Object.keys(own).map((name) => `--${name}`),
  )
}

function parse(args: readonly string[], options: Options, isStrict: boolean) {
  // Help and typing mistakes are looked at first, so that they can be answered with more than "unknown".
  const config = { args: [...args], options: withShort(options), allowPositionals: true, tokens: true } as const
  try {
    return parseArgs({ ...config, strict: isStrict })
  } catch (error) {
    throw new UsageError(error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error))
  }
}

function withShort(options: Options) {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [
      name,
      { type, multiple, ...(name === 'help' && { short: 'h' }) },
    ]),
  )
}

/** @throws UsageError */
function commandOf(noun: Noun, verb: string | undefined, positionals: readonly string[]): [Command, string, string[]] {
  const itself = noun.verbs['']
  if (itself) return [itself, noun.name, positionals.slice(1)]
  const verbs = Object.keys(noun.verbs)
  if (verb === undefined) throw new UsageError(`${noun.name} needs one of: ${verbs.join(', ')}`)
  const command = Object.hasOwn(noun.verbs, verb) ? noun.verbs[verb] : undefined
  if (!command) throw new UsageError(`there is no command "${noun.name} ${verb}"${didYouMean(verb, verbs)}`)
  return [command, `${noun.name} ${verb}`, positionals.slice(2)]
}

function requireOperands({ operands = '' }: Command, called: string, given: readonly string[]): void {
  const wanted = operands.split(' ').filter(Boolean)
  const needed = wanted.filter((it) => !it.startsWith('['))
  if (given.length < needed.length) throw new UsageError(`${called} needs ${needed.slice(given.length).join(' ')}`)
  if (given.length > wanted.length)
    throw new UsageError(`${called} does not know what to do with "${given[wanted.length]}"`)
}

type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

function givenOf(values: Values, operands: readonly string[]): Given {
  return {
    operands,
    operand: (index) => operands[index] ?? '',
    has: (name) => values[name] === true,
    text(name) {
      const value = values[name]
      return typeof value === 'string' ? value : undefined
    },
    texts(name) {
      const value = values[name]
      return Array.isArray(value) ? value.filter((it) => typeof it === 'string') : []
    },
  }
}

function settingsOf(values: Values): Record<string, string | undefined> {
  const settings: Record<string, string | undefined> = {}
  for (const name of ['config', ...SETTING_FLAGS]) {
    const value = values[name]
    if (typeof value === 'string') settings[name] = value
  }
  return settings
}
