import type { Fleet } from '../fleet/fleet.ts'
import { CHECK_LIMITS } from './limits.ts'

/** What became of a question to an agent: it reported, it did not in time, or it is not connected. */
export type Rechecked = 'reported' | 'late' | 'away'

export type RechecksOptions = {
  fleet: Pick<Fleet, 'sessionDevice'>
  recheck: (deviceId: string, reason: string) => boolean
  waitMs?: number
  everyMs?: number
}

const LOOK_MS = 50

/** Has a device read everything now, and waits for its report; who asks meanwhile waits for the same one. */
export function openRechecks(options: RechecksOptions) {
  const { fleet, recheck, waitMs = CHECK_LIMITS.recheckMs, everyMs = CHECK_LIMITS.recheckEveryMs } = options
  const running = new Map<string, Promise<Rechecked>>()
  /** Devices that were asked a moment ago, with the end of that moment: a page that asks in a loop keeps no laptop busy. */
  const lately = new Map<string, Promise<void>>()
  const lastOf = (deviceId: string) => fleet.sessionDevice(deviceId)?.lastSequence

  async function ask(deviceId: string): Promise<Rechecked> {
    const device = fleet.sessionDevice(deviceId)
    if (!device || device.lockedOut) return 'away'
    const moment = lately.get(deviceId)
    if (moment) await moment
    const before = lastOf(deviceId)
    if (!recheck(deviceId, 'the person in front of it asks')) return 'away'
    lately.set(
      deviceId,
      pause(everyMs).then(() => void lately.delete(deviceId)),
    )
    for (let waited = 0; waited < waitMs; waited += LOOK_MS) {
      await pause(LOOK_MS)
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

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, milliseconds).unref())
}
