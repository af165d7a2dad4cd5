import type { Fleet } from '../fleet/fleet.ts'
import { CHECK_LIMITS } from './limits.ts'

/** What became of a question to an agent: it reported, it did not in time, or it is not connected. */
export type Rechecked = 'reported' | 'late' | 'away'

export type RechecksOptions = {
  fleet: Pick<Fleet, 'sessionDevice'>
  recheck: (deviceId: string, reason: string) => boolean
  waitMs?: number
}

const LOOK_MS = 50

/** Has a device read everything now, and waits for its report; who asks meanwhile waits for the same one. */
export function openRechecks({ fleet, recheck, waitMs = CHECK_LIMITS.recheckMs }: RechecksOptions) {
  const running = new Map<string, Promise<Rechecked>>()
  const lastOf = (deviceId: string) => fleet.sessionDevice(deviceId)?.lastSequence

  async function ask(deviceId: string): Promise<Rechecked> {
    const device = fleet.sessionDevice(deviceId)
    if (!device || device.lockedOut) return 'away'
    const before = device.lastSequence
    if (!recheck(deviceId, 'the person in front of it asks')) return 'away'
    for (let waited = 0; waited < waitMs; waited += LOOK_MS) {
      await new Promise<void>((resolve) => void setTimeout(resolve, LOOK_MS).unref())
      if (lastOf(deviceId) !== before) return 'reported'
    }
    return 'late'
  }

  return (deviceId: string): Promise<Rechecked> => {
    const known = running.get(deviceId)
    if (known) return known
    const asked = ask(deviceId).finally(() => running.delete(deviceId))
    running.set(deviceId, asked)
    return asked
  }
}
