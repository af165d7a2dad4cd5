import { ERRORS, MusterError } from '../../shared/errors.ts'
import { readConfig } from '../config.ts'
import type { Terminal } from '../print.ts'
import { VERSION } from '../version.ts'
import { UsageError, type Noun } from './command.ts'
import { readCommandLine } from './command-line.ts'
import { helpOf, helpOfAll } from './help.ts'
import { openSession } from './session.ts'

/** Runs a command line; returns the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runCommandLine(
  args: readonly string[],
  { nouns, terminal }: { nouns: readonly Noun[]; terminal: Terminal },
): Promise<number> {
  try {
    const line = readCommandLine(args, nouns)
    if (line.kind === 'version') terminal.print(VERSION)
    else if (line.kind === 'help') terminal.print(line.noun ? helpOf(line.noun) : helpOfAll(nouns))
    else {
      const said = await line.command.run(line.given, openSession(readConfig(line.settings), terminal))
      if (said && line.given.has('json')) terminal.printJson(said.json)
      else if (said) terminal.print(said.text())
    }
    return 0
  } catch (error) {
    if (error instanceof UsageError) {
      const noun = args.find((it) => nouns.some(({ name }) => name === it))
      const help = `muster-collector ${noun === undefined ? '' : `${noun} `}--help`
      terminal.printError(`muster-collector: ${error.message}${error.message.endsWith('?') ? '' : '.'} See ${help}`)
      return 2
    }
    terminal.printError(`muster-collector: ${problemText(error)}`)
    return 1
  }
}

function problemText(error: unknown): string {
  if (!(error instanceof MusterError)) return error instanceof Error ? error.message : String(error)
  if (!error.message.includes('\n')) return error.advice
  const { title, fix } = ERRORS[error.code]
  const problems = error.message.split('\n').map((line) => `  ${line}`)
  return [`${title}:`, ...problems, `${fix} (${error.code})`].join('\n')
}
