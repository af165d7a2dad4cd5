import type { FastifyError, FastifyReply } from 'fastify'
import { Type, type TSchema } from 'typebox'
import { ERRORS, MusterError, type ErrorCode } from '../../shared/errors.ts'

/** Problem details (RFC 9457); `code` is the stable part that a program reads. */
const shape = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.String(),
  fix: Type.String(),
})
const places = Type.Array(
  Type.Object({ line: Type.Integer(), column: Type.Integer(), path: Type.String(), problem: Type.String() }),
)

/** An answer as `/openapi.json` describes it. */
const answerOf = (schema: TSchema) => ({
  description: 'Problem details',
  content: { 'application/problem+json': { schema } },
})

export const Problem = answerOf(shape)

/** With everything that is wrong with a policy, where it is the policy that is not right. */
export const PolicyProblem = answerOf(Type.Object({ ...shape.properties, problems: Type.Optional(places) }))

/** Answers with a code of the catalogue. `status` replaces that of the catalogue where a gateway understands only a few. */
export function sendProblem(reply: FastifyReply, code: ErrorCode, detail?: string, status?: number): FastifyReply {
  return send(reply, problemOf(code, detail, status))
}

/** Answers that a policy is not right, with the place of each problem. */
export function sendPolicyProblem(reply: FastifyReply, detail: string, problems: readonly unknown[]): FastifyReply {
  return send(reply, { ...problemOf('policy-invalid', detail), problems })
}

/** Problem details as they are sent; `instead` of the status of the catalogue. */
export function problemOf(code: ErrorCode, detail?: string, instead?: number) {
  const { title, fix, status } = ERRORS[code]
  return { type: `urn:muster:error:${code}`, title, status: instead ?? status, detail, code, fix }
}

function send(
  reply: FastifyReply,
  problem: ReturnType<typeof problemOf> & { problems?: readonly unknown[] },
): FastifyReply {
  return reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .serializer((it: unknown) => JSON.stringify(it))
    .send(problem)
}

/** What an error that a route threw, or Fastify itself, is in the words of the catalogue. */
export function codeOf(error: FastifyError | Error): { code: ErrorCode; detail?: string } {
  if (error instanceof MusterError) return { code: error.code, detail: error.message }
  const statusCode = 'statusCode' in error ? error.statusCode : undefined
  if ('code' in error && error.code === 'FST_ERR_BAD_URL') return { code: 'path-refused' }
  if (statusCode === 413) return { code: 'message-too-large', detail: error.message }
  // A wrong media type is a malformed request like any other (AuthZEN asks for 400, not 415).
  if (typeof statusCode === 'number' && statusCode < 500) return { code: 'request-invalid', detail: error.message }
  return { code: 'internal' }
}
