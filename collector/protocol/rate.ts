/** How much of a rate has been used: a bucket that fills by the message and leaks by the second. */
export type Rate = { level: number; at: number }

export const unusedRate = (nowMs: number): Rate => ({ level: 0, at: nowMs })

/** Counts one message; null where it is one too many. A burst of one second's worth above the rate is let through. */
export function countMessage(rate: Rate, perSecond: number, nowMs: number): Rate | null {
  const leaked = Math.max(0, rate.level - ((nowMs - rate.at) / 1000) * perSecond)
  return leaked + 1 > perSecond * 2 ? null : { level: leaked + 1, at: nowMs }
}
