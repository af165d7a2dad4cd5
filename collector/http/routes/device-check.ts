import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { AGENT_PORTS, BrowserProofBody } from '../../../shared/browser.ts'
import { MusterError } from '../../../shared/errors.ts'
import { CheckResult } from '../../../shared/standing.ts'
import { parserOf, strict, text } from '../../../shared/schema.ts'
import { CHECK_LIMITS } from '../../browser/limits.ts'
import type { Outcome } from '../../browser/device-check.ts'
import { isLoopback } from '../../loopback.ts'
import { wantsPage } from '../accept.ts'
import type { AppParts } from '../app.ts'
import { deviceCheckPage } from '../pages/device-check.ts'
import { problemPage } from '../pages/problem-page.ts'
import { Problem } from '../problem.ts'
import { sendPage } from '../send-page.ts'

const Ticket = Type.Optional(text(CHECK_LIMITS.returnCharacters * 2))
const NonceBody = strict({})
const ProofBody = strict({ ...BrowserProofBody.properties, ticket: Ticket })
const AgainBody = strict({ ticket: Ticket })

const NonceAnswer = strict({ nonce: Type.String(), ports: Type.Array(Type.Integer()) })
const shownCheck = Type.Pick(CheckResult, ['id', 'title', 'verdict', 'why', 'fix', 'deadline'])
const CheckAnswer = Type.Object({
  outcome: Type.Union([Type.Literal('admitted'), Type.Literal('refused')]),
  /** Why not, as a code of the catalogue. */
  code: Type.Optional(Type.String()),
  /** The same in words. */
  reason: Type.String(),
  tier: Type.String(),
  /** What does not pass, or not for long. */
  checks: Type.Array(shownCheck),
  /** Where the browser goes on; absent where it stays. */
  next: Type.Optional(Type.String()),
  /** What became of the question to the agent, where there was one. */
  agent: Type.Optional(Type.String()),
})

type Query = Record<string, unknown>
const parseQuery = parserOf(
  Type.Object({
    return: Type.Optional(text(8000)),
    tier: Type.Optional(text(1000)),
    state: Type.Optional(text(1000)),
  }),
)

