import { Type, type Static } from 'typebox'
import { parserOf } from '../../shared/schema.ts'

// The AuthZEN Authorization API 1.0. Keys that the specification does not name are ignored, as it asks.

const Properties = Type.Optional(Type.Record(Type.String(), Type.Unknown()))
const Context = Properties

export const Entity = Type.Object({ type: Type.String(), id: Type.String(), properties: Properties })
export const Action = Type.Object({ name: Type.String(), properties: Properties })
/** What is searched for: its id, if there is one, is not looked at (section 8). */
const Sought = Type.Object({ type: Type.String(), properties: Properties })

/** May this subject do this to this resource? */
export const Question = Type.Object({ subject: Entity, action: Action, resource: Entity, context: Context })

export const Answer = Type.Object({ decision: Type.Boolean(), context: Context })

/** Answers to one search that do not fit into a page come in the next: a token is the way there. */
const Page = Type.Optional(
  Type.Object({
    token: Type.Optional(Type.String({ maxLength: 4000 })),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
)

/** Who may do this to that? */
export const SubjectSearch = Type.Object({
  subject: Sought,
  action: Action,
  resource: Entity,
  context: Context,
  page: Page,
})
/** To what may this subject do this? */
export const ResourceSearch = Type.Object({
  subject: Entity,
  action: Action,
  resource: Sought,
  context: Context,
  page: Page,
})
/** What may this subject do to that? */
export const ActionSearch = Type.Object({ subject: Entity, resource: Entity, context: Context, page: Page })

export type Entity = Static<typeof Entity>
export type Action = Static<typeof Action>
export type Question = Static<typeof Question>
export type Answer = Static<typeof Answer>
export type SubjectSearch = Static<typeof SubjectSearch>
export type ResourceSearch = Static<typeof ResourceSearch>
export type ActionSearch = Static<typeof ActionSearch>

/** Whoever answers what the protocol carries. */
export type Decider = {
  /** A decision, which is told to whoever keeps count of them. Throws MusterError where the question contradicts itself. */
  decide(question: Question): Answer
  /** Whether the decision would be yes. For a search: nobody is told. */
  permits(question: Question): boolean
  /** Who could be the answer to a search. One that comes twice is an answer where one of them may. */
  subjects(asked: SubjectSearch): Iterable<Entity>
  resources(asked: ResourceSearch): Iterable<Entity>
  actions(asked: ActionSearch): Iterable<Action>
}

export const parseQuestion = parserOf(Question)
