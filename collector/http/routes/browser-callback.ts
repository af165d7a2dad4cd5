import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { MusterError } from '../../../shared/errors.ts'
import { COOKIES, setCookie } from '../../browser/cookie.ts'
import { hostnameOf } from '../../browser/hostname.ts'
import { sameHostAddress } from '../../browser/return-address.ts'
import { wantsPage } from '../accept.ts'
import type { AppParts } from '../app.ts'
import { gatewayOf } from '../auth.ts'
import { forwardedOf, type Forwarded } from '../forwarded.ts'
import { problemPage, type ShownProblem } from '../pages/problem-page.ts'
import { sendProblem } from '../problem.ts'
import { sendPage } from '../send-page.ts'

/** A form has one short field. */
const FORM_BYTES = 16 * 1024

const forgetDevice = setCookie(COOKIES.device, '', 0)

type Query = Record<string, unknown>
type Shown = Pick<ShownProblem, 'title' | 'fix' | 'onward'> & {
  /** Where a person begins again; else at the front page. */
  from?: string
}

const USED_UP: Shown = {
  title: 'This link is used up',
  fix: 'A device check leads back once, within a minute, and only in the browser that began it. Begin again: it takes a moment.',
}
const ANOTHER: Shown = {
  title: 'One moment',
  fix: 'Another page of this browser began a check at the same time. This one begins again by itself.',
}
const WHY = {
  another: 'it is of another check of this browser, or of another browser',
  lost: 'it was used before, was made for another browser, or this one has lost its cookie',
}
const FOREIGN: Shown = {
  title: 'Something else pressed this button',
  fix: 'The request did not come from the page that it belongs to, so nothing was done. Open what you wanted to open, and press the button there.',
}

/**
 * What a protected host routes here, below `/.muster/`: the end of a device check, and the button of its refusals. The
 * gateway asks with its key, and names the host that its client asked for.
 */
export function browserCallbackRoutes(app: FastifyInstance, parts: AppParts): void {
  const { gateways, deviceCheck, browserSessions, isBehindProxy } = parts
  const onRequest = async (request: FastifyRequest) => void gatewayOf(request, gateways, 'decide')
  const hostOf = (request: FastifyRequest) => protectedHost(request, forwardedOf(request, isBehindProxy))

  app.removeContentTypeParser('application/json')
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: FORM_BYTES },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )

  app.get<{ Querystring: Query }>(
    '/.muster/callback',
    // A HEAD would spend the code.
    { onRequest, exposeHeadRoute: false, schema: { summary: 'End of a device check, on the protected host' } },
    async (request, reply) => {
      const host = hostOf(request)
      try {
        const { code } = request.query
        if (typeof code !== 'string') throw new MusterError('check-code-invalid', 'the address has no code')
        const { end, setCookies, returnTo } = deviceCheck.redeem(code, host, request.headers.cookie)
        if (end === 'bound')
          return goTo(setCookies.length > 0 ? reply.header('set-cookie', setCookies) : reply, returnTo)
        const error = new MusterError('check-code-invalid', WHY[end])
        const shown = end === 'another' ? { ...ANOTHER, onward: returnTo } : { ...USED_UP, from: returnTo }
        return refuse(error, shown, request, reply)
      } catch (error) {
        return refuse(error, USED_UP, request, reply)
      }
    },
  )

  app.post<{ Body: unknown }>(
    '/.muster/check-again',
    { onRequest, schema: { summary: 'The button "Check again" of a refusal, on the protected host' } },
    async (request, reply) => {
      const host = hostOf(request)
      const from = request.headers.origin === undefined ? null : URL.parse(request.headers.origin)
      const { 'sec-fetch-site': site = 'same-origin' } = request.headers
      // The gateway may leave the port out, which the browser has. Browsers that say more know it better.
      if (from?.hostname !== hostnameOf(host) || site !== 'same-origin') {
        return refuse(new MusterError('page-refused', `it does not come from ${host}`), FOREIGN, request, reply)
      }
      const asked = request.body instanceof URLSearchParams ? request.body.get('return') : null
      const returnTo = asked === null ? null : sameHostAddress(asked, hostnameOf(host))
      const deviceId = browserSessions.deviceOf(request.headers.cookie, host)
      const agent = deviceId === null ? null : await deviceCheck.recheck(deviceId)
      // A device that cannot be asked may not be the one in front of the person any more: they moved to another laptop, or
      // enrolled this one anew. The next request is refused for want of a device, and so leads to the check.
      if (agent === 'away') reply.header('set-cookie', forgetDevice)
      return goTo(reply, returnTo?.ok ? returnTo.value.href : `${from.origin}/`)
    },
  )
}

/**
 * As the gateway names it; one that names none passes on what its client wrote.
 * @throws MusterError `request-invalid`
 */
function protectedHost({ headers }: FastifyRequest, { host }: Forwarded): string {
  const named = host ?? headers.host ?? ''
  if (URL.canParse(`https://${named}/`)) return named
  throw new MusterError('request-invalid', 'the gateway does not say for which host it asks: X-Forwarded-Host')
}

function goTo(reply: FastifyReply, address: string): FastifyReply {
  return reply
    .code(303)
    .headers({ location: address, 'cache-control': 'no-store', 'referrer-policy': 'same-origin' })
    .send()
}

/** Says to a person, or to a program, why a step is not done. */
function refuse(error: unknown, shown: Shown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!(error instanceof MusterError)) throw error
  reply.header('cache-control', 'no-store')
  const status = error.code === 'page-refused' ? 403 : 400
  if (!wantsPage(request.headers.accept)) return sendProblem(reply, error.code, error.message, status)
  const detail = `${error.code}: ${error.message}`
  return sendPage(
    reply,
    status,
    problemPage({ ...shown, detail, link: { href: shown.onward ?? shown.from ?? '/', text: 'Begin again' } }),
  )
}
