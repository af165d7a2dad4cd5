import type { FastifyError, FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { ERRORS, MusterError, type ErrorCode } from '../../shared/errors.ts'

/** Problem details (RFC 9457); `code` is the stable part that a program reads. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.String(),
  fix: Type.String(),
})

/** Answers with a code of the catalogue. `status` replaces that of the catalogue where a gateway understands only a few. */
export function sendProblem(reply: FastifyReply, code: ErrorCode, detail?: string, status?: number): FastifyReply {
  const { title, fix, status: usual } = ERRORS[code]
  const problem = { type: `urn:muster:error:${code}`, title, status: status ?? usual, detail, code, fix }
  return reply
    .code(status ?? usual)
    .header('content-type', 'application/problem+json')
    .serializer((it: unknown) => JSON.stringify(it))
    .send(problem)
}

/** What an error that a route threw, or Fastify itself, is in the words of the catalogue. */
export function codeOf(error: FastifyError | Error): { code: ErrorCode; detail?: string } {
  if (error instanceof MusterError) return { code: error.code, detail: error.message }
  const statusCode = 'statusCode' in error ? error.statusCode : undefined
  if (statusCode === 413) return { code: 'message-too-large', detail: error.message }
  // A wrong media type is a malformed request like any other (AuthZEN asks for 400, not 415).
  if (typeof statusCode === 'number' && statusCode < 500) return { code: 'request-invalid', detail: error.message }
  return { code: 'internal' }
}
