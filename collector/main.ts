#!/usr/bin/env node
import { NOUNS } from './commands/all.ts'
import { runCommandLine } from './commands/run.ts'
import { terminalOn } from './print.ts'

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on('error', () => process.exit(0))

const code = await runCommandLine(process.argv.slice(2), {
  nouns: NOUNS,
  terminal: terminalOn(process.stdout, process.stderr),
})
// What failed may have left something open; what is done has not, and `serve` goes on.
if (code !== 0) process.exit(code)
