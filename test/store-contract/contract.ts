import { afterEach, beforeEach, describe } from 'vitest'
import type { Store } from '../../collector/store/store.ts'
import { contractOfAccess } from './access.ts'
import { contractOfAudit } from './audit.ts'
import { contractOfDevices } from './devices.ts'
import { contractOfEvents } from './events.ts'
import { contractOfExceptions } from './exceptions.ts'
import { contractOfForgetting } from './forgetting.ts'
import { contractOfHistory } from './history.ts'
import { contractOfLeases } from './leases.ts'
import { contractOfPolicies } from './policies.ts'
import { contractOfReports } from './reports.ts'

/** Where a store keeps what it is given: one that is opened there again has it all. */
export type Place = { open(): Promise<Store>; remove(): Promise<void> }

/** The store of the test that runs, and the way to open it anew as a restart does. */
export type Subject = { store: Store; reopen(): Promise<void> }

/** Each test gets a place of its own. */
export function storeContract(newPlace: () => Promise<Place>): void {
  let place: Place
  // Filled before each test; no test is run without.
  const subject = {
    async reopen() {
      await subject.store.close()
      subject.store = await place.open()
    },
  } as Subject // oxlint-disable-line typescript/no-unsafe-type-assertion

  describe('the contract of a store', () => {
    beforeEach(async () => {
      place = await newPlace()
      subject.store = await place.open()
    })
    afterEach(async () => {
      await subject.store.close().catch(() => undefined)
      await place.remove()
    })
    contractOfDevices(subject)
    contractOfReports(subject)
    contractOfHistory(subject)
    contractOfForgetting(subject)
    contractOfPolicies(subject)
    contractOfExceptions(subject)
    contractOfLeases(subject)
    contractOfAccess(subject)
    contractOfAudit(subject)
    contractOfEvents(subject)
  })
}
