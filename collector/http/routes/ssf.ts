import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { MusterError } from '../../../shared/errors.ts'
import { JWKS_SECONDS } from '../../protocol/key-plan.ts'
import {
  POLL,
  PUSH,
  PollAsked,
  StatusAsked,
  StreamAsked,
  StreamChange,
  SubjectAsked,
  VerificationAsked,
} from '../../ssf/stream.ts'
import { POLL_PATH } from '../../ssf/streams.ts'
import type { AppParts } from '../app.ts'
import { gatewayOf, requireGateway } from '../auth.ts'
import { Problem } from '../problem.ts'

const Named = Type.Object({ stream_id: Type.String({ minLength: 1, maxLength: 100 }) })
const NamedOrAll = Type.Partial(Named)
const security = [{ gateway: [] }]
const errors = { 400: Problem, 401: Problem, 403: Problem, 404: Problem }

type SsfParts = Pick<AppParts, 'gateways' | 'issuerUrl' | 'streams'>

/** The management of event streams, and their delivery by polling (SSF 1.0, sections 7 and 8; RFC 8936). */
export function ssfRoutes(app: FastifyInstance, { gateways, issuerUrl, streams }: SsfParts): void {
  const owner = (request: FastifyRequest, scope: 'ssf.read' | 'ssf.manage') => gatewayOf(request, gateways, scope).id
  const mayRead = requireGateway(gateways, 'ssf.read')
  const mayManage = requireGateway(gateways, 'ssf.manage')
  const url = (path: string) => `${issuerUrl}${path}`
  acceptUntypedJson(app)

  app.get(
    '/.well-known/ssf-configuration',
    { schema: { summary: 'What this transmitter of shared signals can do (SSF 1.0, section 7)' } },
    async () => ({
      spec_version: '1_0',
      issuer: issuerUrl,
      jwks_uri: url('/ssf/jwks.json'),
      delivery_methods_supported: [PUSH, POLL],
      configuration_endpoint: url('/ssf/stream'),
      status_endpoint: url('/ssf/status'),
      add_subject_endpoint: url('/ssf/subjects:add'),
      remove_subject_endpoint: url('/ssf/subjects:remove'),
      verification_endpoint: url('/ssf/verify'),
      critical_subject_members: ['device'],
      authorization_schemes: [{ spec_urn: 'urn:ietf:rfc:6749' }],
      default_subjects: 'ALL',
    }),
  )

  app.get(
    '/ssf/jwks.json',
    {
      schema: { summary: 'Keys that verify security event tokens (RFC 7517)', produces: ['application/jwk-set+json'] },
    },
    async (_request, reply) =>
      reply
        .header('content-type', 'application/jwk-set+json')
        .header('cache-control', `max-age=${JWKS_SECONDS}`)
        .header('access-control-allow-origin', '*')
        .send(JSON.stringify(await streams.jwks())),
  )

  app.post<{ Body: StreamAsked }>(
    '/ssf/stream',
    {
      onRequest: mayManage,
      schema: { summary: 'Create an event stream', body: StreamAsked, security, response: errors },
    },
    async (request, reply) =>
      noStore(reply, 201).send(await streams.create(owner(request, 'ssf.manage'), request.body)),
  )
  app.get<{ Querystring: Static<typeof NamedOrAll> }>(
    '/ssf/stream',
    {
      onRequest: mayRead,
      schema: { summary: 'One event stream, or all', querystring: NamedOrAll, security, response: errors },
    },
    async (request, reply) => {
      const { stream_id: id } = request.query
      const asks = owner(request, 'ssf.read')
      return noStore(reply, 200).send(id === undefined ? streams.list(asks) : streams.find(asks, id))
    },
  )
  app.patch<{ Body: StreamChange }>(
    '/ssf/stream',
    {
      onRequest: mayManage,
      schema: { summary: 'Change what is named of an event stream', body: StreamChange, security, response: errors },
    },
    async (request, reply) =>
      noStore(reply, 200).send(
        await streams.update(owner(request, 'ssf.manage'), request.body.stream_id, request.body),
      ),
  )
  app.put<{ Body: StreamChange }>(
    '/ssf/stream',
    {
      onRequest: mayManage,
      schema: { summary: 'Replace an event stream', body: StreamChange, security, response: errors },
    },
    async (request, reply) =>
      noStore(reply, 200).send(
        await streams.replace(owner(request, 'ssf.manage'), request.body.stream_id, request.body),
      ),
  )
  app.delete<{ Querystring: Static<typeof Named> }>(
    '/ssf/stream',
    {
      onRequest: mayManage,
      schema: { summary: 'Remove an event stream', querystring: Named, security, response: errors },
    },
    async (request, reply) => {
      await streams.remove(owner(request, 'ssf.manage'), request.query.stream_id)
      return noStore(reply, 204).send()
    },
  )

  app.get<{ Querystring: Static<typeof Named> }>(
    '/ssf/status',
    {
      onRequest: mayRead,
      schema: { summary: 'The status of an event stream', querystring: Named, security, response: errors },
    },
    async (request, reply) =>
      noStore(reply, 200).send(streams.status(owner(request, 'ssf.read'), request.query.stream_id)),
  )
  app.post<{ Body: Static<typeof StatusAsked> }>(
    '/ssf/status',
    {
      onRequest: mayManage,
      schema: { summary: 'Enable, pause or disable an event stream', body: StatusAsked, security, response: errors },
    },
    async (request, reply) => {
      const { stream_id: id, status, reason } = request.body
      return noStore(reply, 200).send(await streams.setStatus(owner(request, 'ssf.manage'), id, status, reason))
    },
  )

  // A colon begins a parameter; two are one that is meant.
  app.post<{ Body: Static<typeof SubjectAsked> }>(
    '/ssf/subjects::add',
    { onRequest: mayManage, schema: { summary: 'Hear of a subject', body: SubjectAsked, security, response: errors } },
    async (request, reply) => {
      const { stream_id: id, subject } = request.body
      await streams.addSubject(owner(request, 'ssf.manage'), id, subject)
      return noStore(reply, 200).send()
    },
  )
  app.post<{ Body: Static<typeof SubjectAsked> }>(
    '/ssf/subjects::remove',
    {
      onRequest: mayManage,
      schema: { summary: 'Hear of a subject no more', body: SubjectAsked, security, response: errors },
    },
    async (request, reply) => {
      const { stream_id: id, subject } = request.body
      await streams.removeSubject(owner(request, 'ssf.manage'), id, subject)
      return noStore(reply, 204).send()
    },
  )
  app.post<{ Body: Static<typeof VerificationAsked> }>(
    '/ssf/verify',
    {
      onRequest: mayManage,
      schema: {
        summary: 'Have a verification event sent',
        body: VerificationAsked,
        security,
        response: { ...errors, 429: Problem },
      },
    },
    async (request, reply) => {
      const { stream_id: id, state } = request.body
      await streams.verify(owner(request, 'ssf.manage'), id, state)
      return noStore(reply, 204).send()
    },
  )

  app.post<{ Body: PollAsked; Params: Static<typeof Named> }>(
    `${POLL_PATH}/:stream_id`,
    {
      onRequest: mayRead,
      schema: {
        summary: 'Fetch and acknowledge events (RFC 8936)',
        params: Named,
        body: PollAsked,
        security,
        response: errors,
      },
    },
    async (request, reply) => {
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const answer = await streams.poll(owner(request, 'ssf.read'), request.params.stream_id, request.body, gone.signal)
      // It may have waited for long enough that whoever asked may no longer know.
      owner(request, 'ssf.read')
      return noStore(reply, 200).send(answer)
    },
  )
}

/** What is said of a stream holds for this moment alone. */
function noStore(reply: FastifyReply, status: 200 | 201 | 204): FastifyReply {
  return reply.code(status).header('cache-control', 'no-store')
}

/**
 * Receivers may leave out that they send JSON, as the examples of SSF do, or say it where they send nothing. Anything else
 * that they say it is, is refused.
 */
function acceptUntypedJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'string' }, (request, body, done) => {
    const type = request.headers['content-type']
    if (body === '') done(null)
    else if (type === undefined || /^application\/json *(;|$)/i.test(type)) void parse(request, String(body), done)
    else done(new MusterError('request-invalid', 'the body is not JSON'))
  })
}
