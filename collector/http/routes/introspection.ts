import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Decision } from '../../protocol/decision.ts'
import { audiencesOf } from '../../gateways.ts'
import { heldAttestation, type HeldAttestation } from '../../protocol/held-attestation.ts'
import { introspected, stillHolds } from '../../protocol/introspection.ts'
import type { GatewayRecord } from '../../store/store.ts'
import type { AppParts } from '../app.ts'
import { gatewayOf } from '../auth.ts'
import { clientOf, triesAsClient } from '../oauth-client.ts'
import { formOf, OAuthError, type Form } from '../oauth.ts'

const Text = Type.String()
const Answer = Type.Union([
  Type.Object({ active: Type.Literal(false) }),
  Type.Object({
    active: Type.Literal(true),
    scope: Text,
    sub: Text,
    aud: Type.Array(Text),
    iss: Text,
    exp: Type.Integer(),
    iat: Type.Integer(),
    jti: Text,
    token_type: Type.Literal('DPoP'),
    cnf: Type.Object({ jkt: Text }),
    tiers: Type.Array(Text),
  }),
])

/** Whether an attestation holds at this moment, asked live (RFC 7662). In a scope that speaks OAuth. */
export function introspectionRoutes(app: FastifyInstance, parts: AppParts): void {
  const { fleet, gateways, issuer, issuerUrl, policy, metrics, audit, clock } = parts

  app.post(
    '/oauth/introspect',
    {
      schema: {
        summary: 'Does this attestation hold at this moment? (token introspection)',
        security: [{ gateway: [] }],
        response: { 200: Answer },
      },
    },
    async (request, _reply) => {
      if (request.url.includes('?')) throw new OAuthError('invalid_request', 'parameters belong in the body')
      const form = formOf(request.body)
      const gateway = askedBy(request, form)
      const token = form.get('token')
      if (token === undefined) throw new OAuthError('invalid_request', 'token is missing')

      const now = clock()
      const audiences = [issuerUrl, ...audiencesOf(gateway)]
      const read = heldAttestation(token, { keys: issuer.jwks().keys, issuerUrl, audiences, now })
      if (!read.ok) {
        decided(gateway, null, refusal(read.problem))
        return { active: false }
      }
      const standing = fleet.standing(read.value.deviceId)
      const decision = stillHolds(read.value, standing, policy())
      decided(gateway, read.value, decision)
      return decision.allow && standing ? introspected(read.value, standing) : { active: false }
    },
  )

  /** A gateway asks as everywhere else, or as a client of OAuth. */
  function askedBy(request: FastifyRequest, form: Form): GatewayRecord {
    if (!triesAsClient(request, form)) return gatewayOf(request, gateways, 'decide')
    const { gateway } = clientOf(request, form, gateways)
    if (gateway.scopes.includes('decide')) return gateway
    throw new OAuthError('insufficient_scope', 'this needs the scope decide')
  }

  function decided(gateway: GatewayRecord, attestation: HeldAttestation | null, decision: Judged): void {
    metrics.decided(decision.allow, 'introspection')
    audit.decided({
      at: clock(),
      by: 'introspection',
      gateway: { id: gateway.id, name: gateway.name },
      deviceId: attestation?.deviceId ?? null,
      provedBy: attestation && 'named',
      user: null,
      action: null,
      resource: null,
      tier: attestation?.tiers.join(' ') ?? '',
      client: null,
      allow: decision.allow,
      code: decision.code,
      reason: decision.reasonAdmin,
      failing: decision.failing,
      policyVersion: fleet.policy().version,
    })
  }
}

type Judged = Pick<Decision, 'allow' | 'code' | 'reasonAdmin' | 'failing'>

function refusal(problem: string): Judged {
  return {
    allow: false,
    code: 'attestation-refused',
    reasonAdmin: `no attestation that holds: ${problem}`,
    failing: [],
  }
}
