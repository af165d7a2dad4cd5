import type { LocalStatus, RequestProof } from '../shared/local.ts'
import { keysOf } from '../shared/schema.ts'
import { SIGNALS, type Facts } from '../shared/signals.ts'
import type { Log } from './agent.ts'
import { describeFact } from './describe.ts'
import type { Recorded } from './record.ts'

/** What was asked for goes to stdout, so that a script can read it. */
export function print(line: string): void {
  console.log(oneLine(line))
}

export function printHelp(text: string): void {
  console.log(text)
}

export function printJson(it: unknown): void {
  console.log(JSON.stringify(it, null, 2))
}

/** One line on stderr that says what to do. */
export function printProblem(line: string): void {
  console.error(oneLine(line))
}

export function printFacts(facts: Facts): void {
  const width = Math.max(...keysOf(SIGNALS).map((id) => SIGNALS[id].title.length))
  for (const id of keysOf(facts)) print(`${SIGNALS[id].title.padEnd(width)}  ${describeFact(facts, id)}`)
}

/** As `curl -H @-` reads them. */
export function printProof({ authorization, dpop }: RequestProof): void {
  print(`Authorization: ${authorization}`)
  print(`DPoP: ${dpop}`)
}

export function printRecorded({ path, entries, masked, differing }: Recorded): void {
  print(`Recorded ${entries} answers in ${path}; ${masked} names, ids and keys were masked.`)
  if (differing.length > 0) {
    print(`Read again, it does not tell the same of: ${differing.map((id) => SIGNALS[id].title).join(', ')}.`)
  }
  print('Look through it before you send it: what the masks do not know is in it as it was read.')
}

export function printStatus({ deviceId, collectorUrl, connection, standing, lastSentAt }: LocalStatus): void {
  print(`${connection.words} (${collectorUrl})`)
  print(`Device ${deviceId}, last report ${lastSentAt ?? 'not yet'}`)
  if (!standing) {
    print('The collector has not said yet how this device stands.')
    return
  }
  print(`Admitted to: ${standing.tiers.join(', ') || 'nothing'}`)
  const width = Math.max(0, ...standing.checks.map(({ title }) => title.length))
  for (const { title, verdict, why, fix, deadline, exception, mode } of standing.checks) {
    const until = deadline === undefined ? '' : ` until ${deadline}`
    const counted = mode === 'report' ? ' (only reported)' : ''
    const indent = ' '.repeat(width)
    print(`  ${title.padEnd(width)}  ${verdict}${until}${counted}: ${why}`)
    if (exception) print(`  ${indent}  excepted by ${exception.approver}: ${exception.reason}`)
    if (fix !== undefined) print(`  ${indent}  to do: ${fix}`)
  }
}

/** The log of a service: words for a person at a terminal, one JSON text a line for everything else. */
export function logTo(stream: { isTTY?: boolean; write(text: string): unknown }, clock: () => Date): Log {
  return (event, details = {}) => {
    const time = clock().toISOString()
    if (!stream.isTTY) {
      stream.write(`${JSON.stringify({ time, event, ...details })}\n`)
      return
    }
    const more = Object.entries(details).map(([name, it]) => `${name}: ${it}`)
    stream.write(`${oneLine(`${time} ${event}${more.length > 0 ? ` (${more.join(', ')})` : ''}`)}\n`)
  }
}

/** Words of a collector or of a program must not move the cursor of a terminal, nor look like a line of ours. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
