import { describe, expect, test } from 'vitest'
import type { Volume } from '../../../shared/signals.ts'
import { NOW, asks, days, factsWith, judge } from '../../../test/fakes/rule.ts'
import { diskEncryption } from './disk-encryption.ts'

const volume = (state: Volume['state'], more: Partial<Volume> = {}): Volume => ({
  mount: '/',
  role: 'system',
  state,
  method: 'luks2',
  keyProtector: 'hardware',
  ...more,
})
const data = (state: Volume['state'], more: Partial<Volume> = {}) =>
  volume(state, { mount: '/srv', role: 'data', ...more })
const on = volume('on')

describe('the system volume decides', () => {
  test.each([
    { name: 'on', volumes: [on], verdict: 'pass', code: 2, why: 'encrypted, with the key held by hardware' },
    {
      name: 'on, with a passphrase',
      volumes: [volume('on', { keyProtector: 'passphrase' })],
      verdict: 'pass',
      code: 32,
      why: 'encrypted, with the key not proven to be held by hardware',
    },
    {
      name: 'on, with a key of which nothing is known',
      volumes: [volume('on', { keyProtector: null })],
      verdict: 'pass',
      code: 32,
      why: 'encrypted, with the key not proven to be held by hardware',
    },
    {
      name: 'on, with a detail',
      volumes: [volume('on', { detail: 'LUKS2 below LVM' })],
      verdict: 'pass',
      code: 2,
      why: 'encrypted, with the key held by hardware: LUKS2 below LVM',
    },
    { name: 'off', volumes: [volume('off')], verdict: 'fail', code: 96, why: 'the system volume (/) is not encrypted' },
    {
      name: 'off, with a detail',
      volumes: [volume('off', { detail: 'ext4 on a partition' })],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/) is not encrypted: ext4 on a partition',
    },
    {
      name: 'decrypting',
      volumes: [volume('decrypting')],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/) is being decrypted',
    },
    {
      name: 'encrypting',
      volumes: [volume('encrypting')],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/) is being encrypted and not protected yet',
    },
    {
      name: 'unknown',
      volumes: [volume('unknown')],
      verdict: 'unknown',
      code: null,
      why: 'whether the system volume (/) is encrypted is not known',
    },
    {
      name: 'locked',
      volumes: [volume('locked')],
      verdict: 'unknown',
      code: null,
      why: 'the system volume (/) is locked, so its state is not known',
    },
    {
      name: 'not among what was read',
      volumes: [data('on')],
      verdict: 'unknown',
      code: null,
      why: 'the system volume is not among what was read',
    },
    {
      name: 'missing, as all volumes are',
      volumes: [],
      verdict: 'unknown',
      code: null,
      why: 'the system volume is not among what was read',
    },
    {
      name: 'on, and a data volume is not',
      volumes: [on, data('off')],
      verdict: 'pass',
      code: 2,
      why: 'encrypted, with the key held by hardware',
    },
    {
      name: 'off, and a data volume is on',
      volumes: [data('on'), volume('off')],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/) is not encrypted',
    },
    {
      name: 'on, and half of it off',
      volumes: [on, volume('off', { mount: '/usr' })],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/usr) is not encrypted',
    },
    {
      name: 'unknown, and half of it off',
      volumes: [volume('unknown'), volume('off', { mount: '/usr' })],
      verdict: 'fail',
      code: 96,
      why: 'the system volume (/usr) is not encrypted',
    },
    {
      name: 'on by hardware, and half of it by passphrase',
      volumes: [on, volume('on', { keyProtector: 'passphrase' })],
      verdict: 'pass',
      code: 32,
      why: 'encrypted, with the key not proven to be held by hardware',
    },
  ])('$name: $verdict', ({ volumes, verdict, code, why }) => {
    expect(judge(diskEncryption, { volumes })).toMatchObject({ verdict, code, why })
  })
})

test.each([
  { platform: 'windows', fix: 'BitLocker' },
  { platform: 'macos', fix: 'FileVault' },
  { platform: 'linux', fix: 'reinstall' },
] as const)('the fix is that of the system: $platform', ({ platform, fix }) => {
  for (const state of ['off', 'decrypting'] as const) {
    expect(judge(diskEncryption, { volumes: [volume(state)] }, {}, { platform }).fix).toContain(fix)
  }
})

