import { Type, type Static } from 'typebox'
import { keysOf, oneOf, strict } from '../../shared/schema.ts'
import { CHECK_IDS, VERDICTS } from '../../shared/standing.ts'
import type { CheckMemory, Memory } from '../appraisal/memory.ts'
import { dateOrNull, jsonReaderOf, Millis } from './rows.ts'

/** A moment that there is none of is left out: most are, and this is written with every report. */
const Moment = Type.Optional(Millis)

const Remembered = strict({
  verdict: oneOf(VERDICTS),
  since: Millis,
  passed: Type.Boolean(),
  failingSince: Moment,
  passingSince: Moment,
  trackedSince: Moment,
  askedSince: Moment,
  lapsedAt: Moment,
  mode: oneOf(['enforce', 'report']),
})
type Remembered = Static<typeof Remembered>

const readRemembered = jsonReaderOf(Type.Record(Type.String(), Remembered))

/** What is remembered of the checks of a device as JSON, with times in milliseconds. */
export function memoryText(memory: Memory): string {
  const remembered: Record<string, Written> = {}
  for (const id of keysOf(memory)) {
    const it = memory[id]
    if (it) remembered[id] = writtenOf(it)
  }
  return JSON.stringify(remembered)
}

/** Checks that an older or newer release remembered and this one does not know are left out. */
export function memoryOf(json: string, what: string): Memory {
  const remembered = readRemembered(json, what)
  const memory: Memory = {}
  for (const id of CHECK_IDS) {
    const it = remembered[id]
    if (it) memory[id] = checkMemoryOf(it)
  }
  return memory
}

/** What JSON makes a `Remembered` of: it leaves out what is undefined. */
type Written = { [Key in keyof CheckMemory]: string | number | boolean | undefined }

function writtenOf(it: CheckMemory): Written {
  return {
    verdict: it.verdict,
    since: it.since.getTime(),
    passed: it.passed,
    failingSince: it.failingSince?.getTime(),
    passingSince: it.passingSince?.getTime(),
    trackedSince: it.trackedSince?.getTime(),
    askedSince: it.askedSince?.getTime(),
    lapsedAt: it.lapsedAt?.getTime(),
    mode: it.mode,
  }
}

function checkMemoryOf(it: Remembered): CheckMemory {
  return {
    verdict: it.verdict,
    since: new Date(it.since),
    passed: it.passed,
    failingSince: dateOrNull(it.failingSince),
    passingSince: dateOrNull(it.passingSince),
    trackedSince: dateOrNull(it.trackedSince),
    askedSince: dateOrNull(it.askedSince),
    lapsedAt: dateOrNull(it.lapsedAt),
    mode: it.mode,
  }
}
