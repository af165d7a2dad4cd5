import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../../shared/errors.ts'
import { DEVICE_ID } from '../../../shared/evidence.ts'
import { Standing } from '../../../shared/standing.ts'
import type { AppParts } from '../app.ts'
import { requireGateway } from '../auth.ts'
import { Problem } from '../problem.ts'

const Params = Type.Object({ id: Type.String({ maxLength: 300 }) })
const Query = Type.Object({ aud: Type.Optional(Type.String({ minLength: 1, maxLength: 300 })) })
const security = [{ gateway: [] }]
const knownId = new RegExp(DEVICE_ID)

/** Where a device stands, and the attestation that says so to anybody. */
export function deviceRoutes(app: FastifyInstance, { fleet, gateways, issuerUrl }: AppParts): void {
  const onRequest = requireGateway(gateways, 'decide')

  app.get<{ Params: Static<typeof Params> }>(
    '/v1/devices/:id',
    {
      onRequest,
      schema: { summary: 'Standing of a device', params: Params, security, response: { 200: Standing, 404: Problem } },
    },
    async (request, reply) => {
      const standing = fleet.standing(request.params.id)
      if (!standing) throw new MusterError('device-unknown')
      reply.header('cache-control', 'no-store')
      return standing
    },
  )

  app.get<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/v1/devices/:id/attestation',
    {
      onRequest,
      schema: {
        summary: 'Attestation of a device: a signed EAR (application/eat+jwt)',
        params: Params,
        querystring: Query,
        security,
        response: { 404: Problem, 409: Problem },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      if (!knownId.test(id)) throw new MusterError('device-unknown')
      const jws = await fleet.attestation(id, request.query.aud ?? issuerUrl)
      return reply.header('content-type', 'application/eat+jwt').header('cache-control', 'no-store').send(jws)
    },
  )
}
