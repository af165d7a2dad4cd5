import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type TSchema } from 'typebox'
import type { Gateways } from '../../gateways.ts'
import { openSlices } from '../../slices.ts'
import type { GatewayRecord } from '../../store/store.ts'
import { Batch, BatchAnswer, decideBatch } from '../../protocol/authzen-batch.ts'
import {
  ActionsFound,
  EntitiesFound,
  searchActions,
  searchResources,
  searchSubjects,
} from '../../protocol/authzen-search.ts'
import { ActionSearch, Answer, Question, ResourceSearch, SubjectSearch, type Decider } from '../../protocol/authzen.ts'
import { keysOf } from '../../../shared/schema.ts'
import { gatewayOf, requireGateway } from '../auth.ts'
import { Problem } from '../problem.ts'

export type AuthzenParts = {
  gateways: Gateways
  /** Who answers one request of a gateway. */
  deciderFor: (gateway: GatewayRecord) => Decider
  issuerUrl: string
}

/** The endpoints, by the names that the metadata gives them. */
const PATHS = {
  access_evaluation_endpoint: '/access/v1/evaluation',
  access_evaluations_endpoint: '/access/v1/evaluations',
  search_subject_endpoint: '/access/v1/search/subject',
  search_resource_endpoint: '/access/v1/search/resource',
  search_action_endpoint: '/access/v1/search/action',
} as const

/** The AuthZEN Authorization API 1.0, over whoever decides. */
export function authzenRoutes(app: FastifyInstance, { gateways, deciderFor, issuerUrl }: AuthzenParts): void {
  const inSlices = openSlices()

  // Answers are made in their form; where there are two, the schema would only have each tried.
  app.setSerializerCompiler(() => (answer: unknown) => JSON.stringify(answer))

  const route = (summary: string, body: TSchema, response: TSchema) => ({
    onRequest: requireGateway(gateways, 'decide'),
    schema: {
      summary: `${summary} (AuthZEN)`,
      body,
      security: [{ gateway: [] }],
      response: { 200: response, 400: Problem, 401: Problem, 403: Problem },
    },
  })
  const deciderOf = (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('cache-control', 'no-store')
    // The question took its time to come, and the gateway may have been revoked meanwhile.
    return deciderFor(gatewayOf(request, gateways, 'decide'))
  }

  app.post<{ Body: Question }>(
    PATHS.access_evaluation_endpoint,
    route('May this subject on this device do this?', Question, Answer),
    async (request, reply) => deciderOf(request, reply).decide(request.body),
  )
  app.post<{ Body: Batch }>(
    PATHS.access_evaluations_endpoint,
    route('Several such questions at once', Batch, Type.Union([BatchAnswer, Answer])),
    async (request, reply) => decideBatch(request.body, deciderOf(request, reply)),
  )
  app.post<{ Body: SubjectSearch }>(
    PATHS.search_subject_endpoint,
    route('Which subjects may do this?', SubjectSearch, EntitiesFound),
    async (request, reply) => inSlices(searchSubjects(request.body, deciderOf(request, reply))),
  )
  app.post<{ Body: ResourceSearch }>(
    PATHS.search_resource_endpoint,
    route('To which resources may it be done?', ResourceSearch, EntitiesFound),
    async (request, reply) => inSlices(searchResources(request.body, deciderOf(request, reply))),
  )
  app.post<{ Body: ActionSearch }>(
    PATHS.search_action_endpoint,
    route('What may be done?', ActionSearch, ActionsFound),
    async (request, reply) => inSlices(searchActions(request.body, deciderOf(request, reply))),
  )

  const endpoints = Object.entries(PATHS).map(([name, path]) => [name, `${issuerUrl}${path}`])
  const metadata = { policy_decision_point: issuerUrl, ...Object.fromEntries(endpoints) }
  app.get(
    '/.well-known/authzen-configuration',
    { schema: { summary: 'Where which question is asked (AuthZEN)', response: { 200: Metadata } } },
    async () => metadata,
  )
}

const Metadata = Type.Object({
  policy_decision_point: Type.String(),
  ...Object.fromEntries(keysOf(PATHS).map((name) => [name, Type.String()])),
})
