/**
 * What outputs tell about a product. A key that is not there was not told: it is neither good nor bad, and whoever
 * needs it has to say "unknown".
 */
export type Told = Flags & {
  /** RFC 3339 in UTC. */
  definitionsAt?: string
  definitionsAgeDays?: number
  /** When it last spoke to its vendor's cloud; RFC 3339 in UTC. */
  lastContactAt?: string
  version?: string
  /** The id by which the vendor's console knows this device. Never a key or a token. */
  id?: string
  /** What the product itself complains about, in its words. */
  issues?: readonly string[]
  /** What is not wrong and yet keeps it from counting as healthy, in words for people. */
  doubts?: readonly string[]
}

export type Flags = {
  installed?: boolean
  running?: boolean
  /** By its own word, and with nothing in the same answer that contradicts it. */
  healthy?: boolean
  connected?: boolean
  realTime?: boolean
  /** All its parts that protect work, where it tells of parts or of a state, and not of its health. */
  protecting?: boolean
  tamperProtection?: boolean
  passive?: boolean
  reducedFunctionality?: boolean
  upToDate?: boolean
  /** Registered with the vendor and, where that shows, licensed. */
  onboarded?: boolean
  /** Whether it has an id of its own. */
  agentId?: boolean
}

export type Flag = keyof Flags

/** Several outputs of one product as one; the later one wins where both tell the same thing. */
export function together(outputs: readonly Told[]): Told {
  const issues = outputs.flatMap((told) => told.issues ?? [])
  const all: Told = {}
  for (const told of outputs) Object.assign(all, told)
  return issues.length > 0 ? { ...all, issues } : all
}
