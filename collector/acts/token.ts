import { Type } from 'typebox'
import { nullable, strict, text } from '../../shared/schema.ts'
import { createToken as makeToken } from '../enrollment.ts'
import { defineAct } from './act.ts'

export const createToken = defineAct({
  input: strict({
    uses: Type.Integer({ minimum: 1, maximum: 100_000 }),
    lifeSeconds: Type.Integer({ minimum: 60, maximum: 366 * 86_400 }),
    tags: Type.Array(Type.String({ minLength: 1, maxLength: 60 }), { maxItems: 32 }),
    owner: nullable(text(200)),
  }),
  /** The string that is handed to a user; it is told this once and never again. */
  answer: strict({ enrollment: Type.String() }),
  async run({ store, address, clock }, { uses, lifeSeconds, tags, owner }) {
    const options = { uses, lifeMs: lifeSeconds * 1000, tags, owner }
    return { enrollment: await makeToken(store, address, options, clock()) }
  },
})
