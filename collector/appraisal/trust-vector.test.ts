import { describe, expect, test } from 'vitest'
import { statusOf } from '../../shared/standing.ts'
import { NO_VECTORS, readVectors } from '../../test/fakes/vectors.ts'
import { TRUST, trustVector, worstStatus, type Finding } from './trust-vector.ts'

type CodePoints = { tier_boundaries: [number, string][]; claims: Record<string, Record<string, string>> }

describe('the trustworthiness tier of a code', () => {
  test.each([
    { code: -128, status: 'contraindicated' },
    { code: -97, status: 'contraindicated' },
    { code: -96, status: 'warning' },
    { code: -33, status: 'warning' },
    { code: -32, status: 'affirming' },
    { code: -2, status: 'affirming' },
    { code: -1, status: 'none' },
    { code: 0, status: 'none' },
    { code: 1, status: 'none' },
    { code: 2, status: 'affirming' },
    { code: 31, status: 'affirming' },
    { code: 32, status: 'warning' },
    { code: 95, status: 'warning' },
    { code: 96, status: 'contraindicated' },
    { code: 127, status: 'contraindicated' },
  ])('of $code is $status', ({ code, status }) => {
    expect(statusOf(code)).toBe(status)
  })

  test.skipIf(NO_VECTORS !== '')(`agrees with the published boundaries${NO_VECTORS}`, () => {
    const { tier_boundaries: boundaries } = readVectors('ear/ar4si-codepoints.json') as CodePoints
    expect(boundaries.length).toBeGreaterThan(10)
    for (const [code, status] of boundaries) expect([code, statusOf(code)]).toEqual([code, status])
  })

  test.skipIf(NO_VECTORS !== '')(`each code that we assert is a published one${NO_VECTORS}`, () => {
    const { claims } = readVectors('ear/ar4si-codepoints.json') as CodePoints
    const { knownVulnerabilities, notVisible, contraindicated, affirming } = TRUST
    expect(Object.keys(claims['instance-identity'] ?? {})).toEqual(
      expect.arrayContaining([`${affirming}`, `${contraindicated}`]),
    )
    expect(claims['configuration']?.[notVisible]).toMatch(/unavailable to the verifier/)
    for (const claim of ['configuration', 'executables', 'storage-opaque']) {
      for (const code of [affirming, knownVulnerabilities, contraindicated])
        expect(claims[claim]).toHaveProperty(`${code}`)
    }
  })
})

describe('the status of a vector', () => {
  test.each([
    { name: 'nothing is none', vector: {}, status: 'none' },
    { name: 'all good is affirming', vector: { 'instance-identity': 2, configuration: 3 }, status: 'affirming' },
    { name: 'one warning is a warning', vector: { 'instance-identity': 2, configuration: 36 }, status: 'warning' },
    {
      name: 'the worst wins',
      vector: { configuration: 32, 'storage-opaque': 96, executables: 2 },
      status: 'contraindicated',
    },
    { name: 'forged evidence is contraindicated', vector: { 'instance-identity': 99 }, status: 'contraindicated' },
    { name: 'no claim is not affirming', vector: { 'instance-identity': 2, hardware: 0 }, status: 'none' },
    { name: 'a warning is worse than no claim', vector: { configuration: 32, hardware: 0 }, status: 'warning' },
  ])('$name', ({ vector, status }) => {
    expect(worstStatus(vector)).toBe(status)
  })
})

describe('findings make a vector', () => {
  const unseen = null
  const cases: { name: string; findings: Finding[]; vector: object }[] = [
    { name: 'of nothing', findings: [], vector: {} },
    {
      name: 'with one code a claim',
      findings: [
        { claim: 'configuration', code: 2 },
        { claim: 'executables', code: 32 },
      ],
      vector: { configuration: 2, executables: 32 },
    },
    {
      name: 'in which the worst code wins, in whatever order',
      findings: [
        { claim: 'configuration', code: 32 },
        { claim: 'configuration', code: 96 },
        { claim: 'configuration', code: 2 },
      ],
      vector: { configuration: 96 },
    },
    {
      name: 'in which the higher of two codes of one tier wins',
      findings: [
        { claim: 'configuration', code: 36 },
        { claim: 'configuration', code: 32 },
      ],
      vector: { configuration: 36 },
    },
    {
      name: 'in which no claim is worse than a good one',
      findings: [
        { claim: 'configuration', code: 2 },
        { claim: 'configuration', code: 0 },
      ],
      vector: { configuration: 0 },
    },
    {
      name: 'that says 36 of what could not be seen, and leaves the claim out',
      findings: [{ claim: 'storage-opaque', code: unseen }],
      vector: { configuration: 36 },
    },
    {
      name: 'that does not affirm a claim of which a part could not be seen',
      findings: [
        { claim: 'executables', code: 2 },
        { claim: 'executables', code: unseen },
      ],
      vector: { configuration: 36 },
    },
    {
      name: 'that keeps what is bad although a part could not be seen',
      findings: [
        { claim: 'executables', code: unseen },
        { claim: 'executables', code: 96 },
      ],
      vector: { executables: 96, configuration: 36 },
    },
    {
      name: 'that never makes configuration better by what could not be seen',
      findings: [
        { claim: 'configuration', code: 96 },
        { claim: 'configuration', code: unseen },
      ],
      vector: { configuration: 96 },
    },
    {
      name: 'that turns a good configuration into 36',
      findings: [
        { claim: 'configuration', code: 2 },
        { claim: 'configuration', code: unseen },
      ],
      vector: { configuration: 36 },
    },
  ]
  test.each(cases)('$name', ({ findings, vector }) => {
    expect(trustVector(findings)).toEqual(vector)
  })
})
