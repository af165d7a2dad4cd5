import { describe, expect, test } from 'vitest'
import { chance } from '../../test/fakes/chance.ts'
import { PAGE_LIMIT, searchActions, searchResources, searchSubjects, type Search } from './authzen-search.ts'
import type { Decider, Entity, Question, SubjectSearch } from './authzen.ts'

const user = (id: string, properties?: Record<string, unknown>): Entity => ({
  type: 'user',
  id,
  ...(properties && { properties }),
})
const book = { type: 'book', id: 'b' }
const asked: SubjectSearch = { subject: { type: 'user' }, action: { name: 'read' }, resource: book }

type People = { all: Entity[]; permits?: (question: Question) => boolean; judged?: Question[] }

const deciderOf = ({ all, permits = () => true, judged = [] }: People): Decider => ({
  decide: (question) => ({ decision: permits(question) }),
  permits(question) {
    judged.push(question)
    return permits(question)
  },
  subjects: () => all,
  resources: () => all,
  actions: () => all.map(({ id }) => ({ name: id })),
})

/** Runs a search to its end. */
function found<T>(search: Search<T>) {
  for (;;) {
    const { done, value } = search.next()
    if (done) return value
  }
}

const idsOf = ({ results }: { results: Entity[] }) => results.map(({ id }) => id)

/** All pages of a search, from the first to the last. */
function pages(limit: number, decider: Decider, search: SubjectSearch = asked): string[][] {
  const all: string[][] = []
  let token = ''
  do {
    const page = found(searchSubjects({ ...search, page: { limit, token } }, decider))
    expect(page.page.count).toBe(page.results.length)
    all.push(idsOf(page))
    token = page.page.next_token
  } while (token !== '')
  return all
}

describe('a search', () => {
  test('asks about each candidate, as it is, and finds those who may', () => {
    const judged: Question[] = []
    const all = [user('carol'), user('alice', { role: 'admin' }), user('bob'), { type: 'device', id: 'x' }]
    const decider = deciderOf({ all, judged, permits: ({ subject }) => subject.id !== 'bob' })
    const answer = found(searchSubjects({ ...asked, context: { ip: 'x' } }, decider))
    expect(answer).toEqual({
      results: [user('alice', { role: 'admin' }), user('carol')],
      page: { next_token: '', count: 2 },
    })
    expect(judged).toHaveLength(3)
    expect(judged[1]).toMatchObject({ subject: all[1], action: asked.action, resource: book, context: { ip: 'x' } })
  })

  test('for resources and for actions asks about these', () => {
    const judged: Question[] = []
    const decider = deciderOf({ all: [user('b'), user('a')], judged })
    const subject = user('alice')
    expect(found(searchResources({ subject, action: { name: 'read' }, resource: { type: 'user' } }, decider))).toEqual({
      results: [user('a'), user('b')],
      page: { next_token: '', count: 2 },
    })
    expect(judged[0]).toMatchObject({ subject, resource: user('b') })
    expect(found(searchActions({ subject, resource: book }, decider)).results).toEqual([{ name: 'a' }, { name: 'b' }])
    expect(judged[2]).toMatchObject({ subject, action: { name: 'b' }, resource: book })
  })

  test('finds one who comes twice once, and where only one of the two may, that one', () => {
    const twice = [user('alice', { at: 1 }), user('bob', { at: 2 }), user('alice', { at: 3 }), user('alice', { at: 4 })]
    expect(found(searchSubjects(asked, deciderOf({ all: twice }))).results).toEqual([twice[0], twice[1]])
    const only = deciderOf({ all: twice, permits: ({ subject }) => subject.properties?.['at'] === 3 })
    expect(found(searchSubjects(asked, only)).results).toEqual([twice[2]])
  })

  test('can be interrupted at every candidate', () => {
    const search = searchSubjects(asked, deciderOf({ all: Array.from({ length: 50 }, (_, n) => user(`u${n}`)) }))
    let steps = 0
    while (!search.next().done) steps += 1
    expect(steps).toBe(50)
  })

  test('of many judges few of those who do not come onto the page', () => {
    const judged: Question[] = []
    const random = chance(1)
    const all = Array.from({ length: 20_000 }, () => user(String(random.below(1e9)).padStart(9, '0')))
    const page = found(searchSubjects({ ...asked, page: { limit: 10 } }, deciderOf({ all, judged })))
    const first = [...new Set(all.map(({ id }) => id))].toSorted().slice(0, 10)
    expect(idsOf(page)).toEqual(first)
    expect(judged.length).toBeLessThan(1000)
  })
})

