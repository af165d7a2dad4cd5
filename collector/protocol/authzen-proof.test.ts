import { expect, test } from 'vitest'
import { MusterError } from '../../shared/errors.ts'
import { proofsOf, type Prove } from './authzen-proof.ts'

const dpop = { proof: 'eyJ', method: 'GET', url: 'https://wiki.example.com/' }
const context = { attestation: 'eyA', dpop }

const refuse = (error: Error): Prove => {
  return () => {
    throw error
  }
}

test('a context without anything that is meant as a proof holds none', () => {
  const proofOf = proofsOf(refuse(new Error('nobody asks')))
  for (const it of [undefined, {}, { ip: 'x' }, { attestation: undefined }]) expect(proofOf(it)).toBeNull()
})

test('what is shown is handed on as it came, once for the same', () => {
  const seen: unknown[] = []
  const proofOf = proofsOf((...shown) => {
    seen.push(shown)
    return { deviceId: 'dev_1', by: 'dpop' }
  })
  const others = [
    { ...context, attestation: 'eyB' },
    { ...context, dpop: { ...dpop, proof: 'eyK' } },
    { ...context, dpop: { ...dpop, method: 'PUT' } },
    { ...context, dpop: { ...dpop, url: 'https://a/' } },
  ]
  for (const it of [context, structuredClone(context), ...others, context]) {
    expect(proofOf(it)).toEqual({ deviceId: 'dev_1', by: 'dpop' })
  }
  expect(seen).toEqual([context, ...others].map((it) => [it.attestation, it.dpop]))
})

test('a refusal is remembered as one, and a mistake of ours is none', () => {
  const refusal = new MusterError('proof-replayed')
  const proofOf = proofsOf(refuse(refusal))
  expect([proofOf(context), proofOf(context)]).toEqual([refusal, refusal])
  expect(() => proofsOf(refuse(new Error('a mistake')))(context)).toThrow('a mistake')
})
