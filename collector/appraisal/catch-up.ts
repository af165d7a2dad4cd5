import { appraise, type Appraisal, type AppraisalInput } from './appraise.ts'

/** A moment that passed unseen, and the answer from then on. */
export type Step = { at: Date; appraisal: Appraisal }

/** More moments than this do not lie between two looks at one device, unless a rule gives moments without end. */
const MOST_STEPS = 64

/**
 * What a collector does that was away, or that is late: it appraises at each moment that passed, then now, so that each
 * deadline is told once and at its own time. `from` is the answer that it left off with; null where only the present
 * counts.
 */
export function catchUp(
  input: AppraisalInput,
  from: Pick<Appraisal, 'nextChange'> | null,
): { appraisal: Appraisal; steps: Step[] } {
  const steps: Step[] = []
  let { memory } = input
  let at = from?.nextChange ?? null
  while (at !== null && at < input.now && steps.length < MOST_STEPS) {
    const appraisal: Appraisal = appraise({ ...input, memory, now: at })
    steps.push({ at, appraisal })
    memory = appraisal.memory
    at = appraisal.nextChange
  }
  return { appraisal: appraise({ ...input, memory }), steps }
}
