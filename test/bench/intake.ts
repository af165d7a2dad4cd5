import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { generateKeyPairSync, sign, verify } from 'node:crypto'
import { testCollector } from '../fakes/collector.ts'
import { cpuEach, line, micros, ratio } from './measure.ts'

const DEVICES = 800
/** Within the burst that the rate limit lets through. */
const WARM_UP = 7
const REPORTS = 10

/**
 * Evidence taken in over a real socket, verified, appraised, durable and answered with an attestation: CPU time of the
 * collector for each, beside a bare P-256 verify and sign in the same run. The laptops are another process.
 */
export async function benchIntake(): Promise<void> {
  const collector = await testCollector()
  const laptops = fork(join(import.meta.dirname, 'laptops.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const enrollments: string[] = []
  for (let n = 0; n < DEVICES; n++) enrollments.push(await collector.enrollment())
  laptops.send({ enrollments, warmUp: WARM_UP, reports: REPORTS })
  await once(laptops, 'message') // all are connected, and the collector is warm
  const each = await cpuEach(DEVICES * REPORTS, async () => {
    laptops.send('go')
    await once(laptops, 'message')
  })
  laptops.kill()
  await collector.close()

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const bytes = Buffer.alloc(3000, 'x')
  const key = { key: privateKey, dsaEncoding: 'ieee-p1363' as const }
  const signature = sign('sha256', bytes, key)
  const ceiling = await cpuEach(3000, () => {
    for (let n = 0; n < 3000; n++) {
      verify('sha256', bytes, key, signature)
      sign('sha256', bytes, key)
    }
  })
  line('bare P-256 verify and sign', micros(ceiling))
  line(`evidence in, durable, attested (${DEVICES} laptops)`, micros(each))
  line('ratio to the bare cryptography', ratio(ceiling / each), 'budget: at least 0.7')
}
