import { Type, type Static } from 'typebox'
import { Action, Entity, type ActionSearch, type Decider, type ResourceSearch, type SubjectSearch } from './authzen.ts'
import { positionOf, tokenFor } from './authzen-page.ts'

/** Answers on one page: as many at most, and where a search does not say how many it wants. */
export const PAGE_LIMIT = 1000

const PageAnswer = Type.Object({
  /** The way to the next page; empty where this is the last. */
  next_token: Type.String(),
  count: Type.Integer(),
})
export const EntitiesFound = Type.Object({ results: Type.Array(Entity), page: PageAnswer })
export const ActionsFound = Type.Object({ results: Type.Array(Action), page: PageAnswer })
export type EntitiesFound = Static<typeof EntitiesFound>
export type ActionsFound = Static<typeof ActionsFound>

/** A search that can be interrupted wherever it yields: there may be as many candidates as devices. */
export type Search<T> = Generator<void, { results: T[]; page: Static<typeof PageAnswer> }>

/** Who may. Throws MusterError `request-invalid` where the token is of another search, as the others do. */
export function searchSubjects(asked: SubjectSearch, decider: Decider): Search<Entity> {
  const { subject, ...given } = asked
  return search(
    { kind: 'subject', ...asked, subject: { ...subject, id: '' } },
    {
      candidates: () => decider.subjects(asked),
      keyOf: ({ id }) => id,
      isAnswer: (it) => it.type === subject.type && decider.permits({ ...given, subject: it }),
    },
  )
}

/** To what it may be done. */
export function searchResources(asked: ResourceSearch, decider: Decider): Search<Entity> {
  const { resource, ...given } = asked
  return search(
    { kind: 'resource', ...asked, resource: { ...resource, id: '' } },
    {
      candidates: () => decider.resources(asked),
      keyOf: ({ id }) => id,
      isAnswer: (it) => it.type === resource.type && decider.permits({ ...given, resource: it }),
    },
  )
}

/** What may be done. */
export function searchActions(asked: ActionSearch, decider: Decider): Search<Action> {
  return search(
    { kind: 'action', ...asked, action: null },
    {
      candidates: () => decider.actions(asked),
      keyOf: ({ name }) => name,
      isAnswer: (it) => decider.permits({ ...asked, action: it }),
    },
  )
}

type Candidates<T> = {
  candidates: () => Iterable<T>
  keyOf: (it: T) => string
  isAnswer: (it: T) => boolean
}

/**
 * The answers of one page, in the order of their keys. The candidates come in any order and are never sorted as a whole:
 * once there are more answers than fit, whatever comes after the last of them is not even judged.
 */
function* search<T>(asked: Parameters<typeof tokenFor>[0], of: Candidates<T>): Search<T> {
  const after = positionOf(asked)
  const limit = Math.min(asked.page?.limit ?? PAGE_LIMIT, PAGE_LIMIT)
  let kept = new Map<string, T>()
  let bound: string | undefined
  const keep = (count: number) => {
    kept = new Map([...kept].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, count))
  }

  for (const it of of.candidates()) {
    yield
    const key = of.keyOf(it)
    if (after !== null && key <= after) continue
    if ((bound !== undefined && key >= bound) || kept.has(key) || !of.isAnswer(it)) continue
    kept.set(key, it)
    if (kept.size > 2 * limit + 1) {
      keep(limit + 1)
      bound = [...kept.keys()].at(-1)
    }
  }
  keep(limit + 1)
  const results = [...kept.values()].slice(0, limit)
  const last = [...kept.keys()][limit - 1]
  const next_token = kept.size > limit && last !== undefined ? tokenFor(asked, last) : ''
  return { results, page: { next_token, count: results.length } }
}
