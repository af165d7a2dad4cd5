import { VERSION } from '../version.ts'
import type { Command, Noun } from './command.ts'

const COLUMNS = 110
const NAME = 'muster-collector'

/** What there is, where to begin, and where to read on. */
export function helpOfAll(nouns: readonly Noun[]): string {
  return `${NAME} ${VERSION}: appraises evidence, and signs for gateways which devices pass muster

usage: ${NAME} [serve]                          run until stopped
       ${NAME} COMMAND [VERB] [...] [--json]

${nouns.map(({ name, summary }) => hanging(`  ${name}`, 18, summary.split(' '))).join('\n')}

First steps:
  ${NAME} --data ./muster-data            starts one here, on 127.0.0.1:7400
  ${NAME} token create --data ./muster-data
                                                then, on a laptop, as root: muster-agent enroll STRING
  ${NAME} device list --data ./muster-data
  ${NAME} policy --help                   what each command takes, with examples

A command acts on the collector that runs on the data folder, and on the folder itself where none runs. Give it the same
--data or --config as the service, as the same user.

Settings (a flag wins over MUSTER_... in the environment, and that over the file; all of them are in docs/operations.md):
  --config FILE   settings in YAML                       --data DIR      data folder (/var/lib/muster)
  --host ADDRESS  address to listen on (127.0.0.1)       --port N        port (7400)
  --issuer URL    the address that agents know           --policy FILE   the policy (docs/policy.md)
  --tls-cert, --tls-key FILE   for any address but loopback
--json prints what a script can read; its times are UTC, all others of this machine's zone. Exit codes: 0 done, 1 failed (what to do is said), 2 wrong usage.`
}

/** Everything of one noun. */
export function helpOf({ name, about, verbs, examples }: Noun): string {
  const blocks = [`${NAME} ${name}`, about]
  for (const [verb, command] of Object.entries(verbs)) blocks.push(helpOfCommand(`${name} ${verb}`.trim(), command))
  if (examples !== undefined) blocks.push(`Examples:\n${indented(examples, 2)}`)
  blocks.push(`--json prints what a script can read. All settings are flags too: ${NAME} --help`)
  return blocks.join('\n\n')
}

function helpOfCommand(called: string, { operands, summary, options = {} }: Command): string {
  const entries = Object.entries(options)
  const spelled = entries.map(([name, { value }]) => `--${name}${value === undefined ? '' : ` ${value}`}`)
  const flags = entries.map(([, { isNeeded, multiple }], index) => {
    const flag = isNeeded ? `${spelled[index]}` : `[${spelled[index]}]`
    return multiple ? `${flag}...` : flag
  })
  const usage = [...(operands === undefined ? [] : [operands]), ...flags]
  const column = Math.max(0, ...spelled.map((it) => it.length)) + 8
  return [
    hanging(called, called.length + 1, usage).trimEnd(),
    hanging('', 4, summary.split(' ')),
    ...entries.map(([, { help }], index) => hanging(`      ${spelled[index]}`, column, help.split(' '))),
  ].join('\n')
}

/** Words that begin at a column, after their head, and stay there where the line is broken. */
function hanging(head: string, column: number, words: readonly string[]): string {
  const lines: string[] = []
  let line = ''
  for (const word of words) {
    if (line !== '' && column + line.length + 1 + word.length > COLUMNS) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  const [first = '', ...rest] = lines
  return [head.padEnd(column) + first, ...rest.map((it) => ' '.repeat(column) + it)].join('\n')
}

function indented(text: string, by: number): string {
  return text
    .split('\n')
    .map((line) => ' '.repeat(by) + line)
    .join('\n')
}
