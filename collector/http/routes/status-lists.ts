import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../../shared/errors.ts'
import { digest } from '../../../shared/jws.ts'
import { accepts } from '../accept.ts'
import type { AppParts } from '../app.ts'
import { Problem, sendProblem } from '../problem.ts'

const MEDIA_TYPE = 'application/statuslist+jwt'
const Params = Type.Object({ list: Type.String({ maxLength: 300 }) })
const Query = Type.Object({ time: Type.Optional(Type.String({ maxLength: 100 })) })
const Aggregation = Type.Object({ status_lists: Type.Array(Type.String()) })

/** Where whoever holds an attestation sees whether it still holds (draft-ietf-oauth-status-list-20, sections 8 and 9). */
export function statusListRoutes(app: FastifyInstance, { statuses }: Pick<AppParts, 'statuses'>): void {
  app.addHook('onRequest', async (_request, reply) => {
    // A copy may be kept, and is asked about each time: what was lost has to show within the `ttl` of the token alone.
    reply.header('cache-control', 'no-cache').header('access-control-allow-origin', '*')
  })

  app.get(
    '/v1/status-lists',
    { schema: { summary: 'The status lists that attestations may name', response: { 200: Aggregation } } },
    async () => ({ status_lists: statuses.uris() }),
  )

  app.get<{ Params: Static<typeof Params>; Querystring: Static<typeof Query> }>(
    '/v1/status-lists/:list',
    {
      schema: {
        summary: `Status List Token: which attestations no longer hold (${MEDIA_TYPE})`,
        params: Params,
        querystring: Query,
        response: { 404: Problem, 406: Problem, 501: Problem },
      },
    },
    async (request, reply) => {
      const { list } = request.params
      const token = /^[1-9]\d{0,8}$/.test(list) ? await statuses.token(Number(list)) : null
      if (token === null) throw new MusterError('status-list-unknown')
      if (request.query.time !== undefined) {
        return sendProblem(reply, 'request-invalid', 'lists of the past are not kept', 501)
      }
      if (!accepts(request.headers.accept, MEDIA_TYPE)) {
        return sendProblem(reply, 'request-invalid', `a list is ${MEDIA_TYPE} and nothing else`, 406)
      }
      const tag = `"${digest(token)}"`
      reply.header('etag', tag)
      if (isKnown(request.headers['if-none-match'], tag)) return reply.code(304).send()
      return reply.header('content-type', MEDIA_TYPE).send(token)
    },
  )
}

/** Whether an `If-None-Match` header names a tag (RFC 9110, section 13.1.2): a weak one is as good. */
function isKnown(header: string | undefined, tag: string): boolean {
  return header?.split(',').some((it) => ['*', tag, `W/${tag}`].includes(it.trim())) ?? false
}
