import { appraise, type Appraisal, type AppraisalInput } from './appraise.ts'
import { countsFrom } from './freshness.ts'

/** A moment that passed before anybody looked, and the answer from then on. */
export type Step = { at: Date; appraisal: Appraisal }

/** Far more moments than lie between one report and the end of its freshness. */
const MOST_STEPS = 64

/**
 * What a collector does that was away, or is late: it appraises at each moment that passed, then now, so that each
 * deadline is met once and at its own time. `from` is what it left off with; null where only the present counts.
 */
export function catchUp(
  input: AppraisalInput,
  from: Pick<Appraisal, 'nextChange'> | null,
): { appraisal: Appraisal; steps: Step[] } {
  const { evidence, now } = input
  const steps: Step[] = []
  let { memory } = input
  let at = from?.nextChange ?? null
  if (at && evidence) at = laterOf(at, countsFrom(evidence))
  while (at && at < now && steps.length < MOST_STEPS) {
    const appraisal: Appraisal = appraise({ ...input, memory, now: at })
    steps.push({ at, appraisal })
    memory = appraisal.memory
    at = appraisal.nextChange
  }
  return { appraisal: appraise({ ...input, memory }), steps }
}

/** Evidence that came since says nothing of the time before it. */
function laterOf(a: Date, b: Date): Date {
  return a > b ? a : b
}
