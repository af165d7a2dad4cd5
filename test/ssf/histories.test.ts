import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import type { WrittenChange } from '../../collector/store/store.ts'
import { chance, type Chance } from '../fakes/chance.ts'
import type { Behaviour, Receiver } from '../fakes/receiver.ts'
import { GATEWAY, policyText, streamWorld, type Laptop, type StreamWorld } from '../fakes/streams.ts'

const DEFAULTS = ['public', 'confidential', 'restricted'] as const
const STEPS = 40

/** What a receiver may do with an event; in the end it takes each. */
const MOODS = ['accept', 'accept', 'accept-reset', 'reset', { status: 500 }, { status: 401 }] as const

/** One history: whatever happens to three laptops, to the policy, to the store, to the process and to the receiver. */
async function history(luck: Chance, world: StreamWorld, receiver: Receiver): Promise<{ everybody: Laptop[] }> {
  const laptops = await Promise.all([1, 2, 3].map(() => world.laptop({ owner: 'alice@example.com' })))
  const everybody = [...laptops]
  receiver.behave = (): Behaviour => luck.of<Behaviour>([...MOODS])
  let marks = 0

  const acts: Record<string, (at: number) => Promise<unknown>> = {
    report: (at) => world.report(laptops[at]!, luck.oneIn(2), luck.oneIn(2)),
    reportGood: (at) => world.report(laptops[at]!, true),
    reportBoth: async (at) => {
      await world.report(laptops[at]!, true)
      await world.report(laptops[at]!, false)
    },
    lockOut: (at) => world.fleet.setStatus(laptops[at]!.id, 'locked-out'),
    readmit: (at) => world.fleet.setStatus(laptops[at]!.id, 'active'),
    remove: async (at) => {
      await world.fleet.remove(laptops[at]!.id)
      laptops[at] = await world.laptop()
      everybody.push(laptops[at])
    },
    silence: async () => {
      world.clock.pass(luck.below(20) * 60_000)
      world.fleet.wake()
    },
    policy: async () => {
      const strict = luck.oneIn(2) ? 'restricted: [screen-lock, disk-encryption]' : 'restricted: [screen-lock]'
      const text = policyText(luck.of(DEFAULTS), `# ${(marks += 1)}\n`)
      await world.apply(text.replace('restricted: [screen-lock]', strict))
    },
    restart: () => world.restart(),
    settle: () => world.derived(),
    storeFails: async () => {
      const { store } = world
      const { addEvents } = store
      store.addEvents = async () => {
        store.addEvents = addEvents
        throw new MusterError('store-unavailable', 'once')
      }
    },
    pause: async () => {
      const [stream] = world.streams.list(GATEWAY)
      await world.streams.setStatus(GATEWAY, stream!.stream_id, luck.of(['enabled', 'paused']))
    },
  }
  const names = Object.keys(acts)
  for (let step = 0; step < STEPS; step += 1) {
    const name = names[luck.below(names.length)]!
    try {
      await acts[name]!(luck.below(3))
    } catch (error) {
      // A laptop that is locked out does not get to report; a store may be away.
      if (!(error instanceof MusterError)) throw error
    }
  }
  return { everybody }
}

const isLoss = ({ before, after }: WrittenChange) => before.some((tier) => !after.includes(tier))

const seeds = Array.from({ length: 12 }, (_, seed) => seed)
test.each(seeds)(
  'whatever happens (%i), in the end what a receiver believes is what holds, and nothing came twice or not at all',
  async (seed) => {
    const world = await streamWorld({ waits: { first: 1, longest: 2 } })
    try {
      const receiver = await world.receiver()
      const { stream_id: id } = await world.stream(receiver)
      const { everybody } = await history(chance(seed), world, receiver)
      receiver.behave = () => 'accept'
      await world.streams.setStatus(GATEWAY, id, 'enabled')
      await derived(world)
      while ((await world.store.countOutgoing(id)) > 0) await setImmediate()

      const { defaultTier } = world.fleet.policy().policy
      const holds = everybody.map((it) => world.fleet.standing(it.id)?.tiers.includes(defaultTier) ?? false)
      expect(everybody.map((it) => receiver.believes(it.id).compliant)).toEqual(holds)
      const changes = await world.store.standingChangesAfter(0, 10_000)
      const losses = everybody.map(({ id: of }) => changes.filter((it) => it.deviceId === of && isLoss(it)).length)
      expect(everybody.map((it) => receiver.believes(it.id).revoked)).toEqual(losses)
      expect(receiver.problems).toEqual([])
      expect(receiver.sets.length).toBeGreaterThan(3)
    } finally {
      await world.close()
    }
  },
)

/** A store that is to fail once more does so now. */
async function derived(world: StreamWorld): Promise<void> {
  await world.derived().catch(() => undefined)
  await world.derived()
}
