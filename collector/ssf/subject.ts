import { Type, type Static } from 'typebox'
import { oneOf, text } from '../../shared/schema.ts'

const word = Type.String({ minLength: 1, maxLength: 1000 })

/** A simple subject (RFC 9493, section 3, and SSF 1.0, section 3.2). */
const Simple = Type.Union([
  Type.Object({ format: Type.Literal('account'), uri: word }),
  Type.Object({ format: Type.Literal('did'), url: word }),
  Type.Object({ format: Type.Literal('email'), email: word }),
  Type.Object({ format: Type.Literal('iss_sub'), iss: word, sub: word }),
  Type.Object({ format: Type.Literal('opaque'), id: word }),
  Type.Object({ format: Type.Literal('phone_number'), phone_number: word }),
  Type.Object({ format: Type.Literal('uri'), uri: word }),
  Type.Object({ format: Type.Literal('jwt_id'), iss: word, jti: word }),
  Type.Object({ format: Type.Literal('saml_assertion_id'), issuer: word, assertion_id: word }),
  Type.Object({
    format: Type.Literal('ip-addresses'),
    'ip-addresses': Type.Array(word, { minItems: 1, maxItems: 32 }),
  }),
])
export type Simple = Static<typeof Simple>

const Aliases = Type.Object({
  format: Type.Literal('aliases'),
  identifiers: Type.Array(Simple, { minItems: 1, maxItems: 32 }),
})
const Member = Type.Union([Simple, Aliases])

export const MEMBERS = ['user', 'device', 'session', 'application', 'tenant', 'org_unit', 'group'] as const

/** Several simple subjects that are one together (SSF 1.0, section 3.3). A member that is missing stands for any. */
const Complex = Type.Intersect([
  Type.Object({ format: Type.Literal('complex') }),
  Type.Partial(Type.Record(oneOf(MEMBERS), Member)),
])

export const Subject = Type.Union([Simple, Aliases, Complex])
export type Subject = Static<typeof Subject>
