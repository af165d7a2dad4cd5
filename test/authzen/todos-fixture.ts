import type { Decider, Entity, Question } from '../../collector/protocol/authzen.ts'

/** The people of the interop scenario, by the opaque id that most of its questions name; who may do what follows from its answers. */
const PEOPLE: Record<string, { email: string; role: 'admin' | 'editor' | 'viewer' }> = {
  CiRmZDA2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs: { email: 'rick@the-citadel.com', role: 'admin' },
  CiRmZDE2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs: { email: 'morty@the-citadel.com', role: 'editor' },
  CiRmZDI2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs: { email: 'summer@the-smiths.com', role: 'editor' },
  CiRmZDM2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs: { email: 'beth@the-smiths.com', role: 'viewer' },
  CiRmZDQ2MTRkMy1jMzlhLTQ3ODEtYjdiZC04Yjk2ZjVhNTEwMGQSBWxvY2Fs: { email: 'jerry@the-smiths.com', role: 'viewer' },
}

function permits({ subject, action, resource }: Question): boolean {
  const person = PEOPLE[subject.id] ?? Object.values(PEOPLE).find(({ email }) => email === subject.id)
  if (subject.type !== 'user' || !person) return false
  const isOwn = ownerOf(resource) === person.email
  switch (action.name) {
    case 'can_read_user':
      return resource.type === 'user'
    case 'can_read_todos':
      return resource.type === 'todo'
    case 'can_create_todo':
      return resource.type === 'todo' && person.role !== 'viewer'
    case 'can_update_todo':
    case 'can_delete_todo':
      return resource.type === 'todo' && (person.role === 'admin' || (person.role === 'editor' && isOwn))
    default:
      return false
  }
}

/** The questions of the first drafts have the owner beside the properties, which a decider sees and need not look at. */
function ownerOf(resource: Entity & { ownerID?: unknown }): unknown {
  return resource.properties?.['ownerID'] ?? resource.ownerID
}

export const todosDecider: Decider = {
  decide: (question) => ({ decision: permits(question) }),
  permits,
  subjects: () => Object.values(PEOPLE).map(({ email }) => ({ type: 'user', id: email })),
  resources: () => [],
  actions: () => [],
}
