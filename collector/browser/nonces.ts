import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CHECK_LIMITS } from './limits.ts'

/** The nonces that agents sign for a page: each is of one browser, good once and for a minute. */
export type CheckNonces = {
  issue(browser: string): string
  /** Whether it was issued to this browser, is not over and was not spent. */
  isGood(nonce: string, browser: string): boolean
  /** For a nonce that is good. False where so many were spent, by this device or by all, that no more are remembered. */
  spend(nonce: string, deviceId: string): boolean
}

const RANDOM = 8
const WHEN = 8
const MAC = 16

/**
 * A nonce says by itself when it ends and whose it is, so that whoever asks for many fills no memory; only those that an
 * agent has signed are remembered. The key is of this run: after a restart, which forgets them, the old ones are worth nothing.
 */
export function openCheckNonces(clock: () => Date, atMost: number = CHECK_LIMITS.spentNonces): CheckNonces {
  const key = randomBytes(32)
  const spent = new Map<string, { end: number; deviceId: string }>()
  const ofDevice = new Map<string, number>()
  const macOf = (head: Buffer, browser: string) =>
    createHmac('sha256', key).update(head).update(browser).digest().subarray(0, MAC)

  function forget(now: number): void {
    for (const [nonce, { end, deviceId }] of spent) {
      if (now < end) return
      spent.delete(nonce)
      const left = (ofDevice.get(deviceId) ?? 1) - 1
      if (left > 0) ofDevice.set(deviceId, left)
      else ofDevice.delete(deviceId)
    }
  }

  return {
    issue(browser) {
      const head = Buffer.concat([Buffer.alloc(WHEN), randomBytes(RANDOM)])
      head.writeBigUInt64BE(BigInt(clock().getTime() + CHECK_LIMITS.nonceSeconds * 1000))
      return Buffer.concat([head, macOf(head, browser)]).toString('base64url')
    },
    isGood(nonce, browser) {
      const bytes = Buffer.from(nonce, 'base64url')
      if (bytes.length !== WHEN + RANDOM + MAC || bytes.toString('base64url') !== nonce) return false
      const own = macOf(bytes.subarray(0, WHEN + RANDOM), browser)
      if (!timingSafeEqual(own, bytes.subarray(WHEN + RANDOM))) return false
      return clock().getTime() < endOf(nonce) && !spent.has(nonce)
    },
    spend(nonce, deviceId) {
      forget(clock().getTime())
      const own = ofDevice.get(deviceId) ?? 0
      if (spent.size >= atMost || own >= CHECK_LIMITS.spentPerDevice) return false
      spent.set(nonce, { end: endOf(nonce), deviceId })
      ofDevice.set(deviceId, own + 1)
      return true
    },
  }
}

function endOf(nonce: string): number {
  return Number(Buffer.from(nonce, 'base64url').readBigUInt64BE())
}
