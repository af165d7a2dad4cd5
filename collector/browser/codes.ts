import { randomBytes } from 'node:crypto'
import { CHECK_LIMITS } from './limits.ts'

/** What a check ended with, for the host that sent the browser to it. */
type Checked = {
  deviceId: string
  hostname: string
  /** Of the browser that was refused there. */
  state: string
  returnTo: string
}

/** One-time codes: what the address of the protected host carries, good once and for a minute. */
export type CheckCodes = {
  issue(checked: Checked): string
  /** Whatever comes of it, the code is worth nothing afterwards. */
  redeem(code: string): Checked | null
}

export function openCheckCodes(clock: () => Date): CheckCodes {
  const codes = new Map<string, Checked & { end: number }>()
  /** In the order in which they were made. */
  const ofDevice = new Map<string, string[]>()

  function drop(code: string): (Checked & { end: number }) | null {
    const found = codes.get(code)
    if (!found) return null
    codes.delete(code)
    const left = (ofDevice.get(found.deviceId) ?? []).filter((it) => it !== code)
    if (left.length > 0) ofDevice.set(found.deviceId, left)
    else ofDevice.delete(found.deviceId)
    return found
  }

  function forget(now: number): void {
    for (const [code, { end }] of codes) {
      if (now < end) return
      drop(code)
    }
  }

  return {
    issue(checked) {
      const now = clock().getTime()
      forget(now)
      const [oldest, ...more] = ofDevice.get(checked.deviceId) ?? []
      // Only enrolled devices get any, and each only so many: that bounds them all.
      if (oldest !== undefined && more.length + 1 >= CHECK_LIMITS.codesPerDevice) drop(oldest)
      const code = randomBytes(32).toString('base64url')
      codes.set(code, { ...checked, end: now + CHECK_LIMITS.codeSeconds * 1000 })
      ofDevice.set(checked.deviceId, [...(ofDevice.get(checked.deviceId) ?? []), code])
      return code
    },
    redeem(code) {
      const found = drop(code)
      if (!found || clock().getTime() >= found.end) return null
      const { end: _, ...checked } = found
      return checked
    },
  }
}
