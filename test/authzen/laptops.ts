import { absent } from '../../shared/fact.ts'
import { connectedClient, enrolledClient, type Client } from '../fakes/client.ts'
import type { TestCollector } from '../fakes/collector.ts'
import { healthyFacts, read } from '../fakes/facts.ts'

export type Laptop = Client & {
  /** The newest that its agent was given. */
  attestation: string
}

/** A laptop that has reported: in good order, or without what `restricted` needs. Its time is that of the collector. */
export async function laptop(collector: TestCollector, owner: string | null = null, isGood = true): Promise<Laptop> {
  const now = collector.clock.now
  const client = await enrolledClient(await collector.enrollment(), { now })
  const conversation = await connectedClient(client, now)
  const facts = healthyFacts(now)
  if (!isGood) Object.assign(facts, { 'secure-boot': read(absent('no EFI'), now) })
  const { attestation } = await conversation.report(facts, now)
  conversation.close()
  await collector.fleet.setOwner(client.deviceId, owner)
  return { ...client, attestation: attestation ?? '' }
}

/** One that is enrolled and never reported. */
export async function silentLaptop(collector: TestCollector): Promise<Client> {
  return enrolledClient(await collector.enrollment(), { now: collector.clock.now })
}
