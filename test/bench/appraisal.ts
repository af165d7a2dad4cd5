import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { catchUp } from '../../collector/appraisal/catch-up.ts'
import { parseCatalogue } from '../../collector/appraisal/catalogue.ts'
import type { Memory } from '../../collector/appraisal/memory.ts'
import { parsePolicy } from '../../collector/appraisal/policy.ts'
import { openSqlite } from '../../collector/store/sqlite.ts'
import type { DeviceState, Store } from '../../collector/store/store.ts'
import { digest } from '../../shared/jws.ts'
import { fakeDevice } from '../fakes/device.ts'
import { factsOf, healthyFacts, healthyValues } from '../fakes/facts.ts'
import { fleetOver, heldClock, inForce, ISSUER, START } from '../fakes/fleet.ts'
import { cpuEach, line, micros } from './measure.ts'

const APPRAISALS = 50_000
const DEVICES = 100_000
const shipped = (name: string) => readFileSync(new URL(`../../collector/${name}`, import.meta.url), 'utf8')

/** Verdicts by themselves, and what a change of policy costs that concerns a whole fleet. */
export async function benchAppraisal(): Promise<void> {
  const text = shipped('policy.yaml')
  const facts = healthyFacts(START)
  const device = { id: 'dev_1', platform: 'linux', tags: ['sales'], owner: null, identity: 'recognised' } as const
  const input = {
    evidence: { facts, receivedAt: START, confirmedAt: START },
    device,
    policy: parsePolicy(text),
    policySince: START,
    catalogue: parseCatalogue(shipped('releases.yaml')),
    exceptions: [],
    now: START,
  }
  let memory: Memory = {}
  const appraised = await cpuEach(APPRAISALS, () => {
    for (let count = 0; count < APPRAISALS; count += 1) memory = catchUp({ ...input, memory }, null).appraisal.memory
  })
  line('one appraisal', micros(appraised))
  line('appraisals a second of CPU', Math.round(1e6 / appraised).toLocaleString('en'))
  await benchPolicyChange(text)
}

async function benchPolicyChange(text: string): Promise<void> {
  const states = await madeUp(DEVICES)
  const sqlite = openSqlite(':memory:')
  let written = 0
  const store: Store = {
    ...sqlite,
    loadDevices: async () => states,
    async saveOutcome(id, outcome) {
      written += 1
      await sqlite.saveOutcome(id, outcome)
    },
  }
  const clock = heldClock()
  const fleet = await fleetOver(store, clock)
  const start = await cpuEach(1, () => fleet.settled())
  line(`judging ${DEVICES.toLocaleString('en')} devices at a start`, `${(start / 1e6).toFixed(2)} s`)

  const stricter = text.replace('screen-lock: { within: 15m', 'screen-lock: { within: 7m')
  const dry = await cpuEach(1, async () => void (await fleet.dryRun(inForce(stricter).policy)))
  line('dry run of a policy over them', `${(dry / 1e6).toFixed(2)} s`)

  written = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const ids = states.map((state) => state.device.id)
  const waits: number[] = []
  delay.enable()
  const change = await cpuEach(1, async () => {
    fleet.usePolicy(inForce(stricter, 2))
    const settled = fleet.settled().then(() => true)
    // Decisions go on meanwhile, each by the new policy, whether the background has come to the device or not.
    for (let isDone = false; !isDone;) {
      const began = performance.now()
      fleet.standing(ids[(waits.length * 7919) % ids.length] ?? '')
      waits.push(performance.now() - began)
      isDone = await Promise.race([settled, new Promise<false>((resolve) => setImmediate(() => resolve(false)))])
    }
  })
  delay.disable()
  await sqlite.close()
  waits.sort((a, b) => a - b)
  line('a stricter policy for all of them, in the background', `${(change / 1e6).toFixed(2)} s`)
  line('  each device', micros(change / DEVICES))
  line('  devices whose verdicts changed, and were written', written.toLocaleString('en'))
  line('  a decision meanwhile, p99', micros((waits[Math.floor(waits.length * 0.99)] ?? 0) * 1000), 'budget: 10 ms')
  line('  the event loop was held at most', `${(delay.max / 1e6).toFixed(1)} ms`)
}

/** Devices with evidence and nothing concluded; a third of them locks its screen late. */
async function madeUp(count: number): Promise<DeviceState[]> {
  const { jwk, ...signer } = fakeDevice(ISSUER)
  const values = healthyValues(START)
  const late = { ...values, 'screen-lock': { enabled: true, afterSeconds: 600 } }
  const said = { nonce: 'n'.repeat(32), now: START, seq: 1 }
  const [quick, slow] = await Promise.all(
    [values, late].map((it) => signer.evidence({ ...said, facts: factsOf(it, START) })),
  )
  return Array.from({ length: count }, (_, index) => {
    const jws = (index % 3 === 0 ? slow : quick) ?? ''
    return {
      device: {
        id: `dev_${String(index).padStart(43, '0')}`,
        jwk,
        keyProtection: 'software',
        attested: false,
        status: 'active',
        identity: 'recognised',
        platform: 'linux',
        hostname: `laptop-${index}`,
        serial: null,
        owner: null,
        tags: [],
        enrolledAt: START,
      },
      lastSequence: 1,
      bootIds: [],
      evidence: { jws, digest: digest(jws), receivedAt: START, confirmedAt: START },
      conclusion: null,
    }
  })
}
