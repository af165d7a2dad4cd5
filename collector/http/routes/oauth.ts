import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { ACCESS_SCOPES, ACCESS_TOKEN_SECONDS, permittedScopes, type AccessScope } from '../../access-tokens.ts'
import type { GatewayRecord } from '../../store/store.ts'
import type { AppParts } from '../app.ts'
import { clientAuthentication, clientOf } from '../oauth-client.ts'
import { formOf, OAuthError, type Form } from '../oauth.ts'

const Token = Type.Object({
  access_token: Type.String(),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer(),
  scope: Type.String(),
})

/** Access tokens for gateways that speak OAuth: client credentials alone (RFC 6749, section 4.4; RFC 9068). In a scope that does. */
export function oauthRoutes(app: FastifyInstance, { gateways, issuerUrl, mutualTls }: AppParts): void {
  app.post(
    '/oauth/token',
    { schema: { summary: 'An access token for a gateway (client credentials)', response: { 200: Token } } },
    async (request, _reply) => {
      if (request.url.includes('?')) throw new OAuthError('invalid_request', 'parameters belong in the body')
      const form = formOf(request.body)
      const { gateway, certificate } = clientOf(request, form, gateways)
      const grant = form.get('grant_type')
      if (grant === undefined) throw new OAuthError('invalid_request', 'grant_type is missing')
      if (grant !== 'client_credentials')
        throw new OAuthError('unsupported_grant_type', 'only client_credentials is known')
      const scopes = scopesOf(form, gateway)
      return {
        access_token: gateways.issueToken({ gatewayId: gateway.id, scopes, certificate }),
        token_type: 'Bearer',
        expires_in: ACCESS_TOKEN_SECONDS,
        scope: scopes.join(' '),
      }
    },
  )

  // What a client reads to find its way (RFC 8414).
  app.get(
    '/.well-known/oauth-authorization-server',
    { schema: { summary: 'Where and how a gateway gets an access token (RFC 8414)' } },
    async () => ({
      issuer: issuerUrl,
      token_endpoint: `${issuerUrl}/oauth/token`,
      token_endpoint_auth_methods_supported: clientAuthentication(mutualTls),
      introspection_endpoint: `${issuerUrl}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: clientAuthentication(mutualTls),
      grant_types_supported: ['client_credentials'],
      response_types_supported: [],
      scopes_supported: ACCESS_SCOPES,
      tls_client_certificate_bound_access_tokens: mutualTls,
    }),
  )
}

/** What was asked for, or else all that the gateway may have; each scope once, in our order. */
function scopesOf(form: Form, gateway: GatewayRecord): AccessScope[] {
  const permitted = permittedScopes(gateway)
  const asked = form.get('scope')?.split(' ')
  if (asked === undefined) return permitted
  if (asked.some((scope) => !permitted.some((it) => it === scope))) {
    throw new OAuthError('invalid_scope', `this gateway may ask for: ${permitted.join(' ')}`)
  }
  return permitted.filter((scope) => asked.includes(scope))
}
