import { Type } from 'typebox'
import { Time } from '../../shared/fact.ts'
import { nullable, oneOf, strict } from '../../shared/schema.ts'
import type { KeyState } from '../issuer.ts'
import { defineAct } from './act.ts'

const Key = strict({
  kid: Type.String(),
  /** `next` is published and waits; `active` signs; `retired` is published until the last that it signed has ended. */
  state: oneOf(['next', 'active', 'retired']),
  since: Time,
  /** When it takes over, or is gone. */
  until: nullable(Time),
})

export const listKeys = defineAct({
  input: strict({}),
  answer: strict({ items: Type.Array(Key) }),
  run: async ({ issuer }) => ({ items: issuer.keys().map(shown) }),
})

export const rotateKeys = defineAct({
  input: strict({}),
  answer: Key,
  run: async ({ issuer }) => shown(await issuer.rotate()),
})

function shown({ kid, state, since, until }: KeyState) {
  return { kid, state, since: since.toISOString(), until: until?.toISOString() ?? null }
}
