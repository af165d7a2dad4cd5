import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { absent } from '../../shared/fact.ts'
import { dpopProof } from '../fakes/dpop.ts'
import { ask, type Ask } from './client.ts'
import type { RunningGateway } from './gateway-under-test.ts'
import { nginx, startNginx } from './nginx.ts'
import { buildWorld, HOST, type World } from './world.ts'

const isThere = existsSync(nginx.program) && existsSync('/usr/bin/openssl')
if (!isThere) console.log('Skipped: fewer questions are not tested, since nginx (or openssl) is not installed.')

let world: World
let running: RunningGateway

beforeAll(async () => {
  if (!isThere) return
  world = await buildWorld({ 'decision-cache-seconds': '1' })
  running = await keepingNginx('keeping')
})
afterAll(async () => {
  await running?.stop()
  await world?.close()
})
beforeEach(({ skip }) => {
  skip(!isThere)
  world.tap.asked.length = 0
})

/** nginx as the page says under "Fewer questions". */
async function keepingNginx(name: string): Promise<RunningGateway> {
  const site = world.site(name)
  const kept = join(site.folder, 'decisions')
  mkdirSync(kept, { mode: 0o700 })
  const more = `proxy_cache_path ${kept} keys_zone=muster:1m max_size=16m inactive=1m use_temp_path=off;`
  return startNginx(site, { settings: { 'default off;': 'default muster;' }, more })
}

const send = (how: Ask = {}) => ask({ port: running.port, host: HOST, ca: world.certificate.pem }, how)
const sendAs = (of: 'well' | 'ill' | 'partly', how: Ask = {}) =>
  send({ ...how, lines: [`Cookie: ${world.laptops[of].cookie}`, ...(how.lines ?? [])] })
const asked = () => world.tap.asked.splice(0).length

test('an answer is kept for the same request of the same browser, and for nothing else', async () => {
  const statuses = [await sendAs('well'), await sendAs('well'), await sendAs('well')].map(({ status }) => status)
  expect(statuses).toEqual([200, 200, 200])
  // A second may have ended between two of them.
  expect(asked()).toBeLessThan(3)
  for (const how of [
    { path: '/other' },
    { path: '/?x' },
    { method: 'POST', body: 'x' },
    { lines: ['Authorization: x'] },
  ]) {
    expect((await sendAs('well', how)).status).toBe(200)
    expect(asked()).toBe(1)
  }
  expect((await sendAs('partly', { path: '/' })).status).toBe(200)
  expect((await sendAs('partly', { path: '/payroll' })).status).toBe(403)
  expect((await sendAs('ill')).status).toBe(403)
  expect((await send()).status).toBe(401)
})

test('a refusal is not kept', async () => {
  await sendAs('ill')
  const first = asked()
  await sendAs('ill')
  expect(asked()).toBe(first)
})

test('a proof by DPoP is asked about each time', async () => {
  const { client, attestation } = world.laptops.well
  const token = await attestation()
  const url = `https://${HOST}:${running.port}/`
  const nonce = (await send()).headers.get('dpop-nonce')?.[0] ?? ''
  const dpop = await dpopProof(client.device, { url, token, nonce, now: world.collector.clock.now })
  const lines = [`Authorization: DPoP ${token}`, `DPoP: ${dpop}`]
  expect((await send({ lines })).status).toBe(200)
  expect((await send({ lines })).status).toBe(401)
})

test('what is kept is forgotten when its second ends', async () => {
  const { well } = world.laptops
  expect((await sendAs('well')).status).toBe(200)
  await well.report({ 'disk-encryption': absent('no disk') })
  const lost = Math.floor(Date.now() / 1000)
  let last = lost
  while ((await sendAs('well')).status === 200) last = Math.floor(Date.now() / 1000)
  expect(last - lost).toBeLessThanOrEqual(1)
  await well.report()
})

test('nothing is kept where the collector does not say so', async () => {
  const other = await buildWorld()
  const site = other.site('strict')
  const kept = join(site.folder, 'decisions')
  mkdirSync(kept, { mode: 0o700 })
  const more = `proxy_cache_path ${kept} keys_zone=muster:1m max_size=16m inactive=1m use_temp_path=off;`
  const strict = await startNginx(site, { settings: { 'default off;': 'default muster;' }, more })
  for (let times = 0; times < 3; times++) {
    const lines = [`Cookie: ${other.laptops.well.cookie}`]
    expect((await ask({ port: strict.port, host: HOST, ca: other.certificate.pem }, { lines })).status).toBe(200)
  }
  expect(other.tap.asked).toHaveLength(3)
  await strict.stop()
  await other.close()
})
