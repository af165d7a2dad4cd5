import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ERRORS, MusterError, type ErrorCode } from '../../../shared/errors.ts'
import type { Standing } from '../../../shared/standing.ts'
import { deviceCheckUrl } from '../../browser/link.ts'
import { newState } from '../../browser/state.ts'
import type { Proof } from '../../proof.ts'
import { decide, tierOfResource, type Decision } from '../../protocol/decision.ts'
import type { GatewayRecord } from '../../store/store.ts'
import { wantsPage } from '../accept.ts'
import type { AppParts } from '../app.ts'
import { challengeOf, gatewayOf } from '../auth.ts'
import { addressOf, forwardedOf, refuseOddPaths, urlOf, type Forwarded } from '../forwarded.ts'
import { deniedPage } from '../pages/denied.ts'
import { unprovedPage } from '../pages/unproved.ts'
import { problemPage } from '../pages/problem-page.ts'
import { codeOf, sendProblem } from '../problem.ts'
import { sendPage } from '../send-page.ts'

type Asked = FastifyRequest<{ Params: { tier: string } }>

/** What a 401 asks for (RFC 9449, section 7.1), and what was wrong with the proof that there was. */
const CHALLENGE = 'DPoP algs="ES256"'
const CHALLENGES: { readonly [Code in ErrorCode]?: string } = {
  'device-not-named': CHALLENGE,
  'attestation-refused': `${CHALLENGE}, error="invalid_token"`,
  'proof-invalid': `${CHALLENGE}, error="invalid_dpop_proof"`,
  'proof-replayed': `${CHALLENGE}, error="invalid_dpop_proof"`,
  'proof-nonce-needed': `${CHALLENGE}, error="use_dpop_nonce"`,
}

/** For the person in front of a laptop, where what is wrong is the question and not the laptop. */
const TELL_ADMIN =
  'Nothing is wrong with this laptop: the gateway of this site is not set up rightly. Tell your admin what stands below.'

/** A question with all that was read from it. */
type Question = { request: Asked; gateway: GatewayRecord; forwarded: Forwarded; tier: string; isPage: boolean }

/**
 * The question of nginx, Caddy, HAProxy, Traefik and Envoy: 200 lets the request through, 401 and 403 do not. The tier
 * stands in the path, which the gateway writes; nothing is read from what its client could have sent.
 *
 * A gateway that drops the body of a refusal asks once more, with `Muster-Page`, for the answer to show. That is never 200.
 */
