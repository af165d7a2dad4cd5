import { CommanderError } from 'commander'
import { ERRORS, MusterError, sentence } from '../../shared/errors.ts'
import { readConfig, SETTING_FLAGS } from '../config.ts'
import type { Terminal } from '../print.ts'
import { UsageError, type Command, type Given, type Noun } from './command.ts'
import { programOf } from './program.ts'
import { openSession } from './session.ts'

/** Runs a command line; returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runCommandLine(
  args: readonly string[],
  { nouns, terminal }: { nouns: readonly Noun[]; terminal: Terminal },
): Promise<number> {
  const run = async (command: Command, given: Given) => {
    const flags = ['config', ...Object.keys(SETTING_FLAGS)].filter((it) => !(it in (command.options ?? {})))
    const settings = Object.fromEntries(flags.map((it) => [it, given.text(it) ?? given.texts(it).at(-1)]))
    const said = await command.run(given, openSession(readConfig(settings), terminal))
    if (said && given.has('json')) terminal.printJson(said.json)
    else if (said) terminal.print(said.text())
  }
  try {
    // A default command of the library's would take a mistyped one for its operand.
    const { operands, unknown } = programOf(nouns, terminal, run).parseOptions([...args])
    await programOf(nouns, terminal, run).parseAsync(
      operands.length + unknown.length === 0 ? ['serve', ...args] : [...args],
      { from: 'user' },
    )
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError || error instanceof UsageError) {
      terminal.printError(`muster-collector: ${usageText(error, args, nouns)}`)
      return 2
    }
    terminal.printError(`muster-collector: ${problemText(error)}`)
    return 1
  }
}

function usageText(error: CommanderError | UsageError, args: readonly string[], nouns: readonly Noun[]): string {
  const noun = nouns.find(({ name }) => args.includes(name))
  const verbs = Object.keys(noun?.verbs ?? {}).filter(Boolean)
  const isWithoutVerb = error instanceof CommanderError && error.code === 'commander.help'
  const problem = isWithoutVerb ? `${noun?.name} needs one of: ${verbs.join(', ')}` : error.message
  const called = ['muster-collector', noun?.name, verbs.find((it) => args.includes(it)), '--help']
  return `${sentence(problem.replace(/^error: /, '').replaceAll('\n', ' '))} See ${called.filter(Boolean).join(' ')}`
}

function problemText(error: unknown): string {
  if (!(error instanceof MusterError)) return error instanceof Error ? error.message : String(error)
  if (!error.message.includes('\n')) return error.advice
  const { title, fix } = ERRORS[error.code]
  const problems = error.message.split('\n').map((line) => `  ${line}`)
  return [`${title}:`, ...problems, `${fix} (${error.code})`].join('\n')
}
