import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { chainOf } from '../../test/fakes/audit.ts'
import { chance, type Chance } from '../../test/fakes/chance.ts'
import { digest } from '../../shared/jws.ts'
import { seal } from '../protocol/audit-chain.ts'
import type { AuditHead, AuditLine } from '../store/store.ts'
import { openMarker } from './mark.ts'
import { verifyLog } from './verify.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-verify-'))
afterAll(() => rmSync(folder, { recursive: true }))
const marker = openMarker(folder)
const strangers = openMarker(mkdtempSync(join(folder, 'other-')))

/** The two tables, and what lies beside the database. */
type Log = { lines: AuditLine[]; head: AuditHead | null; copy: AuditHead | null }

const verified = ({ lines, head, copy }: Log, after?: number) =>
  verifyLog({
    reader: {
      head: () => head,
      line: (seq) => lines.find((it) => it.seq === seq) ?? null,
      lines: (before) => lines.filter(({ seq }) => seq > before).toSorted((a, b) => a.seq - b.seq),
    },
    copy,
    marker,
    ...(after !== undefined && { after }),
  })
const findingOf = (log: Log) => verified(log).finding

/** A log of chance, some of whose first lines may have been forgotten, and whose copied head may be a little behind. */
function randomLog(random: Chance): Log {
  const length = 2 + random.below(12)
  const all = chainOf(
    Array.from({ length }, (_, n) => ({ kind: random.of(['act', 'allowed', 'denied']), n, text: textOf(random) })),
  )
  const from = random.oneIn(3) ? random.below(length - 1) : 0
  const lines = all.slice(from)
  const [first, previous] = [from + 1, all[from - 1]?.hash ?? null]
  const markAt = (it: AuditLine) => marker.mark({ first, previous, seq: it.seq, hash: it.hash })
  return { lines, head: markAt(lines.at(-1)!), copy: markAt(lines[random.below(lines.length)]!) }
}

function textOf(random: Chance): string {
  const alphabet = ['a', 'ä', '"', '\\', '\n', '\u0000', '\ud800', '😀', '\u2028', ',"previous":']
  return Array.from({ length: random.below(6) }, () => alphabet[random.below(alphabet.length)]).join('')
}

/** A character of a text made another one. */
function flipped(text: string, random: Chance): string {
  const index = random.below(text.length)
  const other = text[index] === 'x' ? 'y' : 'x'
  return text.slice(0, index) + other + text.slice(index + 1)
}

/** Every single mutation of a log, with the first line that is wrong then; null where that cannot be said. */
function* mutationsOf(log: Log, random: Chance): Generator<[what: string, log: Log, wrong: number | null]> {
  const { lines, head, copy } = log
  const other = () => lines[random.below(lines.length)]!
  const wholly = (index: number, line: string) => lines.with(index, { ...lines[index]!, line, hash: digest(line) })
  for (const [index, it] of lines.entries()) {
    const { seq, line } = it
    // Its hash is right: only what names the line can tell, which are the next line, the head and the copy of the head.
    const next = seq === head!.seq || seq === copy!.seq ? seq : seq + 1
    yield [
      `line ${seq}: another text`,
      { ...log, lines: lines.with(index, { ...it, line: flipped(line, random) }) },
      seq,
    ]
    yield [
      `line ${seq}: another hash`,
      { ...log, lines: lines.with(index, { ...it, hash: flipped(it.hash, random) }) },
      seq,
    ]
    yield [
      `line ${seq}: another time`,
      { ...log, lines: lines.with(index, { ...it, at: it.at + random.of([-1, 1, 1000]) }) },
      seq,
    ]
    yield [
      `line ${seq}: another number`,
      { ...log, lines: lines.with(index, { ...it, seq: head!.seq + 1 + random.below(9) }) },
      seq,
    ]
    const changed = line.replace(/"kind":"\w+"/, '"kind":"forged"')
    yield [`line ${seq}: another text and its hash`, { ...log, lines: wholly(index, changed) }, next]
    yield [`line ${seq} is deleted`, { ...log, lines: lines.toSpliced(index, 1) }, seq]
    yield [`lines from ${seq} on are deleted`, { ...log, lines: lines.slice(0, index) }, seq]
    yield [`lines up to ${seq} are deleted`, { ...log, lines: lines.slice(index + 1) }, lines[0]!.seq]

    const twin = other()
    if (twin.seq !== seq) {
      const swapped = lines.with(index, { ...twin, seq }).with(lines.indexOf(twin), { ...it, seq: twin.seq })
      yield [`lines ${seq} and ${twin.seq} are swapped`, { ...log, lines: swapped }, Math.min(seq, twin.seq)]
      yield [
        `line ${seq} is also line ${twin.seq}`,
        { ...log, lines: lines.with(lines.indexOf(twin), { ...it, seq: twin.seq }) },
        twin.seq,
      ]
    }
    // Whoever puts a line in, or changes one, and makes the whole chain behind it right again.
    const forged = seal(JSON.stringify({ kind: 'forged' }), new Date(it.at), {
      seq: seq - 1,
      hash: lines[index - 1]?.hash ?? head!.previous,
    })
    const rest = lines.slice(index + 1).map((each) => JSON.stringify(bodyOf(each)))
    const rebuilt = (kept: readonly AuditLine[], bodies: readonly string[]) => {
      const made: AuditLine[] = [...kept]
      for (const body of bodies) made.push(seal(body, new Date(it.at), made.at(-1)!))
      return made
    }
    const before = lines.slice(0, index)
    yield [`line ${seq} and all behind it are made anew`, { ...log, lines: rebuilt([...before, forged], rest) }, null]
    yield [
      `a line is put before ${seq}, and all behind it made anew`,
      { ...log, lines: rebuilt([...before, forged], [JSON.stringify(bodyOf(it)), ...rest]) },
      null,
    ]
  }
  const last = lines.at(-1)!
  yield [
    'a line is added',
    { ...log, lines: [...lines, seal('{"kind":"forged"}', new Date(last.at), last)] },
    last.seq + 1,
  ]
  const early = { ...other(), seq: lines[0]!.seq - 1 }
  yield ['a line is put before all', { ...log, lines: [early, ...lines] }, early.seq]
  yield ['all lines are gone', { ...log, lines: [] }, lines[0]!.seq]
  for (const part of ['head', 'copy'] as const) {
    const it = { head, copy }[part]!
    for (const key of ['first', 'seq'] as const)
      yield [`${part}: another ${key}`, { ...log, [part]: { ...it, [key]: it[key] + random.of([-1, 1]) } }, null]
    yield [
      `${part}: another previous`,
      { ...log, [part]: { ...it, previous: it.previous === null ? last.hash : null } },
      null,
    ]
    yield [`${part}: another hash`, { ...log, [part]: { ...it, hash: flipped(it.hash!, random) } }, null]
    yield [
      `${part}: another signature`,
      { ...log, [part]: { ...it, signature: `A${flipped(it.signature.slice(1), random)}` } },
      null,
    ]
    yield [`${part}: signed with another key`, { ...log, [part]: strangers.mark(it) }, null]
    yield [`${part} is gone`, { ...log, [part]: null }, null]
  }
}

