import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../../shared/errors.ts'
import { nullable, strict, text } from '../../../shared/schema.ts'
import { Moment } from '../../acts/moment.ts'
import { exportedLine } from '../../protocol/audit-chain.ts'
import type { AuditLine, AuditQuery } from '../../store/store.ts'
import { accepts } from '../accept.ts'
import type { AppParts } from '../app.ts'
import { requireGateway } from '../auth.ts'
import { Problem } from '../problem.ts'

const LINES = 'application/jsonl'
const PAGE = 100
/** So many lines are read at a time for somebody who wants all of them. */
const SLICE = 500

const Query = strict({
  from: Type.Optional(Moment),
  to: Type.Optional(Moment),
  limit: Type.Optional(
    Type.String({ pattern: '^([1-9][0-9]{0,2}|1000)$', description: 'at most so many: 1000, else 100' }),
  ),
  after: Type.Optional(text(40)),
})
type Query = Static<typeof Query>

const Line = Type.Object(
  {
    seq: Type.Integer(),
    at: Type.String(),
    kind: Type.String(),
    previous: nullable(Type.String()),
    hash: Type.String(),
  },
  { additionalProperties: true },
)
const Page = Type.Object({ items: Type.Array(Line), next: nullable(Type.String()) })

/** The audit log for scripts of the operator: a page at a time, or all of it as JSON lines. */
export function auditRoutes(app: FastifyInstance, { audit, gateways }: Pick<AppParts, 'audit' | 'gateways'>): void {
  // The lines are JSON already, as they were hashed.
  app.setSerializerCompiler(() => (it) => String(it))
  app.get<{ Querystring: Query }>(
    '/v1/admin/audit',
    {
      onRequest: requireGateway(gateways, 'admin'),
      schema: {
        summary: `The audit log, the oldest line first: a page as JSON, or with "Accept: ${LINES}" all lines`,
        tags: ['admin'],
        security: [{ gateway: [] }],
        querystring: Query,
        response: {
          200: {
            description: 'Lines of the audit log',
            content: { 'application/json': { schema: Page }, [LINES]: { schema: Type.String() } },
          },
          400: Problem,
          401: Problem,
          403: Problem,
          default: Problem,
        },
      },
    },
    async ({ query, headers }, reply) => {
      const asked = askedIn(query)
      reply.header('cache-control', 'no-store')
      if (!wantsLines(headers.accept)) {
        const { limit } = asked
        const lines = await audit.lines({ ...asked, limit: limit + 1 })
        const next = lines.length > limit ? cursorOf(lines[limit - 1]) : null
        const items = lines.slice(0, limit).map(exportedLine)
        const page = `{"items":[${items.join(',')}],"next":${JSON.stringify(next)}}`
        return reply.type('application/json; charset=utf-8').send(page)
      }
      if (query.limit !== undefined) throw new MusterError('request-invalid', `limit is for pages, not for ${LINES}`)
      return reply.type(`${LINES}; charset=utf-8`).send(ReadableStream.from(everyLine(audit, asked)))
    },
  )
}

async function* everyLine(audit: AppParts['audit'], asked: AuditQuery): AsyncGenerator<string> {
  let after: AuditQuery['after'] | null = asked.after
  while (after !== null) {
    const lines: AuditLine[] = await audit.lines({ ...asked, ...(after && { after }), limit: SLICE })
    if (lines.length > 0) yield lines.map((line) => `${exportedLine(line)}\n`).join('')
    after = lines.length < SLICE ? null : lines.at(-1)
  }
}

/** @throws MusterError `request-invalid` */
function askedIn({ from, to, limit, after }: Query): AuditQuery {
  if (from !== undefined && to !== undefined && new Date(from) > new Date(to)) {
    throw new MusterError('request-invalid', 'from lies behind to')
  }
  return {
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
    ...(after !== undefined && { after: placeOf(after) }),
    limit: Number(limit ?? PAGE),
  }
}

/** JSON lines are for whoever names them, by either of the names that they go by. */
function wantsLines(header = ''): boolean {
  return [LINES, 'application/x-ndjson'].some((type) => header.toLowerCase().includes(type) && accepts(header, type))
}

const cursorOf = (line: AuditLine | undefined) => (line ? `${line.at}.${line.seq}` : null)

/** Where a page ended. @throws MusterError `request-invalid` */
function placeOf(cursor: string): { at: number; seq: number } {
  const [, at, seq] = /^(-?\d{1,15})\.(\d{1,15})$/.exec(cursor) ?? []
  if (at === undefined || seq === undefined) {
    throw new MusterError('request-invalid', '"after" is not the "next" of a page of the audit log')
  }
  return { at: Number(at), seq: Number(seq) }
}
