import type { Action, Decider, Entity, Question } from '../../collector/protocol/authzen.ts'

const SUBJECTS: Entity[] = [
  { type: 'user', id: 'alice' },
  { type: 'user', id: 'bob', properties: { role: 'admin' } },
]
const RESOURCES: Entity[] = [
  { type: 'record', id: 'record-1', properties: { status: 'active' } },
  { type: 'record', id: 'record-2', properties: { status: 'archived' } },
]
const ACTIONS: Action[] = [{ name: 'read' }, { name: 'write' }, { name: 'delete' }]

const isOneOf = (all: readonly Entity[], { type, id }: Entity) => all.some((it) => it.type === type && it.id === id)

/** The fixture that the certification scenario asks for: its subjects, resources and rules. */
function permits({ subject, action, resource }: Question): boolean {
  if (!isOneOf(SUBJECTS, subject) || !isOneOf(RESOURCES, resource)) return false
  const isArchived = resource.properties?.['status'] === 'archived'
  switch (action.name) {
    case 'read':
      return true
    case 'write':
      return isArchived ? subject.properties?.['role'] === 'admin' : subject.id === 'alice'
    case 'delete':
      return subject.id === 'alice' && action.properties?.['soft'] === true
    default:
      return false
  }
}

export const recordsDecider: Decider = {
  decide: (question) => ({ decision: permits(question) }),
  permits,
  subjects: () => SUBJECTS,
  resources: () => RESOURCES,
  actions: () => ACTIONS,
}
