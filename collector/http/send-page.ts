import type { FastifyReply } from 'fastify'
import type { Page } from './pages/page.ts'

/** Answers with a page and the headers that go with it. */
export function sendPage(reply: FastifyReply, status: number, { html, headers }: Page): FastifyReply {
  return reply.code(status).headers(headers).send(html)
}