test('of two volumes in the same state the first is told', () => {
  const volumes = [volume('off', { mount: '/a' }), volume('off', { mount: '/b' })]
  expect(judge(diskEncryption, { volumes }).why).toContain('/a')
})

describe('where the policy asks for all volumes', () => {
  const all = { volumes: 'all' }

  test.each([
    { name: 'all are on', volumes: [on, data('on')], verdict: 'pass', why: /^encrypted/ },
    { name: 'a data volume is off', volumes: [on, data('off')], verdict: 'fail', why: '/srv is not encrypted' },
    {
      name: 'a data volume is not known',
      volumes: [on, data('unknown')],
      verdict: 'unknown',
      why: 'whether /srv is encrypted is not known',
    },
    {
      name: 'the worst of several is told',
      volumes: [on, data('encrypting'), data('off', { mount: '/a' }), data('locked')],
      verdict: 'fail',
      why: '/a is not encrypted',
    },
    {
      name: 'swap and removable media do not count',
      volumes: [
        on,
        volume('off', { mount: 'swap', role: 'swap' }),
        volume('off', { mount: '/media/usb', role: 'removable' }),
      ],
      verdict: 'pass',
      why: /^encrypted/,
    },
    {
      name: 'there is no system volume',
      volumes: [data('on')],
      verdict: 'unknown',
      why: 'the system volume is not among what was read',
    },
  ])('$name: $verdict', ({ volumes, verdict, why }) => {
    expect(judge(diskEncryption, { volumes }, all)).toMatchObject({ verdict, why: expect.stringMatching(why) })
  })

  test('it says so', () => {
    expect(asks(diskEncryption, all).ask).toBe('All fixed volumes are encrypted.')
    expect(asks(diskEncryption).ask).toBe('The volume with the operating system is encrypted.')
  })
})

describe('protection that is suspended', () => {
  const paused = { volumes: [volume('suspended', { mount: 'C:', method: 'bitlocker' })] }

  test('is tracked', () => {
    expect(asks(diskEncryption).tracks(factsWith(diskEncryption, paused))).toBe(true)
    expect(asks(diskEncryption).tracks(factsWith(diskEncryption, { volumes: [on, ...paused.volumes] }))).toBe(true)
    expect(asks(diskEncryption).tracks(factsWith(diskEncryption, { volumes: [on] }))).toBe(false)
  })

  test.each([
    { name: 'just now', context: {}, verdict: 'pass', until: days(1) },
    {
      name: 'almost for a day',
      context: { trackedSince: new Date(days(-1).getTime() + 1) },
      verdict: 'pass',
      until: new Date(NOW.getTime() + 1),
    },
    { name: 'for a day', context: { trackedSince: days(-1) }, verdict: 'fail', until: undefined },
  ])('$name: $verdict, and never good', ({ context, verdict, until }) => {
    const judgement = judge(diskEncryption, paused, {}, context)
    expect(judgement).toMatchObject({
      verdict,
      code: 96,
      why: expect.stringContaining('is suspended'),
      fix: expect.stringContaining('Resume'),
    })
    expect(judgement.until).toEqual(until)
  })

  test('may last as long as the policy says', () => {
    const context = { trackedSince: days(-2) }
    expect(judge(diskEncryption, paused, { suspended: '3d' }, context).verdict).toBe('pass')
    expect(judge(diskEncryption, paused, { suspended: '2d' }, context).verdict).toBe('fail')
    expect(judge(diskEncryption, paused, { suspended: '0s' }).verdict).toBe('fail')
  })

  test.each([
    { name: 'fails where another part is off', beside: 'off', verdict: 'fail', until: undefined },
    { name: 'is unknown where another part is, until it fails', beside: 'unknown', verdict: 'unknown', until: days(1) },
  ] as const)('$name', ({ beside, verdict, until }) => {
    const judgement = judge(diskEncryption, { volumes: [...paused.volumes, volume(beside, { mount: 'D:' })] })
    expect(judgement.verdict).toBe(verdict)
    expect(judgement.until).toEqual(until)
  })

  test('fails after its time although another part is not known', () => {
    const volumes = [...paused.volumes, volume('unknown', { mount: 'D:' })]
    expect(judge(diskEncryption, { volumes }, {}, { trackedSince: days(-1) }).verdict).toBe('fail')
  })
})
