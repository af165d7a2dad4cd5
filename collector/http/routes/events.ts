import type { FastifyInstance } from 'fastify'
import { MusterError } from '../../../shared/errors.ts'
import { parseEventId, type EventId } from '../../event-feed.ts'
import type { AppParts } from '../app.ts'
import { accessOf } from '../auth.ts'
import { Problem } from '../problem.ts'

/** Each change of standing as it happens, as server-sent events (WHATWG HTML, section 9.2). */
export function eventRoutes(
  app: FastifyInstance,
  { gateways, eventFeed }: Pick<AppParts, 'gateways' | 'eventFeed'>,
): void {
  app.get(
    '/v1/events',
    {
      exposeHeadRoute: false,
      schema: {
        summary: 'Changes of standing as they happen (text/event-stream); Last-Event-ID says where to go on',
        security: [{ gateway: [] }],
        response: { 400: Problem, 401: Problem, 403: Problem, 429: Problem },
      },
    },
    (request, reply) => {
      const { gateway, until } = accessOf(request, gateways, ['decide', 'events'])
      const after = lastSeen(request.headers['last-event-id'])
      eventFeed.follow({ gatewayId: gateway.id, after, until }, () => {
        reply.hijack()
        // nginx holds answers back until a buffer is full, unless it is told not to.
        const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
        return reply.raw.writeHead(200, { ...headers, 'x-content-type-options': 'nosniff' })
      })
    },
  )
}

/** @throws MusterError `request-invalid` */
function lastSeen(header: string | string[] | undefined): EventId | null {
  if (header === undefined || header === '') return null
  const id = typeof header === 'string' ? parseEventId(header) : null
  if (id === null) throw new MusterError('request-invalid', 'Last-Event-ID is not the id of an event')
  return id
}
