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
export type Prove = (attestation: string, dpop: Static<typeof Shown>['dpop']) => Promise<Proved>

/** The device that a context proves, what is wrong with its proof, or null where it holds none. */
export type ProofOf = (context: Record<string, unknown> | undefined) => Proved | MusterError | null

/** Looks at the proofs of all contexts of one request, each once: several of its questions may lean on one proof. */
export async function proofsIn(contexts: readonly unknown[], prove: Prove): Promise<ProofOf> {
  const known = new Map<unknown, Proved | MusterError>()
  const same = new Map<string, Proved | MusterError>()
  for (const context of contexts) {
    if (!isShowing(context)) continue
    const key = JSON.stringify([context.attestation, context.dpop])
    const outcome = same.get(key) ?? (await proofIn(context, prove))
    same.set(key, outcome)
    known.set(context, outcome)
  }
  return (context) => known.get(context) ?? null
}

/** Whether a context holds anything that is meant as a proof, right or not. */
export function isShowing(context: unknown): context is { attestation?: unknown; dpop?: unknown } {
  return typeof context === 'object' && context !== null && ('attestation' in context || 'dpop' in context)
}

async function proofIn(context: unknown, prove: Prove): Promise<Proved | MusterError> {
  const shown = parseShown(context)
  if (!shown.ok) return new MusterError('proof-invalid', `context: ${shown.problem}`)
  try {
    return await prove(shown.value.attestation, shown.value.dpop)
  } catch (error) {
    if (error instanceof MusterError) return error
    throw error
  }
}
