import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/**
 * Reads `mokutil --sb-state`. Setup mode, and a shim that was told to check nothing, count as off; that there are no
 * variables does not, as they may only be hidden from whoever asks.
 */
export function readMokutil(output: string): Fact<boolean> {
  const lines = output.split(/\r?\n/).map((line) => line.trim())
  if (lines.includes("This system doesn't support Secure Boot")) return value(false)
  const states = lines.filter((line) => /^SecureBoot (?:enabled|disabled)$/.test(line))
  if (states.length !== 1) return unreadable('mokutil does not tell whether Secure Boot is on')
  const isUnchecked = /^(?:Platform is in Setup Mode|SecureBoot validation is disabled in shim)$/m.test(
    lines.join('\n'),
  )
  return value(states[0] === 'SecureBoot enabled' && !isUnchecked)
}