describe('pages', () => {
  test('of every size hold each answer once, in one order, whatever order the candidates come in', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = chance(seed)
      const all = Array.from({ length: random.below(60) }, () => user(`${random.below(80)}é${random.below(3)}`))
      const permits = ({ subject }: Question) => Number.parseInt(subject.id, 10) % (1 + (seed % 4)) === 0
      const decider = deciderOf({ all, permits })
      const whole = idsOf(found(searchSubjects(asked, decider)))
      const expected = [...new Set(all.filter((subject) => permits({ subject } as Question)).map(({ id }) => id))]
      expect(whole).toEqual(expected.toSorted())
      const limit = 1 + random.below(12)
      const parts = pages(limit, deciderOf({ all: all.toReversed(), permits }))
      expect(parts.flat()).toEqual(whole)
      expect(parts.slice(0, -1).map((it) => it.length)).toEqual(parts.slice(0, -1).map(() => limit))
      expect(parts.at(-1)?.length === 0 && parts.length > 1).toBe(false)
    }
  })

  test('go on behind an answer that has left, and show one who came', () => {
    const ids = ['a', 'b', 'c', 'd']
    const first = found(searchSubjects({ ...asked, page: { limit: 2 } }, deciderOf({ all: ids.map((id) => user(id)) })))
    const later = deciderOf({ all: ['a', 'aa', 'bb', 'c', 'd'].map((id) => user(id)) })
    const page = { token: first.page.next_token }
    expect(idsOf(found(searchSubjects({ ...asked, page }, later)))).toEqual(['bb', 'c', 'd'])
  })

  test('hold what is wanted, up to a limit', () => {
    const all = Array.from({ length: PAGE_LIMIT + 5 }, (_, n) => user(`u${n}`))
    for (const page of [undefined, {}, { limit: PAGE_LIMIT }, { limit: PAGE_LIMIT + 1 }, { limit: 1e9 }]) {
      const { results } = found(searchSubjects({ ...asked, ...(page && { page }) }, deciderOf({ all })))
      expect(results).toHaveLength(PAGE_LIMIT)
    }
  })
})

describe('a token', () => {
  const all = ['a', 'b', 'c'].map((id) => user(id))
  const decider = deciderOf({ all })
  const search: SubjectSearch = {
    subject: { type: 'user', properties: { team: 'x', site: { floor: 1, wing: 'n' } } },
    action: { name: 'read', properties: { soft: true } },
    resource: { ...book, properties: { tier: 'internal' } },
    context: { ip: 'x', attestation: 'one', dpop: { proof: 'one' } },
  }
  const token = found(searchSubjects({ ...search, page: { limit: 1 } }, decider)).page.next_token

  test.each([
    { name: 'the same search', as: search },
    { name: 'another limit', as: { ...search, page: { limit: 7 } } },
    {
      name: 'keys in another order',
      as: { ...search, subject: { properties: { site: { wing: 'n', floor: 1 }, team: 'x' }, type: 'user' } },
    },
    { name: 'an id, which is not looked at', as: { ...search, subject: { ...search.subject, id: 'z' } } },
    { name: 'a newer proof', as: { ...search, context: { ip: 'x', attestation: 'two', dpop: { proof: 'two' } } } },
  ])('is good for $name', ({ as }) => {
    const { results } = found(
      searchSubjects({ ...as, page: { limit: 1, ...('page' in as && as.page), token } }, decider),
    )
    expect(results[0]).toEqual(user('b'))
  })

  test.each<{ name: string; as: SubjectSearch }>([
    { name: 'another type', as: { ...search, subject: { ...search.subject, type: 'device' } } },
    { name: 'other properties', as: { ...search, subject: { type: 'user', properties: { team: 'y' } } } },
    { name: 'no properties', as: { ...search, subject: { type: 'user' } } },
    { name: 'another action', as: { ...search, action: { name: 'write', properties: { soft: true } } } },
    { name: 'other properties of the action', as: { ...search, action: { name: 'read' } } },
    { name: 'another resource', as: { ...search, resource: { ...search.resource, id: 'c' } } },
    { name: 'another tier', as: { ...search, resource: { ...book, properties: { tier: 'public' } } } },
    { name: 'another context', as: { ...search, context: { ip: 'y' } } },
  ])('is not good for $name', ({ as }) => {
    const again = searchSubjects({ ...as, page: { token } }, decider)
    expect(() => found(again)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test('is not good for another kind of search', () => {
    const subject = user('a')
    const resources = { subject, action: { name: 'read' }, resource: { type: 'user' } }
    const of = found(searchResources({ ...resources, page: { limit: 1 } }, decider)).page.next_token
    expect(found(searchResources({ ...resources, page: { token: of } }, decider)).results).toEqual(all.slice(1))
    const actions = { subject, resource: { type: 'user', id: '' }, page: { token: of } }
    expect(() => found(searchActions(actions, decider))).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test.each([
    'x',
    ' ',
    '....',
    'W10',
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('["a","b"]').toString('base64url'),
    Buffer.from('[1,"b"]').toString('base64url'),
    Buffer.from('{"0":"a","1":"b"}').toString('base64url'),
    token.slice(0, 20),
    `x${token}`,
  ])('that was not given out here is refused: %s', (bad) => {
    const again = searchSubjects({ ...search, page: { token: bad } }, decider)
    expect(() => found(again)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })

  test('is refused where the search is nested too deeply to be recognised', () => {
    let deep: unknown = 1
    for (let depth = 0; depth < 30_000; depth++) deep = [deep]
    const again = searchSubjects({ ...asked, context: { deep }, page: { limit: 1 } }, decider)
    expect(() => found(again)).toThrow(expect.objectContaining({ code: 'request-invalid' }))
  })
})
