import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify'
import { Type, type TObject, type TSchema } from 'typebox'
import { MusterError } from '../../../shared/errors.ts'
import { parserOf, strict } from '../../../shared/schema.ts'
import { ACTS, type ActInput, type ActName, type Acts } from '../../acts/all.ts'
import { POLICY_CHARS } from '../../appraisal/policy-document.ts'
import { policyProblems } from '../../appraisal/policy.ts'
import type { AppParts } from '../app.ts'
import { gatewayOf, requireGateway } from '../auth.ts'
import { PolicyProblem, Problem, sendPolicyProblem } from '../problem.ts'
import { ADMIN_ROUTES, type AdminRoute, type Said } from './admin-table.ts'

const YAML = ['text/yaml', 'application/yaml', 'text/x-yaml', 'application/x-yaml']
/** A character takes up to four bytes. */
const POLICY_BYTES = 4 * POLICY_CHARS + 1000

/** What an admin may do over HTTP: the acts of the command line, for scripts and for the console. */
export function adminRoutes(app: FastifyInstance, { gateways, acts }: AppParts): void {
  // A script may name the type of a body that it does not send.
  const parseJson = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, json, done) =>
    json === '' ? done(null, undefined) : parseJson(request, json, done),
  )
  app.addContentTypeParser(YAML, { parseAs: 'string' }, (_request, yaml, done) => done(null, { document: yaml }))
  // What an act takes and answers, its own schemas say; those of a route describe it.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (it) => JSON.stringify(it))
  const onRequest = requireGateway(gateways, 'admin')

  for (const route of ADMIN_ROUTES) {
    app.route({
      method: route.method,
      url: route.path,
      onRequest,
      ...(takesPolicy(route) && { bodyLimit: POLICY_BYTES }),
      schema: described(route),
      handler: (request, reply) => answer(route, request, reply),
    })
  }

  async function answer(route: AdminRoute, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const gateway = gatewayOf(request, gateways, 'admin')
    const said = saidIn(request, gateway.name)
    requireKnown('query', said.query, route.query)
    requireKnown('body', said.body, route.body)
    const act = route.orElse?.when(said) ? route.orElse.act : route.act
    const input = route.input(said)
    reply.header('cache-control', 'no-store')
    try {
      return await reply
        .code(route.status ?? 200)
        .send(await perform(acts(`gateway ${gateway.name} (${gateway.id})`), act, input))
    } catch (error) {
      const isPolicy = error instanceof MusterError && error.code === 'policy-invalid'
      if (!isPolicy || !('document' in input) || typeof input.document !== 'string') throw error
      return sendPolicyProblem(reply, error.message, policyProblems(input.document))
    }
  }
}

const takesPolicy = ({ act }: AdminRoute): boolean => 'document' in ACTS[act].input.properties

function saidIn({ params, query, body }: FastifyRequest, by: string): Said {
  return { params: recordOf(params), query: recordOf(query), body: recordOf(body), by }
}

/** @throws MusterError `request-invalid` */
function recordOf(given: unknown): Record<string, unknown> {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || Array.isArray(given))
    throw new MusterError('request-invalid', 'the body is no object')
  return { ...given }
}

/**
 * What a route does not take is refused, not left out: `PUT ...?dry-run=true` is no dry run.
 * @throws MusterError `request-invalid`
 */
function requireKnown(part: string, given: Record<string, unknown>, schema?: TObject): void {
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(schema?.properties ?? {}, key))
  if (unknown === undefined) return
  throw new MusterError('request-invalid', `${unknown.slice(0, 60)} is not a key that is known in the ${part} here`)
}

async function perform(acts: Acts, name: ActName, given: object): Promise<unknown> {
  const schema: TSchema = ACTS[name].input
  const input = parserOf(schema)(given)
  if (!input.ok) throw new MusterError('request-invalid', input.problem)
  // The schema of this act has admitted it.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return acts(name, input.value as ActInput<ActName>)
}

/** What `/openapi.json` says of a route. */
function described(route: AdminRoute): FastifySchema {
  const { act, orElse, summary, body, query, path } = route
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const answers: TSchema[] = [ACTS[act].answer, ...(orElse ? [ACTS[orElse.act].answer] : [])]
  const policy = takesPolicy(route)
  const yaml = Object.fromEntries(YAML.slice(0, 2).map((type) => [type, { schema: Type.String() }]))
  return {
    summary,
    tags: ['admin'],
    security: [{ gateway: [] }],
    ...(names.length > 0 && { params: strict(Object.fromEntries(names.map((name) => [name, Type.String()]))) }),
    ...(query && { querystring: query }),
    ...(body && { body: { content: { 'application/json': { schema: body }, ...(policy && yaml) } } }),
    response: {
      [route.status ?? 200]: answers.length === 1 ? answers[0] : Type.Union(answers),
      400: policy ? PolicyProblem : Problem,
      401: Problem,
      403: Problem,
      404: Problem,
      default: Problem,
    },
  }
}