/** The device check at the collector's own origin: its page, and what the page asks. `../../browser/` says how it goes. */
export function deviceCheckRoutes(app: FastifyInstance, parts: AppParts): void {
  const { deviceCheck, issuerUrl, agentHelp, metrics, audit, fleet, clock } = parts
  const issuer = new URL(issuerUrl)

  app.get<{ Querystring: Query }>(
    '/v1/device-check',
    { schema: { summary: 'Page: which laptop does this browser run on? (return, tier, state)' } },
    async (request, reply) => {
      const elsewhere = ownAddress(request, issuer)
      if (elsewhere !== null) return reply.header('cache-control', 'no-store').redirect(elsewhere, 302)
      const query = parseQuery(request.query)
      if (!query.ok) throw new MusterError('return-refused', query.problem)
      const { return: returnTo, tier, state } = query.value
      const asked = {
        ...(returnTo !== undefined && { returnTo }),
        ...(tier !== undefined && { tier }),
        ...(state !== undefined && { state }),
      }
      try {
        const begun = deviceCheck.begin(asked, request.headers.cookie)
        reply.header('set-cookie', begun.setCookie)
        const page = deviceCheckPage({
          issuerOrigin: issuer.origin,
          issuerUrl,
          host: begun.returnTo?.host ?? null,
          tier: begun.tier,
          ticket: begun.ticket,
          agentHelp,
        })
        return sendPage(reply, 200, page)
      } catch (error) {
        if (!(error instanceof MusterError) || !wantsPage(request.headers.accept)) throw error
        const shown = {
          title: 'This address cannot be checked',
          fix: 'The link that brought you here names a place that the device check does not know. If you came from a page of your company, tell your admin what stands below.',
          detail: `${error.code}: ${error.message}`,
        }
        return sendPage(reply, 400, problemPage(shown))
      }
    },
  )

  const onRequest = async (request: FastifyRequest) => refuseOthers(request, issuer.origin)
  const answers = { 400: Problem, 403: Problem }

  app.post<{ Body: Static<typeof NonceBody> }>(
    '/v1/device-check/nonce',
    {
      onRequest,
      schema: {
        summary: 'A nonce for the agent of this browser (from the page alone)',
        body: NonceBody,
        response: { 200: NonceAnswer, ...answers },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { nonce: deviceCheck.nonce(request.headers.cookie), ports: [...AGENT_PORTS] }
    },
  )

  app.post<{ Body: Static<typeof ProofBody> }>(
    '/v1/device-check/proof',
    {
      onRequest,
      schema: {
        summary: 'What the agent signed (from the page alone)',
        body: ProofBody,
        response: { 200: CheckAnswer, ...answers },
      },
    },
    async (request, reply) => {
      const { proof, ticket } = request.body
      const { outcome, setCookie } = deviceCheck.prove(proof, { cookies: request.headers.cookie, ticket })
      reply.header('set-cookie', setCookie)
      return answerOf(outcome, request, reply)
    },
  )

  app.post<{ Body: Static<typeof AgainBody> }>(
    '/v1/device-check/again',
    {
      onRequest,
      schema: {
        summary: 'Has the agent look again (from the page alone)',
        body: AgainBody,
        response: { 200: CheckAnswer, ...answers },
      },
    },
    async (request, reply) => {
      const { outcome, agent } = await deviceCheck.again({
        cookies: request.headers.cookie,
        ticket: request.body.ticket,
      })
      return { ...answerOf(outcome, request, reply), agent }
    },
  )

  function answerOf(outcome: Outcome, request: FastifyRequest, reply: FastifyReply): Static<typeof CheckAnswer> {
    const { decision, tier, next, returnTo, deviceId } = outcome
    const { allow, code, failing, toMend, reasonAdmin, reasonUser } = decision
    metrics.decided(allow, 'device-check')
    audit.decided({
      at: clock(),
      by: 'device-check',
      gateway: { id: 'device-check', name: 'device check' },
      deviceId,
      provedBy: 'browser',
      user: null,
      action: null,
      resource: returnTo,
      tier,
      client: request.ip,
      allow,
      code,
      reason: reasonAdmin,
      failing,
      policyVersion: fleet.policy().version,
    })
    reply.header('cache-control', 'no-store')
    return {
      outcome: allow ? 'admitted' : 'refused',
      ...(code !== null && { code }),
      reason: reasonUser,
      tier,
      checks: toMend.map(shownOf),
      ...(next !== null && { next }),
    }
  }
}

function shownOf({ id, title, verdict, why, fix, deadline }: CheckResult): Static<typeof shownCheck> {
  return { id, title, verdict, why, ...(fix !== undefined && { fix }), ...(deadline !== undefined && { deadline }) }
}

/** `http://localhost:7400` is the same collector as `http://127.0.0.1:7400`, but not the origin that agents answer. */
function ownAddress({ headers, url }: FastifyRequest, issuer: URL): string | null {
  const { host = '' } = headers
  const asked = URL.parse(`${issuer.protocol}//${host}`)
  if (!asked || asked.host === issuer.host || !isLoopback(issuer.hostname) || !isLoopback(asked.hostname)) return null
  return `${issuer.origin}${url}`
}

/** Only the page itself may ask: a form, or a script of another origin, cannot say that it comes from here. */
function refuseOthers({ headers }: FastifyRequest, origin: string): void {
  const site = headers['sec-fetch-site']
  if (headers.origin !== origin || (site !== undefined && site !== 'same-origin')) {
    throw new MusterError('page-refused', `the device check is asked from ${origin} alone`)
  }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new MusterError('request-invalid', 'the content type is not application/json')
  }
}
