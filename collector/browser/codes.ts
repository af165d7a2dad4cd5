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

/** `isSpent`: it was shown before, so it binds nobody any more and only tells where its browser wanted to go. */
type Redeemed = Checked & { isSpent: boolean }

/** One-time codes: what the address of the protected host carries, good once and for a minute. */
export type CheckCodes = {
  issue(checked: Checked): string
  /** Whatever comes of it, the code is spent afterwards. Null for one that is over, or that nobody has made. */
  redeem(code: string): Redeemed | null
}

export function openCheckCodes(clock: () => Date): CheckCodes {
  const codes = new Map<string, Redeemed & { end: number }>()
  /** In the order in which they were made. */
  const ofDevice = new Map<string, string[]>()

  function drop(code: string): void {
    const found = codes.get(code)
    if (!found) return
    codes.delete(code)
    const left = (ofDevice.get(found.deviceId) ?? []).filter((it) => it !== code)
    if (left.length > 0) ofDevice.set(found.deviceId, left)
    else ofDevice.delete(found.deviceId)
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
      const own = ofDevice.get(checked.deviceId) ?? []
      // Only enrolled devices get any, and each only so many: that bounds them all. Those that are spent go first.
      const toDrop = own.find((it) => codes.get(it)?.isSpent) ?? own[0]
      if (own.length >= CHECK_LIMITS.codesPerDevice && toDrop !== undefined) drop(toDrop)
      const code = randomBytes(32).toString('base64url')
      codes.set(code, { ...checked, isSpent: false, end: now + CHECK_LIMITS.codeSeconds * 1000 })
      ofDevice.set(checked.deviceId, [...(ofDevice.get(checked.deviceId) ?? []), code])
      return code
    },
    redeem(code) {
      const found = codes.get(code)
      if (!found || clock().getTime() >= found.end) return null
      const { end: _, ...redeemed } = found
      found.isSpent = true
      return redeemed
    },
  }
}