export function forwardAuthRoutes(app: FastifyInstance, parts: AppParts): void {
  const { fleet, gateways, policy, metrics, audit, prover, issuerUrl, isBehindProxy, decisionCacheSeconds, clock } =
    parts

  const answer = async (request: Asked, reply: FastifyReply) => {
    refuseOddPaths(request.url)
    const gateway = gatewayOf(request, gateways, 'decide')
    const forwarded = forwardedOf(request, isBehindProxy)
    const isPage = request.headers['muster-page'] !== undefined
    const { tier: asked } = request.params
    const tier = asked === '-' ? tierOfResource(addressOf(forwarded), policy()) : asked
    const question = { request, gateway, forwarded, tier, isPage }
    let proof: Proof | null
    try {
      const presented = {
        headers: request.headers,
        method: forwarded.method,
        url: urlOf(forwarded),
        host: forwarded.host,
      }
      proof = prover.ofRequest(presented, gateway, !isPage)
    } catch (error) {
      if (!(error instanceof MusterError)) throw error
      if (CHALLENGES[error.code]) return refuse(question, reply, error)
      note(question, null, { allow: false, code: error.code, reasonAdmin: error.message, failing: [] })
      throw error
    }
    return proof ? answerAbout(proof, question, reply) : refuse(question, reply, new MusterError('device-not-named'))
  }

  /** 200 or 403 for a device that is known by its proof. */
  function answerAbout({ deviceId, by }: Proof, question: Question, reply: FastifyReply): FastifyReply {
    const { forwarded, tier, isPage, request } = question
    const standing = fleet.standing(deviceId)
    const decision = decide(standing, tier, policy())
    note(question, { deviceId, by }, decision)
    setHeaders(reply, deviceId, standing, decision)
    if (by === 'dpop') reply.header('dpop-nonce', prover.nonce())
    if (!decision.allow) {
      const { toMend: checks, reasonUser: reason, reasonAdmin } = decision
      if (wantsPage(request.headers.accept))
        return sendPage(
          reply,
          403,
          deniedPage({ tier, reason, checks, returnTo: returnTo(forwarded), isSent: isSent(forwarded) }),
        )
      return sendProblem(reply, decision.code ?? 'not-admitted', reason || reasonAdmin, 403)
    }
    // A proof by DPoP is good once, and the question before this one has had it.
    if (isPage && by === 'dpop') return refuse(question, reply, new MusterError('proof-replayed'))
    // What was refused a moment ago is good now: back to the address itself, which asks again. Whatever was sent would not
    // come along, and a script that follows would take the page for the answer to it.
    if (isPage && isSent(forwarded)) return sendOnceMore(request, reply)
    if (isPage) return reply.code(303).header('location', returnTo(forwarded)).send()
    // A DPoP proof is of one request, and so is its answer.
    if (decisionCacheSeconds > 0 && by !== 'dpop') reply.header('cache-control', `max-age=${decisionCacheSeconds}`)
    return reply.code(200).send()
  }

  /** 401: nothing that counts says which device this is. */
  function refuse(question: Question, reply: FastifyReply, { code, message }: MusterError): FastifyReply {
    const { request, forwarded, tier } = question
    note(question, null, { allow: false, code, reasonAdmin: message, failing: [] })
    setHeaders(reply, '', null, null)
    reply.headers({ 'www-authenticate': CHALLENGES[code] ?? CHALLENGE, 'dpop-nonce': prover.nonce() })
    if (forwarded.host === null || !wantsPage(request.headers.accept)) return sendProblem(reply, code, message)
    const { state, setCookie } = newState(request.headers.cookie)
    // Only what asks for a page can be asked for once more when the check is over.
    const back = returnTo(isSent(forwarded) ? { ...forwarded, uri: null } : forwarded)
    const checkUrl = deviceCheckUrl({ issuerUrl, returnTo: back, tier, state })
    const page = unprovedPage({ checkUrl, isSent: isSent(forwarded) })
    return sendPage(reply.header('set-cookie', setCookie), 401, page)
  }

  /** Tells of a decision; an answer that is only shown was told of before. */
  function note(
    { gateway, forwarded, tier, isPage }: Question,
    proof: Proof | null,
    { allow, code, reasonAdmin, failing }: Pick<Decision, 'allow' | 'code' | 'reasonAdmin' | 'failing'>,
  ): void {
    if (isPage) return
    metrics.decided(allow, 'forward-auth')
    audit.decided({
      at: clock(),
      by: 'forward-auth',
      gateway: { id: gateway.id, name: gateway.name },
      deviceId: proof?.deviceId ?? null,
      provedBy: proof?.by ?? null,
      user: null,
      action: forwarded.method,
      resource: `${forwarded.host ?? ''}${forwarded.uri ?? ''}`,
      tier,
      client: forwarded.client,
      allow,
      code,
      reason: reasonAdmin,
      failing,
      policyVersion: fleet.policy().version,
    })
  }

  app.setErrorHandler((error: Error, request, reply) => {
    const { code, detail = '' } = codeOf(error)
    if (code === 'internal' || !wantsPage(request.headers.accept)) throw error
    const challenge = challengeOf(code)
    if (challenge !== undefined) reply.header('www-authenticate', challenge)
    const fix = code === 'proofs-differ' ? ERRORS[code].fix : TELL_ADMIN
    return sendPage(
      reply,
      ERRORS[code].status,
      problemPage({ title: 'This laptop could not be checked', fix, detail: `${code}: ${detail}` }),
    )
  })

  const schema = { summary: 'May this request pass? (forward authentication)', security: [{ gateway: [] }] }
  // The answer is given before a body is looked at: a gateway may pass on that of its client, of any type and form.
  const route = { schema, onRequest: answer }
  app.all<{ Params: { tier: string } }>('/v1/forward-auth/:tier', route, answered)
  app.all<{ Params: { tier: string } }>(
    '/v1/forward-auth/:tier/*',
    { ...route, schema: { ...schema, hide: true } },
    answered,
  )
}

/** Fastify asks for a handler; the hook before it has answered. */
const answered = async () => {
  throw new MusterError('internal')
}

function sendOnceMore({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const detail = 'it was not admitted a moment ago, and is now: send the request once more'
  if (!wantsPage(headers.accept)) return sendProblem(reply, 'not-admitted', detail, 403)
  const shown = {
    title: 'This laptop passes now',
    fix: 'What you sent was not passed on. Load this page again: your browser asks whether to send it once more.',
    detail: `not-admitted: ${detail}`,
  }
  return sendPage(reply, 403, problemPage(shown))
}

/** Whether something was sent along, which a browser that goes elsewhere would leave behind. */
function isSent({ method }: Forwarded): boolean {
  return method !== 'GET' && method !== 'HEAD'
}

/** Where a browser comes back to: the front page of a host whose gateway does not say what was asked for. */
function returnTo(forwarded: Forwarded): string {
  return urlOf({ ...forwarded, uri: forwarded.uri ?? '/' })
}

/** Every header is always there, empty where nothing is known, so that a gateway overwrites what a client sent. */
function setHeaders(reply: FastifyReply, device: string, standing: Standing | null, decision: Decision | null): void {
  reply.headers({
    'x-posture-device-id': standing ? device : '',
    'x-posture-status': standing?.earStatus ?? 'none',
    'x-posture-reasons': decision?.failing.join(',') ?? '',
    'x-posture-evaluated-at': standing?.evaluatedAt ?? '',
    'x-posture-expires': standing?.nextChange ?? '',
    'x-auth-request-user': '',
    'cache-control': 'no-store',
  })
}
