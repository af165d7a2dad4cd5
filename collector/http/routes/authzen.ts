import type { FastifyInstance } from 'fastify'
import type { AppParts } from '../app.ts'
import { requireGateway } from '../auth.ts'
import { Problem } from '../problem.ts'
import { EvaluationRequest, EvaluationResponse, deviceOf, evaluate } from '../../protocol/authzen.ts'

/** The AuthZEN Authorization API 1.0: one question, one decision. */
export function authzenRoutes(app: FastifyInstance, { fleet, gateways, policy, metrics, clock }: AppParts): void {
  app.post<{ Body: EvaluationRequest }>(
    '/access/v1/evaluation',
    {
      onRequest: requireGateway(gateways, 'decide'),
      schema: {
        summary: 'May this subject on this device do this? (AuthZEN)',
        body: EvaluationRequest,
        security: [{ gateway: [] }],
        response: { 200: EvaluationResponse, 400: Problem, 401: Problem },
      },
    },
    async (request, reply) => {
      const device = deviceOf(request.body)
      const standing = device === null ? null : fleet.standing(device)
      const answer = evaluate(request.body, standing, policy(), clock())
      metrics.decided(answer.decision, 'authzen')
      reply.header('cache-control', 'no-store')
      return answer
    },
  )
}
