import { NOUNS } from '../../collector/commands/all.ts'
import { runCommandLine } from '../../collector/commands/run.ts'

export type Ran = { code: number; out: string; error: string; progress: string[] }

/** Runs a command line of the collector in this process, and returns what it printed. */
export async function ran(...args: string[]): Promise<Ran> {
  const out: string[] = []
  const error: string[] = []
  const progress: string[] = []
  const code = await runCommandLine(args, {
    nouns: NOUNS,
    terminal: {
      print: (text) => void out.push(`${text}\n`),
      printError: (text) => void error.push(`${text}\n`),
      printJson: (value) => void out.push(`${JSON.stringify(value)}\n`),
      write: (text) => void out.push(text),
      progress: (text) => void (text !== null && progress.push(text)),
    },
  })
  return { code, out: out.join(''), error: error.join(''), progress }
}
