import { Type, type Static } from 'typebox'
import { ERRORS, MusterError, type ErrorCode } from '../../shared/errors.ts'
import { oneOf } from '../../shared/schema.ts'
import { Action, Answer, Entity, parseQuestion, type Decider } from './authzen.ts'

/** Questions in one batch at most. */
export const BATCH_LIMIT = 250

/** Which answer ends a batch before its end; none where all are asked. */
const LAST = { execute_all: null, deny_on_first_deny: false, permit_on_first_permit: true } as const
const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const

/**
 * Several questions at once. What stands beside them is the default of each, and is replaced whole. A question that is
 * not right is denied where it stands, so its form is not looked at here.
 */
export const Batch = Type.Object({
  subject: Type.Optional(Entity),
  action: Type.Optional(Action),
  resource: Type.Optional(Entity),
  context: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  evaluations: Type.Optional(Type.Array(Type.Unknown(), { maxItems: BATCH_LIMIT })),
  options: Type.Optional(Type.Object({ evaluations_semantic: Type.Optional(oneOf(SEMANTICS)) })),
})
export type Batch = Static<typeof Batch>

export const BatchAnswer = Type.Object({ evaluations: Type.Array(Answer) })
export type BatchAnswer = Static<typeof BatchAnswer>

/**
 * Answers each question in its order, up to the first answer that ends the batch. Without any it is a question itself.
 * @throws MusterError `request-invalid` where that one is not right
 */
export function decideBatch(batch: Batch, decider: Decider): Answer | BatchAnswer {
  const { evaluations = [], options, subject, action, resource, context } = batch
  if (evaluations.length === 0) return decideOne(batch, decider)
  const last = LAST[options?.evaluations_semantic ?? 'execute_all']
  const answers: Answer[] = []
  for (const own of evaluations) {
    const answer = decideItem(own, { subject, action, resource, context }, decider)
    answers.push(answer)
    if (answer.decision === last) break
  }
  return { evaluations: answers }
}

function decideOne(question: unknown, decider: Decider): Answer {
  const parsed = parseQuestion(question)
  if (!parsed.ok) throw new MusterError('request-invalid', parsed.problem)
  return decider.decide(parsed.value)
}

/** What is wrong with one question is no matter of the others. */
function decideItem(own: unknown, defaults: object, decider: Decider): Answer {
  if (typeof own !== 'object' || own === null || Array.isArray(own)) {
    return brokenItem('request-invalid', 'an evaluation must be an object')
  }
  try {
    return decideOne(withDefaults(own, defaults), decider)
  } catch (error) {
    if (error instanceof MusterError) return brokenItem(error.code, error.message)
    throw error
  }
}

/** A key that is there replaces its default whole; without either it is missing. */
function withDefaults(own: object, defaults: object): object {
  const given = Object.entries(defaults).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(given), ...own }
}

function brokenItem(code: ErrorCode, message: string): Answer {
  return { decision: false, context: { error: { status: ERRORS[code].status, code, message } } }
}
