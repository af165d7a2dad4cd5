import { METHODS, type RequestListener, type Server } from 'node:http'
import fastifySwagger from '@fastify/swagger'
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import type { TSchema } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { LIMITS } from '../../shared/limits.ts'
import { parserOf } from '../../shared/schema.ts'
import type { ActsAs } from '../acts/all.ts'
import type { Audit } from '../audit.ts'
import type { DeviceCheck } from '../browser/device-check.ts'
import type { BrowserSessions } from '../browser/sessions.ts'
import type { Enrollment } from '../enrollment.ts'
import type { EventFeed } from '../event-feed.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Gateways } from '../gateways.ts'
import type { Issuer } from '../issuer.ts'
import type { Metrics } from '../metrics.ts'
import type { Policy } from '../appraisal/policy.ts'
import type { Prover } from '../proof.ts'
import type { StatusLists } from '../status-lists.ts'
import { challengeOf } from './auth.ts'
import { speakOAuth } from './oauth.ts'
import { postureDeciders } from './posture.ts'
import { codeOf, sendProblem } from './problem.ts'
import { adminRoutes } from './routes/admin.ts'
import { auditRoutes } from './routes/audit.ts'
import { authzenRoutes } from './routes/authzen.ts'
import { browserCallbackRoutes } from './routes/browser-callback.ts'
import { deviceCheckRoutes } from './routes/device-check.ts'
import { deviceRoutes } from './routes/devices.ts'
import { enrollmentRoutes } from './routes/enrollments.ts'
import { eventRoutes } from './routes/events.ts'
import { forwardAuthRoutes } from './routes/forward-auth.ts'
import { healthRoutes } from './routes/health.ts'
import { introspectionRoutes } from './routes/introspection.ts'
import { oauthRoutes } from './routes/oauth.ts'
import { ssfRoutes } from './routes/ssf.ts'
import { statusListRoutes } from './routes/status-lists.ts'
import { answerUnread, refuseExpectation } from './unread.ts'
import type { Streams } from '../ssf/streams.ts'

/** What the routes are built from. */
export type AppParts = {
  fleet: Fleet
  enrollment: Enrollment
  gateways: Gateways
  /** Tells gateways of changes of standing. */
  eventFeed: EventFeed
  /** The event streams of gateways. */
  streams: Streams
  issuer: Issuer
  statuses: Pick<StatusLists, 'token' | 'uris'>
  /** Every decision is told to it. */
  audit: Audit
  /** What an admin may do. */
  acts: ActsAs
  browserSessions: BrowserSessions
  deviceCheck: DeviceCheck
  /** A page of the operator that says how to get the agent. */
  agentHelp: string | null
  /** Tells which device a request comes from. */
  prover: Prover
  /** A proxy before the collector writes `X-Forwarded-*`, which then say nothing of what a gateway asks about. */
  isBehindProxy: boolean
  /** For how long a gateway may keep an answer that lets a request through. */
  decisionCacheSeconds: number
  /** The policy in force at this moment. */
  policy: () => Policy
  metrics: Metrics
  /** Proves that the store can be written to. */
  probe: () => Promise<void>
  issuerUrl: string
  /** Whether clients are asked for a certificate. */
  mutualTls: boolean
  version: string
  clock: () => Date
}

export type ServerOptions = {
  logger: FastifyBaseLogger
  trustedProxies: readonly string[]
  /** Puts the application behind a port that is open already. */
  serverFactory?: (handler: RequestListener) => Server
}

/** Builds the HTTP side of the collector. It never listens: tests inject, `main.ts` listens. */
export async function buildApp(parts: AppParts, options: ServerOptions): Promise<FastifyInstance> {
  const app = newApp(options)
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Muster collector', version: parts.version, description: 'Does this device pass muster?' },
      servers: [{ url: parts.issuerUrl }],
      components: { securitySchemes: { gateway: { type: 'http', scheme: 'bearer', bearerFormat: 'mgw_...' } } },
    },
  })
  await app.register(async (scope) => {
    healthRoutes(scope, parts)
    enrollmentRoutes(scope, parts)
    deviceRoutes(scope, parts)
  })
  await app.register(async (scope) => authzenRoutes(scope, { ...parts, deciderFor: postureDeciders(parts) }))
  await app.register(async (scope) => statusListRoutes(scope, parts))
  await app.register(async (scope) => eventRoutes(scope, parts))
  await app.register(async (scope) => ssfRoutes(scope, parts))
  await app.register(async (scope) => adminRoutes(scope, parts))
  await app.register(async (scope) => auditRoutes(scope, parts))
  await app.register(async (scope) => forwardAuthRoutes(scope, parts))
  await app.register(async (scope) => deviceCheckRoutes(scope, parts))
  await app.register(async (scope) => browserCallbackRoutes(scope, parts))
  await app.register(async (scope) => {
    speakOAuth(scope)
    oauthRoutes(scope, parts)
    introspectionRoutes(scope, parts)
  })
  return app
}

/** What all routes have in common: how a request is read, and how it is refused. */
export function newApp({ logger, trustedProxies, serverFactory }: ServerOptions): FastifyInstance {
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.requestBytes,
    trustProxy: trustedProxies.length > 0 ? [...trustedProxies] : false,
    routerOptions: { maxParamLength: 300 },
    requestIdHeader: false,
    // What is refused before a route is found, in the same words as the rest.
    frameworkErrors: refuse,
    clientErrorHandler: answerUnread,
    ...(serverFactory && { serverFactory }),
  })
  app.server.on('checkExpectation', refuseExpectation)

  // A gateway asks about whatever its client does: WebDAV's methods, and any that Node's parser knows.
  const more = METHODS.filter((method) => method !== 'CONNECT' && !app.supportedMethods.includes(method))
  for (const method of more) app.addHttpMethod(method, { hasBody: true })

  // One validator for everything that comes in: the one that the messages of the agents go through.
  app.setValidatorCompiler<TSchema>(({ schema }) => {
    const parse = parserOf(schema)
    return (input: unknown) => {
      const parsed = parse(input)
      return parsed.ok ? { value: parsed.value } : { error: new MusterError('request-invalid', parsed.problem) }
    }
  })
  app.setErrorHandler(refuse)
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, 'not-found', `${request.method} ${pathOf(request.url)}`),
  )
  app.addHook('onRequest', async (request, reply) => {
    const id = request.headers['x-request-id']
    // Node would send other letters back as other bytes.
    if (typeof id === 'string' && /^[\t -~]*$/.test(id)) reply.header('x-request-id', id)
    reply.header('x-content-type-options', 'nosniff')
  })
  return app
}

function refuse(error: Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { code, detail } = codeOf(error)
  if (code === 'internal')
    request.log.error({ err: error, method: request.method, url: request.routeOptions.url }, 'internal')
  const challenge = challengeOf(code)
  if (challenge !== undefined) reply.header('www-authenticate', challenge)
  return sendProblem(reply, code, detail)
}

function pathOf(url: string): string {
  return (url.split('?')[0] ?? '').slice(0, 200)
}
