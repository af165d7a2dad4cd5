import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { JWKS_SECONDS } from '../../protocol/key-plan.ts'
import type { AppParts } from '../app.ts'
import { describedWhole } from '../openapi.ts'
import { Problem, sendProblem } from '../problem.ts'

/** What anybody may ask: is it alive, can it work, and by which keys are its attestations verified. */
export function healthRoutes(app: FastifyInstance, { issuer, metrics, mutualTls, probe }: AppParts): void {
  let probing: Promise<void> | null = null
  // Anybody may ask, and the answer costs a write: those who ask at once share one.
  const sharedProbe = () => (probing ??= probe().finally(() => (probing = null)))
  const Ok = Type.Object({ status: Type.String() })

  app.get('/healthz', { schema: { summary: 'The process is alive', response: { 200: Ok } } }, async () => ({
    status: 'ok',
  }))

  app.get(
    '/readyz',
    { schema: { summary: 'It can take evidence and keep it', response: { 200: Ok, 503: Problem } } },
    async (_request, reply) => {
      try {
        await sharedProbe()
        return { status: 'ok' }
      } catch (error) {
        return sendProblem(reply, 'not-ready', error instanceof Error ? error.message : String(error))
      }
    },
  )

  app.get(
    '/.well-known/jwks.json',
    { schema: { summary: 'Keys that verify attestations (RFC 7517)', produces: ['application/jwk-set+json'] } },
    async (_request, reply) =>
      reply
        .header('content-type', 'application/jwk-set+json')
        .header('cache-control', `max-age=${JWKS_SECONDS}`)
        .header('access-control-allow-origin', '*')
        .send(JSON.stringify(issuer.jwks())),
  )

  app.get(
    '/metrics',
    { schema: { summary: 'Prometheus metrics', produces: ['text/plain'] } },
    async (_request, reply) => {
      return reply.header('content-type', metrics.contentType).send(await metrics.text())
    },
  )

  app.get('/openapi.json', { schema: { hide: true } }, async () => describedWhole(app.swagger(), mutualTls))
}
