import { expect, test } from 'vitest'
import { terminalOn } from './print.ts'

/** What a hostile laptop calls itself: it would move the cursor, change the title, or turn the direction of writing. */
const HOSTILE = 'a\u001b[2Jb\u009b31mc\rd\u0007e\u202ef\u2028g\tü漢\n'
const HARMLESS = 'a?[2Jb?31mc?d?e?f?g\tü漢\n'

function written({ isTTY = true } = {}) {
  const [out, error]: [string[], string[]] = [[], []]
  const into = (lines: string[]) => ({ write: (text: string) => void lines.push(text), isTTY })
  return { terminal: terminalOn(into(out), into(error)), out, error }
}

test('what a device says of itself gives no orders to a terminal', () => {
  const { terminal, out, error } = written()
  terminal.print(HOSTILE)
  terminal.printError(HOSTILE)
  terminal.progress(HOSTILE)
  expect([out, error]).toEqual([[`${HARMLESS}\n`], [`${HARMLESS}\n`, `\r\u001b[2K${HARMLESS}`]])
})

test('JSON says the same without giving orders', () => {
  const { terminal, out } = written()
  terminal.printJson({ hostname: HOSTILE })
  expect(out[0]).toMatch(/^[\x20-\x7e\u00fc漢]+\n$/)
  expect(JSON.parse(out[0] ?? '')).toEqual({ hostname: HOSTILE })
})

test('a document is written as it is', () => {
  const { terminal, out } = written()
  terminal.write('freshness: 15m\n')
  expect(out).toEqual(['freshness: 15m\n'])
})

test('progress is for people who watch, and is taken away at the end', () => {
  const watched = written()
  watched.terminal.progress('1 of 2')
  watched.terminal.progress(null)
  expect(watched.error.join('')).toBe('\r\u001b[2K1 of 2\r\u001b[2K')
  const unwatched = written({ isTTY: false })
  unwatched.terminal.progress('1 of 2')
  expect(unwatched.error).toEqual([])
})
