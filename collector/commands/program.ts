import { Command as Program, InvalidArgumentError, Option } from 'commander'
import { SETTING_FLAGS } from '../config.ts'
import type { Terminal } from '../print.ts'
import { VERSION } from '../version.ts'
import { UsageError, type Command, type Given, type Noun, type Options } from './command.ts'

const STEPS = `
First steps:
  muster-collector --data ./data               starts one, on 127.0.0.1:7400
  muster-collector token create --data ./data  then, on a laptop, as root:
                                               muster-agent enroll STRING
  muster-collector device list --data ./data
  muster-collector policy --help               its commands, with examples

A command acts on the collector that runs on the data folder, and on the folder
itself where none runs. Give it the same --data or --config as the service, as
the same user. Times are UTC with --json, else of this machine's zone.
Exit codes: 0 done, 1 failed (what to do is said), 2 wrong usage.`

/** The command line as a program that runs a command with what was given to it. Every setting is a flag of each. */
export function programOf(
  nouns: readonly Noun[],
  terminal: Terminal,
  run: (command: Command, given: Given) => Promise<void>,
): Program {
  const program = new Program('muster-collector')
    .description('Appraises evidence, and signs for gateways which devices pass muster.')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.print(text.trimEnd()), writeErr: () => undefined })
    .helpOption('-h, --help', 'tell of this command')
    .helpCommand(false)
    .version(VERSION, '--version', 'print the version')
    .option('--json', 'print what a script can read')
    .optionsGroup('Settings (a flag wins over MUSTER_... in the environment, that over the file):')
    .addHelpText('after', STEPS)
  const flags = { config: 'file with settings in YAML', ...SETTING_FLAGS }
  // A name that a command has for an option of its own, too, may be given more than once: the program reads it for both.
  const shared = new Set(
    nouns.flatMap(({ verbs }) => Object.values(verbs)).flatMap((it) => Object.keys(it.options ?? {})),
  )
  for (const [flag, help] of Object.entries(flags)) {
    program.addOption(optionOf(flag, { type: 'string', multiple: shared.has(flag), help }))
  }

  for (const { name, summary, about, verbs, examples } of nouns) {
    const noun = program.command(name).summary(summary).description(unbroken(about)).helpCommand(false)
    if (examples !== undefined) noun.addHelpText('afterAll', `\nExamples:\n${examples.replaceAll(/^/gm, '  ')}`)
    noun.addHelpText('afterAll', '\nEvery command takes --json and the settings: muster-collector --help')
    for (const [verb, command] of Object.entries(verbs)) {
      const own = verb === '' ? noun : noun.command(verb).description(command.summary)
      for (const operand of command.operands?.split(' ') ?? []) {
        own.argument(operand.startsWith('[') ? operand : `<${operand}>`)
      }
      for (const [option, it] of Object.entries(command.options ?? {})) own.addOption(optionOf(option, it))
      own.action(() => run(command, givenTo(own, command)))
    }
  }
  return program
}

/** As one line for the library to break; what is indented stays a list. */
function unbroken(text: string): string {
  return text.replaceAll(/\n(?! )/g, ' ')
}

function optionOf(name: string, { type, multiple, isNeeded, value = 'VALUE', help }: Options[string]): Option {
  if (type === 'boolean') return new Option(`--${name}`, help)
  const option = new Option(`--${name} <${value}>`, isNeeded ? `${help} (needed)` : help)
  return option.argParser<string | string[]>((given, before) => {
    // Else an option after one whose value was forgotten would be its value, and `--dry-run` be lost.
    if (given.startsWith('-')) throw new InvalidArgumentError('A value does not begin with a dash.')
    return multiple ? [before ?? [], given].flat() : given
  })
}

/** @throws UsageError with every option that is missing: the library would say only the first */
function givenTo(program: Program, { options = {} }: Command): Given {
  const values = { ...valuesOf(program.parent), ...valuesOf(program.parent?.parent), ...valuesOf(program) }
  const missing = Object.keys(options).filter((it) => options[it]?.isNeeded && values[it] === undefined)
  if (missing.length > 0) throw new UsageError(`${program.name()} needs ${missing.map((it) => `--${it}`).join(', ')}`)
  return {
    operands: program.args,
    operand: (index) => program.args[index] ?? '',
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

/** By the names that options have on the command line. */
function valuesOf(program: Program | null | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const it of program?.options ?? []) {
    const value: unknown = program?.getOptionValue(it.attributeName())
    // `--no-wait` is kept as `wait: false`; what is not here may be of the program around it.
    if (value !== undefined) values[it.name()] = it.negate ? value === false : value
  }
  return values
}
