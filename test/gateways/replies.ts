import { expect } from 'vitest'
import type { Arrived } from './application.ts'
import type { Reply } from './client.ts'

/** The `Accept` of a browser that opens a page. */
export const BROWSER = 'Accept: text/html,application/xhtml+xml,*/*;q=0.8'

/** A page for a person. */
export function expectPage(reply: Reply): void {
  expect(reply.headers.get('content-type')?.[0]).toMatch(/^text\/html/)
  expect(reply.body).toMatch(/<h1>/)
}

/** A problem (RFC 9457) for a program, with this code. */
export function expectProblem(reply: Reply, code: string): void {
  expect(reply.headers.get('content-type')?.[0]).toMatch(/^application\/problem\+json/)
  expect(JSON.parse(reply.body)).toMatchObject({ code, status: reply.status })
}

/** The values of all lines of a header. */
export function linesOf(request: Arrived | undefined, wanted: string): string[] {
  return (request?.lines ?? []).filter(([name]) => name === wanted).map(([, value]) => value)
}
