import type { Static, TSchema } from 'typebox'
import type { Audit } from '../audit.ts'
import type { Address } from '../enrollment.ts'
import type { Exceptions } from '../exceptions.ts'
import type { Fleet } from '../fleet/fleet.ts'
import type { Gateways } from '../gateways.ts'
import type { Issuer } from '../issuer.ts'
import type { Policies } from '../policies.ts'
import type { Releases } from '../releases.ts'
import type { Store } from '../store/store.ts'
import type { Agents } from '../ws/agents.ts'

/** What acts work with. */
export type ActParts = {
  store: Pick<Store, 'transitions' | 'standingChanges' | 'addToken'>
  fleet: Pick<Fleet, 'devices' | 'find' | 'standing' | 'setStatus' | 'setTags' | 'setOwner' | 'remove' | 'progress'>
  /** Null where no collector runs. */
  agents: Pick<Agents, 'recheck' | 'dismiss'> | null
  policies: Policies
  exceptions: Exceptions
  releases: Pick<Releases, 'catalogue' | 'refresh' | 'sources'>
  gateways: Gateways
  issuer: Pick<Issuer, 'keys' | 'rotate'>
  audit: Pick<Audit, 'acted'>
  address: Address
  clock: () => Date
}

/** One thing that an admin can do, whichever way it is asked for. */
export type Act<I extends TSchema = TSchema, A extends TSchema = TSchema> = {
  input: I
  answer: A
  run(parts: ActParts, input: Static<I>): Promise<Static<A>>
}

/** Has the compiler compare the function with the two schemas. */
export function defineAct<I extends TSchema, A extends TSchema>(act: Act<I, A>): Act<I, A> {
  return act
}
