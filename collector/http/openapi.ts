import { Type, type Static } from 'typebox'
import { parserOf } from '../../shared/schema.ts'
import { Problem } from './problem.ts'

/** What is looked at of a description; the rest of it stays as it is. */
const Operation = Type.Object({
  security: Type.Optional(Type.Unknown()),
  parameters: Type.Optional(Type.Array(Type.Unknown())),
  responses: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
})
type Operation = Static<typeof Operation>
const parsePaths = parserOf(Type.Record(Type.String(), Type.Record(Type.String(), Operation)))

/** A type and a form of what is answered; none for an empty answer. */
type Answer = { description: string; type?: string; object?: boolean }

/** A path of OpenAPI 3.1 has these and no others; forward authentication takes any that Node knows. */
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

const json = (description: string): Answer => ({ description, type: 'application/json', object: true })
const STREAM = json('The event stream')
/** What forward authentication is asked with, in headers. */
const ASKED = Object.entries({
  DPoP: 'A DPoP proof, with an attestation in Authorization (scheme DPoP)',
  Cookie: 'Of a browser that went through the device check',
  'Muster-Device': 'The device id, from a gateway that may vouch',
  'X-Forwarded-Host': 'The host that was asked for; behind a proxy X-Original-Host, and so with the next ones',
  'X-Forwarded-Uri': 'The path and the query that were asked for',
  'X-Forwarded-Method': 'The method',
  'X-Forwarded-Proto': 'The scheme',
  'X-Forwarded-For': 'Where the client is',
}).map(([name, description]) => ({ name, in: 'header', required: false, description, schema: { type: 'string' } }))

/** Answers that a route sends itself, in a form of their own, so that no schema of the route says what they are. */
const ANSWERS: Readonly<Record<string, Readonly<Record<number, Answer>>>> = {
  'GET /v1/devices/{id}/attestation': { 200: { description: 'A signed EAR', type: 'application/eat+jwt' } },
  'GET /v1/status-lists/{list}': {
    200: { description: 'A Status List Token', type: 'application/statuslist+jwt' },
    304: { description: 'It has not changed' },
  },
  'GET /v1/events': { 200: { description: 'Server-sent events, without an end', type: 'text/event-stream' } },
  'POST /ssf/stream': { 201: STREAM },
  'GET /ssf/stream': { 200: json('All event streams, or the one that was named') },
  'PATCH /ssf/stream': { 200: STREAM },
  'PUT /ssf/stream': { 200: STREAM },
  'DELETE /ssf/stream': { 204: { description: 'It is removed' } },
  'GET /ssf/status': { 200: json('The status') },
  'POST /ssf/status': { 200: json('The status') },
  'POST /ssf/subjects:add': { 200: { description: 'Its events are told from now on' } },
  'POST /ssf/subjects:remove': { 204: { description: 'Its events are told no more' } },
  'POST /ssf/verify': { 204: { description: 'A verification event follows' } },
  'POST /ssf/poll/{stream_id}': { 200: json('Events that wait') },
  'POST /oauth/token': { 400: json('An error of OAuth'), 401: json('An error of OAuth') },
  'POST /oauth/introspect': {
    400: json('An error of OAuth'),
    401: json('An error of OAuth'),
    403: json('An error of OAuth'),
  },
}

/** The fields of forms: what is needed, and what may be there. */
const FORMS: Readonly<Record<string, { required: string[]; properties: Record<string, { type: 'string' }> }>> = {
  'POST /oauth/token': {
    required: ['grant_type'],
    properties: {
      grant_type: { type: 'string' },
      scope: { type: 'string' },
      client_id: { type: 'string' },
      client_secret: { type: 'string' },
    },
  },
  'POST /oauth/introspect': {
    required: ['token'],
    properties: {
      token: { type: 'string' },
      token_type_hint: { type: 'string' },
      client_id: { type: 'string' },
      client_secret: { type: 'string' },
    },
  },
}

/** In which ways a gateway proves itself. */
function securitySchemes(mutualTls: boolean): Record<string, object> {
  return {
    gateway: { type: 'http', scheme: 'bearer', bearerFormat: 'mgw_... or an access token' },
    gatewayHeader: { type: 'apiKey', in: 'header', name: 'Muster-Gateway-Key' },
    client: { type: 'http', scheme: 'basic', description: 'The id or the name of the gateway, and its key' },
    ...(mutualTls && { certificate: { type: 'mutualTLS' } }),
  }
}

/** The description of all routes, with what their schemas cannot say. What it is given stays as it is. */
export function describedWhole(document: { paths?: unknown; components?: object }, mutualTls: boolean): object {
  const paths = parsePaths(document.paths)
  if (!paths.ok) throw new Error(paths.problem)
  const schemes = securitySchemes(mutualTls)
  const ways = Object.keys(schemes)
  const described = Object.entries(paths.value).map(([path, item]) => {
    const operations = METHODS.flatMap((method) => {
      const operation = item[method]
      return operation ? [[method, operationOf(`${method.toUpperCase()} ${path}`, operation, ways)]] : []
    })
    return [path, Object.fromEntries(operations)]
  })
  const components = { ...document.components, securitySchemes: schemes }
  return { ...document, components, paths: Object.fromEntries(described) }
}

function operationOf(name: string, operation: Operation, ways: readonly string[]): object {
  const isOAuth = name.includes(' /oauth/')
  const isForwardAuth = name.includes(' /v1/forward-auth/')
  const isOfGateway = operation.security !== undefined || isOAuth || name.includes(' /.muster/')
  const own = Object.entries(ANSWERS[name] ?? {}).map(([status, it]) => [status, responseOf(it)])
  const responses = {
    ...(isOfGateway && !isOAuth && { 401: Problem, 403: Problem }),
    ...(isForwardAuth && { 400: Problem }),
    ...operation.responses,
    ...Object.fromEntries(own),
  }
  const form = FORMS[name]
  return {
    ...operation,
    responses,
    ...(isForwardAuth && { parameters: [...(operation.parameters ?? []), ...ASKED] }),
    ...(form && { requestBody: { required: true, content: { [FORM]: { schema: { type: 'object', ...form } } } } }),
    ...(isOfGateway && { security: ways.filter((way) => isOAuth || way !== 'client').map((way) => ({ [way]: [] })) }),
  }
}

const FORM = 'application/x-www-form-urlencoded'

function responseOf({ description, type, object = false }: Answer): object {
  if (type === undefined) return { description }
  return { description, content: { [type]: { schema: { type: object ? 'object' : 'string' } } } }
}
