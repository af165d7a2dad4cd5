import { Type, type Static } from 'typebox'
import { keysOf, nullable, oneOf, strict } from '../../shared/schema.ts'
import { CHECK_IDS, VERDICTS } from '../../shared/standing.ts'
import type { CheckMemory, Memory } from '../appraisal/memory.ts'
import { dateOrNull, jsonReaderOf, Millis, millisOrNull } from './rows.ts'

const Remembered = strict({
  verdict: oneOf(VERDICTS),
  since: Millis,
  passed: Type.Boolean(),
  failingSince: nullable(Millis),
  passingSince: nullable(Millis),
  trackedSince: nullable(Millis),
  askedSince: nullable(Millis),
  lapsedAt: nullable(Millis),
  mode: oneOf(['enforce', 'report']),
})
type Remembered = Static<typeof Remembered>

const readRemembered = jsonReaderOf(Type.Record(Type.String(), Remembered))

/** What is remembered of the checks of a device as JSON, with times in milliseconds. */
export function memoryText(memory: Memory): string {
  const remembered: Record<string, Remembered> = {}
  for (const id of keysOf(memory)) {
    const it = memory[id]
    if (it) remembered[id] = rememberedOf(it)
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

function rememberedOf(it: CheckMemory): Remembered {
  return {
    verdict: it.verdict,
    since: it.since.getTime(),
    passed: it.passed,
    failingSince: millisOrNull(it.failingSince),
    passingSince: millisOrNull(it.passingSince),
    trackedSince: millisOrNull(it.trackedSince),
    askedSince: millisOrNull(it.askedSince),
    lapsedAt: millisOrNull(it.lapsedAt),
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
