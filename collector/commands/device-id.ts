import { DEVICE_ID } from '../../shared/evidence.ts'
import type { ActAnswer } from '../acts/all.ts'
import type { Session } from './command.ts'
import { counted, orDash, shortId } from './wording.ts'

const WHOLE = new RegExp(DEVICE_ID)

/**
 * The id of the device that is meant by the beginning of an id. A name is never enough, since a device gives itself one; those
 * that are called so are named. @throws Error where none, or more than one, begins so
 */
export async function deviceIdOf(given: string, { ask }: Pick<Session, 'ask'>): Promise<string> {
  if (WHOLE.test(given)) return given
  const { byId, byName, count } = await ask('device-find', { given })
  const [only] = byId
  if (only && count === 1) return only.id
  if (count > 1) throw new Error(`the ids of ${counted(count, 'device')} begin with "${given}": ${named(byId, count)}`)
  if (byName.length === 0)
    throw new Error(`no device has an id that begins with "${given}"; see muster-collector device list`)
  throw new Error(`"${given}" is what a device calls itself; name it by its id: ${named(byName, byName.length)}`)
}

function named(devices: ActAnswer<'device-find'>['byId'], count: number): string {
  const names = devices.map(({ id, hostname, owner }) => `${shortId(id)} (${hostname}, ${orDash(owner)})`)
  return names.join(', ') + (count > devices.length ? ', ...' : '')
}