function bodyOf({ line }: AuditLine): object {
  const { seq: _seq, at: _at, previous: _previous, ...body } = JSON.parse(line) as Record<string, unknown>
  return body
}

test('of random logs every single mutation is found, and with the line where it begins', () => {
  let count = 0
  const missed: unknown[] = []
  for (let seed = 0; seed < 80; seed++) {
    const random = chance(seed)
    const log = randomLog(random)
    expect(findingOf(log)).toBeNull()
    for (const [what, mutated, wrong] of mutationsOf(log, random)) {
      count += 1
      const finding = findingOf(mutated)
      if (!finding || (wrong !== null && finding.seq !== wrong)) missed.push({ seed, what, finding, wrong })
    }
  }
  expect(missed).toEqual([])
  expect(count).toBeGreaterThan(8000)
})

const LINES = chainOf(Array.from({ length: 8 }, (_, n) => ({ kind: 'act', n })))
const headAt = (index: number) =>
  marker.mark({ first: 1, previous: null, seq: LINES[index]!.seq, hash: LINES[index]!.hash })

test('a log that went back to how it once was is found by the copy of its head', () => {
  const then: Log = { lines: LINES.slice(0, 4), head: headAt(3), copy: headAt(6) }
  expect(findingOf(then)).toEqual({ seq: 5, problem: expect.stringContaining('had come to line 7') })
})

test('a log that went back and was gone on with is found where it parts', () => {
  const other = chainOf([{ kind: 'act', n: 'x' }, { kind: 'act' }, { kind: 'act' }, { kind: 'act' }], LINES[3])
  const lines = [...LINES.slice(0, 4), ...other]
  const head = marker.mark({ first: 1, previous: null, seq: 8, hash: other[3]!.hash })
  expect(findingOf({ lines, head, copy: headAt(5) })).toEqual({
    seq: 6,
    problem: expect.stringContaining('copy of the head'),
  })
})

test('a copy of before the first lines were forgotten says nothing of those', () => {
  const head = marker.mark({ first: 5, previous: LINES[3]!.hash, seq: 8, hash: LINES[7]!.hash })
  expect(verified({ lines: LINES.slice(4), head, copy: headAt(1) })).toMatchObject({ finding: null, lines: 4 })
})

test('what lies before a line can be left out', () => {
  const lines = LINES.with(1, { ...LINES[1]!, line: LINES[1]!.line.replace('act', 'ACT') })
  const log = { lines, head: headAt(7), copy: headAt(7) }
  expect(verified(log)).toMatchObject({ lines: 1, finding: { seq: 2 } })
  expect(verified(log, 2)).toMatchObject({ lines: 6, finding: null })
  expect(verified({ ...log, lines: log.lines.toSpliced(5, 1) }, 2)).toMatchObject({ finding: { seq: 6 } })
  expect(verified(log, 99)).toMatchObject({ finding: { seq: null, problem: 'there is no line 99 to begin after' } })
})
