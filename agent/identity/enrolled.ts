import { MusterError } from '../../shared/errors.ts'
import type { Enrollment, State } from '../state.ts'
import type { DeviceKey } from './key.ts'
import { openSoftwareKey } from './software.ts'

/**
 * Where this device is enrolled, and the key with which it is.
 * @throws MusterError `not-enrolled`, `agent-state-damaged`
 */
export async function openIdentity(state: State): Promise<{ enrollment: Enrollment; key: DeviceKey }> {
  const enrollment = await state.readEnrollment()
  if (!enrollment) throw new MusterError('not-enrolled')
  const key = await openSoftwareKey(state.keyPath)
  if (key?.id !== enrollment.deviceId) {
    const problem = key ? 'is not the key that was enrolled' : 'is gone'
    throw new MusterError('agent-state-damaged', `the device key ${state.keyPath} ${problem}`)
  }
  return { enrollment, key }
}
