import { Type, type Static } from 'typebox'
import { MusterError } from '../../shared/errors.ts'
import { parserOf } from '../../shared/schema.ts'
import type { ProvedBy } from './decision-event.ts'

/** What the device itself says in the context of a question: its attestation, with a proof that it has the key. */
const Shown = Type.Object({
  attestation: Type.String(),
  /** The `DPoP` header that the gateway was sent, and the method and address that it was sent for. */
  dpop: Type.Object({ proof: Type.String(), method: Type.String(), url: Type.String() }),
})
const parseShown = parserOf(Shown)

export type Proved = { deviceId: string; by: ProvedBy }

/** Throws MusterError `attestation-refused`, `proof-...` where it proves nothing. */
export type Prove = (attestation: string, dpop: Static<typeof Shown>['dpop']) => Proved

/** The device that a context proves, what is wrong with its proof, or null where it holds none. */
export type ProofOf = (context: Record<string, unknown> | undefined) => Proved | MusterError | null

/** Looks at the proofs of one request, each once: several of its questions may lean on the same. */
export function proofsOf(prove: Prove): ProofOf {
  const known = new Map<string, Proved | MusterError>()
  return (context) => {
    // Whatever is meant as a proof has to be one.
    if (context?.['attestation'] === undefined && context?.['dpop'] === undefined) return null
    const shown = parseShown(context)
    if (!shown.ok) return new MusterError('proof-invalid', `context: ${shown.problem}`)
    const { attestation, dpop } = shown.value
    const key = JSON.stringify([attestation, dpop.proof, dpop.method, dpop.url])
    const outcome = known.get(key) ?? outcomeOf(() => prove(attestation, dpop))
    known.set(key, outcome)
    return outcome
  }
}

function outcomeOf(prove: () => Proved): Proved | MusterError {
  try {
    return prove()
  } catch (error) {
    if (error instanceof MusterError) return error
    throw error
  }
}
