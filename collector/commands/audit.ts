import { setImmediate as nextTurn } from 'node:timers/promises'
import { MusterError } from '../../shared/errors.ts'
import type { Verified } from '../audit/verify.ts'
import { exportedLine } from '../protocol/audit-chain.ts'
import { defineCommand, UsageError, type Noun } from './command.ts'
import { databaseOf } from './database.ts'
import { counted, number, timeGiven } from './wording.ts'

const verify = defineCommand({
  summary: 'Reads the whole log, and tells the first line that is not as it was written; then it exits with 1.',
  options: {
    after: { type: 'string', value: 'LINE', help: 'look only at what comes after this line' },
  },
  async run(given, { config, terminal }) {
    const { readCopy, readMarker } = await import('../audit/mark.ts')
    const { verifyLog } = await import('../audit/verify.ts')
    const { openAuditReader } = await import('../store/audit-reader.ts')
    const after = lineGiven(given.text('after'))
    // The copy first: a collector that runs has it follow the log, never lead.
    const copy = readCopy(config.folder)
    const marker = readMarker(config.folder)
    const reader = openAuditReader(databaseOf(config))
    const verified = verifyLog({ reader, copy, marker, ...(after !== undefined && { after }) })
    reader.close()
    const { finding, lines, head } = verified
    const json = { ok: finding === null, lines, finding, head, publicKey: marker?.publicKey ?? null }
    if (!finding) return { json, text: () => wholeText(verified) }
    if (given.has('json')) terminal.printJson(json)
    throw new MusterError(
      'audit-damaged',
      finding.seq === null ? finding.problem : `line ${finding.seq}: ${finding.problem}`,
    )
  },
})

/** @throws UsageError */
function lineGiven(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  if (!/^[1-9]\d{0,14}$/.test(given)) throw new UsageError('--after is the number of a line')
  return Number(given)
}

function wholeText({ lines, head }: Verified): string {
  if (!head || lines === 0) return 'There is no line.'
  const { seq, hash } = head
  return `${counted(lines, 'line')}, up to line ${number(seq)}: all as they were written. The hash of the last is ${hash}`
}

/** Characters that are handed over at a time. */
const CHUNK = 65_536

const exportLines = defineCommand({
  summary: 'Prints the log, one line of JSON for each of its lines.',
  options: {
    from: { type: 'string', value: 'WHEN', help: 'from this day or time on' },
    to: { type: 'string', value: 'WHEN', help: 'up to this time; a day counts whole' },
  },
  async run(given, { config, terminal }) {
    const { openAuditReader } = await import('../store/audit-reader.ts')
    const [from, to] = [given.text('from'), given.text('to')]
    const span = {
      ...(from !== undefined && { from: timeGiven(from, '--from', 'begin') }),
      ...(to !== undefined && { to: timeGiven(to, '--to', 'end') }),
    }
    const reader = openAuditReader(databaseOf(config))
    let chunk = ''
    for (const line of from === undefined && to === undefined ? reader.lines(0) : reader.linesOf(span)) {
      chunk += `${exportedLine(line)}\n`
      if (chunk.length < CHUNK) continue
      terminal.write(chunk)
      chunk = ''
      await nextTurn()
    }
    terminal.write(chunk)
    reader.close()
    return null
  },
})

export const audit: Noun = {
  name: 'audit',
  summary: 'who was let in and who was not, and what admins did: verify, export',
  about: `Every decision and every act of an admin is a line of the audit log, which
names the hash of the line before it. Both commands read the data folder itself,
whether a collector runs on it or not. docs/audit.md tells of the lines.`,
  verbs: { verify, export: exportLines },
  examples: `muster-collector audit verify
muster-collector audit export > audit.jsonl
muster-collector audit export --from 2026-03-01 --to 2026-03-31 | jq 'select(.kind == "denied")'`,
}
