import { expect, test } from 'vitest'
import { judge } from '../../../test/fakes/rule.ts'
import { secureBoot } from './secure-boot.ts'

test.each([
  { enabled: true, tpm: '2.0', verdict: 'pass', code: 2 },
  { enabled: true, tpm: 'none', verdict: 'pass', code: 2 },
  { enabled: true, tpm: null, verdict: 'pass', code: 2 },
  { enabled: false, tpm: '2.0', verdict: 'fail', code: 32 },
])('Secure Boot enabled: $enabled, TPM $tpm: $verdict', ({ enabled, tpm, verdict, code }) => {
  expect(judge(secureBoot, { enabled, tpm })).toMatchObject({ verdict, code })
})
