import { describe, expect, test } from 'vitest'
import { chainOf, START } from '../../test/fakes/audit.ts'
import { digest } from '../../shared/jws.ts'
import { exportedLine, headText, NO_LINE, readChain, seal, type Extent, type SealedLine } from './audit-chain.ts'

describe('a line', () => {
  test('names what was before it, and is hashed as it stands', () => {
    const first = seal('{"kind":"act"}', START, NO_LINE)
    const second = seal('{"kind":"denied","tier":"internal"}', START, first)
    expect(first.line).toBe('{"seq":1,"at":"2026-11-25T08:00:00.000Z","kind":"act","previous":null}')
    expect(first).toMatchObject({ seq: 1, at: START.getTime(), hash: digest(first.line) })
    expect(second.line).toContain(`"previous":"${first.hash}"}`)
    expect(second.seq).toBe(2)
  })

  test('is exported with its hash at the end', () => {
    const line = seal('{"kind":"act"}', START, NO_LINE)
    expect(exportedLine(line)).toBe(`${line.line.slice(0, -1)},"hash":"${line.hash}"}`)
    expect(JSON.parse(exportedLine(line))).toMatchObject({ seq: 1, kind: 'act', hash: line.hash })
  })

  test.each([
    ['a line feed', '\n'],
    ['an escape sequence', '\u001b[2J'],
    ['a control character of the second half', '\u009b2J'],
    ['a mark of direction', '\u202e'],
    ['a line separator', '\u2028'],
    ['half of a pair', '\ud800'],
  ])('has %s only as an escape, and says the same', (_, text) => {
    const { line } = seal(JSON.stringify({ kind: 'act', who: text }), START, NO_LINE)
    expect(line).not.toContain(text)
    expect(JSON.parse(line)).toMatchObject({ who: text })
  })
})

test('what is signed says every part of the extent, each on a line', () => {
  const extent = { first: 3, previous: 'p', seq: 9, hash: 'h' }
  expect(headText(extent)).toBe('muster-audit-head\n3\np\n9\nh')
  expect(headText({ first: 1, previous: null, seq: 0, hash: null })).toBe('muster-audit-head\n1\nnull\n0\nnull')
})

const BODIES = Array.from({ length: 6 }, (_, n) => ({ kind: 'act', n }))
const LINES = chainOf(BODIES)
const EXTENT: Extent = { first: 1, previous: null, seq: 6, hash: LINES[5]!.hash }
const at = (index: number) => LINES[index]!

/** The first finding of a log with these lines. */
function findingOf(lines: readonly SealedLine[], extent = EXTENT) {
  const chain = readChain(extent)
  for (const line of lines) {
    const finding = chain.next(line)
    if (finding) return finding
  }
  return chain.end()
}

/** A line that fits behind another, with a hash that is right. */
const forged = (after: SealedLine) => seal('{"kind":"act","n":"forged"}', START, after)
const rehashed = (line: string, of: SealedLine): SealedLine => ({ ...of, line, hash: digest(line) })

describe('a log', () => {
  test('that is as it was written has nothing that is wrong', () => {
    expect(findingOf(LINES)).toBeNull()
    expect(findingOf([], { first: 1, previous: null, ...NO_LINE })).toBeNull()
    expect(findingOf(LINES.slice(2), { ...EXTENT, first: 3, previous: at(1).hash })).toBeNull()
  })

  const wrong: [name: string, lines: SealedLine[], seq: number, problem: RegExp, extent?: Extent][] = [
    ['a changed line', LINES.with(2, { ...at(2), line: at(2).line.replace('"n":2', '"n":7') }), 3, /hash does not fit/],
    ['a changed line with its hash', LINES.with(2, rehashed(at(2).line.replace('"n":2', '"n":7'), at(2))), 4, /follow/],
    ['a changed hash', LINES.with(2, { ...at(2), hash: at(3).hash }), 3, /hash does not fit/],
    ['a changed time', LINES.with(2, { ...at(2), at: at(2).at + 1 }), 3, /time/],
    ['text that is no line', LINES.with(2, rehashed('nothing', at(2))), 3, /no line/],
    ['JSON that is no line', LINES.with(2, rehashed('[]', at(2))), 3, /no line/],
    [
      'two lines in each other’s place',
      LINES.with(2, { ...at(3), seq: 3 }).with(3, { ...at(2), seq: 4 }),
      3,
      /as line 4/,
    ],
    ['a line twice', LINES.toSpliced(3, 0, { ...at(2), seq: 4 }), 4, /as line 3/],
    ['a line that is missing', LINES.toSpliced(2, 1), 3, /it is missing/],
    ['lines that are missing', LINES.toSpliced(2, 2), 3, /lines 3 to 4 are missing/],
    ['a beginning that is missing', LINES.slice(2), 1, /lines 1 to 2 are missing/],
    ['an end that is missing', LINES.slice(0, 4), 5, /lines 5 to 6 are missing/],
    ['nothing at all', [], 1, /lines 1 to 6 are missing/],
    ['a line that was added', [...LINES, forged(at(5))], 7, /ends with line 6/],
    ['a line that was added far behind', [...LINES, { ...forged(at(5)), seq: 900 }], 900, /was written as line 7/],
    ['a line before the first', [{ ...forged(at(5)), seq: 0 }, ...LINES], 0, /begins with line 1/],
    ['another last line', LINES.with(5, forged(at(4))), 6, /not the last line/],
    ['a beginning of before', LINES.slice(1), 2, /begins with line 3/, { ...EXTENT, first: 3, previous: at(1).hash }],
    ['another line before the first', LINES.slice(2), 3, /follow/, { ...EXTENT, first: 3, previous: at(0).hash }],
  ]
  test.each(wrong)('with %s', (_, lines, seq, problem, extent) => {
    const finding = findingOf(lines, extent)
    expect(finding).toMatchObject({ seq, problem: expect.stringMatching(problem) })
    expect(finding?.isTold).toBeUndefined()
  })

  test('that tells of damage is as it was written, and damaged all the same', () => {
    const lines = chainOf([{ kind: 'act' }, { kind: 'damaged', problem: 'the head is gone' }, { kind: 'act' }])
    expect(findingOf(lines, { ...EXTENT, seq: 3, hash: lines[2]!.hash })).toEqual({
      seq: 2,
      problem: 'the collector found the log damaged: the head is gone',
      isTold: true,
    })
  })
})
