import { Type } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { Time } from '../../shared/fact.ts'
import { oneOf, strict, text } from '../../shared/schema.ts'
import { SCOPES } from '../store/store.ts'
import { defineAct } from './act.ts'
import { PageAsked, pageOf, pageSchema } from './page.ts'

const Scopes = Type.Array(oneOf(SCOPES), { minItems: 1, maxItems: SCOPES.length })
const Shown = { id: Type.String(), name: Type.String(), scopes: Scopes }

export const createGateway = defineAct({
  input: strict({ name: Type.String({ minLength: 1, maxLength: 100 }), scopes: Scopes }),
  /** The key is told this once and never again. */
  answer: strict({ ...Shown, key: Type.String() }),
  async run({ gateways }, { name, scopes }) {
    const { gateway, key } = await gateways.create({ name, scopes })
    return { id: gateway.id, name, scopes, key }
  },
})

export const listGateways = defineAct({
  input: strict(PageAsked),
  answer: pageSchema(strict({ ...Shown, createdAt: Time })),
  async run({ gateways }, asked) {
    const { items, next } = pageOf(gateways.list(), asked, ({ id }) => id)
    const shown = items.map(({ id, name, scopes, createdAt }) => ({
      id,
      name,
      scopes,
      createdAt: createdAt.toISOString(),
    }))
    return { items: shown, next }
  },
})

export const revokeGateway = defineAct({
  input: strict({ id: text(60) }),
  answer: strict(Shown),
  async run({ gateways }, { id }) {
    const revoked = await gateways.revoke(id)
    if (!revoked) throw new MusterError('gateway-unknown', `there is no gateway ${id}`)
    return { id, name: revoked.name, scopes: revoked.scopes }
  },
})
