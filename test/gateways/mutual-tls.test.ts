import { copyFileSync, existsSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { authority, selfSigned, type Authority, type Certificate } from './certificates.ts'
import type { RunningGateway } from './gateway-under-test.ts'
import { nginx, SHIPPED, startNginx } from './nginx.ts'
import { buildWorld, HOST, type World } from './world.ts'

const isThere = existsSync(nginx.program) && existsSync('/usr/bin/openssl')
if (!isThere) console.log('Skipped: mutual TLS is not tested, since nginx (or openssl) is not installed.')

let world: World
let running: RunningGateway
let ours: Authority

beforeAll(async () => {
  if (!isThere) return
  world = await buildWorld()
  ours = authority(world.folder, 'laptops')
  running = await gatewayWith(await world.collector.gatewayKey('decide', 'vouch'), 'vouching')
})
afterAll(async () => {
  await running?.stop()
  await world?.close()
})
beforeEach(({ skip }) => skip(!isThere))

/** nginx as the page says under "Mutual TLS", with this key. */
async function gatewayWith(key: string, name: string): Promise<RunningGateway> {
  const site = world.site(name)
  const settings = { 'map "" $muster_device {\n    default "";\n}': 'include mutual-tls.conf;' }
  copyFileSync(join(SHIPPED, 'mutual-tls.conf'), join(site.folder, 'mutual-tls.conf'))
  const more = `\nssl_client_certificate ${ours.cert};\nssl_verify_client optional;\n`
  const protocols = 'ssl_protocols TLSv1.2 TLSv1.3;'
  return startNginx(
    { ...site, collector: { ...site.collector, key } },
    { settings, listen: { [protocols]: protocols + more } },
  )
}

type Reply = { status: number; body: string }

function get(
  certificate: Certificate | null,
  headers: Record<string, string> = {},
  port = running.port,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const own = certificate === null ? {} : { cert: certificate.pem, key: certificate.keyPem }
    const options = { host: '127.0.0.1', port, servername: HOST, ca: world.certificate.pem, agent: false, ...own }
    const call = request({ ...options, headers: { host: `${HOST}:${port}`, ...headers } }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (data: string) => (body += data))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    call.on('error', reject)
    call.end()
  })
}

const idOf = (of: 'well' | 'ill') => world.laptops[of].client.deviceId
const codeOf = ({ body }: Reply) => (JSON.parse(body) as { code: string }).code

test('a gateway that ended mutual TLS vouches for the device of the certificate', async () => {
  const reply = await get(ours.issue(`/CN=${idOf('well')}`))
  expect(reply.status).toBe(200)
  expect(world.application.arrived.splice(0)).toMatchObject([{ headers: { 'x-posture-device-id': idOf('well') } }])
  const refused = await get(ours.issue(`/CN=${idOf('ill')}`))
  expect([refused.status, codeOf(refused)]).toEqual([403, 'not-admitted'])
  expect(world.application.arrived).toEqual([])
})

test('and for nobody without one, whatever is said in a header', async () => {
  for (const headers of [{}, { 'muster-device': idOf('well') }, { 'ssl-client-s-dn': `CN=${idOf('well')}` }]) {
    const reply = await get(null, headers)
    expect([reply.status, codeOf(reply)]).toEqual([401, 'device-not-named'])
  }
})

test('a certificate names one device, whatever a header says besides', async () => {
  const reply = await get(ours.issue(`/CN=${idOf('ill')}`), { 'muster-device': idOf('well') })
  expect([reply.status, codeOf(reply)]).toEqual([403, 'not-admitted'])
})

test('a certificate that somebody else made is refused', async () => {
  const stranger = authority(world.folder, 'stranger')
  for (const certificate of [
    stranger.issue(`/CN=${idOf('well')}`),
    selfSigned(world.folder, idOf('well'), ['laptop.example.com']),
  ]) {
    expect((await get(certificate)).status).toBe(400)
  }
  expect(world.application.arrived).toEqual([])
})

test.each([
  ['more than a device id', (id: string) => `/O=x/CN=${id}`],
  ['another name that holds one', (id: string) => `/O=CN=${id}`],
  ['one that is written into another field', (id: string) => `/O=x,CN=${id}/CN=y`],
  ['something after it', (id: string) => `/CN=${id} x`],
  ['two of them', (id: string) => `/CN=${id}/CN=${id}`],
])('a subject with %s vouches for nobody', async (_what, subject) => {
  const reply = await get(ours.issue(subject(idOf('well'))))
  expect([reply.status, codeOf(reply)]).toEqual([401, 'device-not-named'])
})

test('a cookie of another laptop contradicts it', async () => {
  const reply = await get(ours.issue(`/CN=${idOf('well')}`), { cookie: world.laptops.ill.cookie })
  expect([reply.status, codeOf(reply)]).toEqual([400, 'proofs-differ'])
  expect(world.application.arrived).toEqual([])
})

test('a key that may not vouch is of no use for it', async () => {
  const other = await gatewayWith(world.key, 'not-vouching')
  const reply = await get(ours.issue(`/CN=${idOf('well')}`), {}, other.port)
  await other.stop()
  expect([reply.status, codeOf(reply)]).toEqual([403, 'scope-missing'])
})
