import type { FastifyInstance } from 'fastify'
import { Type, type Static } from 'typebox'
import { Enrolled, EnrollmentNonce, EnrollmentRequest, PROOF_HEADER } from '../../../shared/enrollment.ts'
import { MusterError } from '../../../shared/errors.ts'
import { DEVICE_ID } from '../../../shared/evidence.ts'
import type { AppParts } from '../app.ts'
import { Problem } from '../problem.ts'

const Params = Type.Object({ id: Type.String({ pattern: DEVICE_ID }) })

/** First contact, and goodbye, of a device. */
export function enrollmentRoutes(app: FastifyInstance, { enrollment, metrics }: AppParts): void {
  app.post(
    '/v1/enrollments/nonce',
    { schema: { summary: 'A nonce for an enrolment proof', response: { 200: EnrollmentNonce } } },
    async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return enrollment.nonce()
    },
  )

  app.post<{ Body: Static<typeof EnrollmentRequest> }>(
    '/v1/enrollments',
    {
      schema: {
        summary: 'Enrol a device with an enrolment token',
        body: EnrollmentRequest,
        response: { 201: Enrolled, 400: Problem, 403: Problem },
      },
    },
    async (request, reply) => {
      const enrolled = await enrollment.enroll(request.body.proof)
      metrics.enrolled()
      return reply.code(201).send(enrolled)
    },
  )

  app.delete<{ Params: Static<typeof Params> }>(
    '/v1/enrollments/:id',
    { schema: { summary: 'Forget a device, at its own signed request', params: Params } },
    async (request, reply) => {
      const proof = request.headers[PROOF_HEADER]
      if (typeof proof !== 'string')
        throw new MusterError('enrollment-proof-invalid', `the header ${PROOF_HEADER} is missing`)
      await enrollment.unenroll(request.params.id, proof)
      return reply.code(204).send()
    },
  )
}
