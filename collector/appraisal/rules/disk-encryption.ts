import { Type } from 'typebox'
import { oneOf } from '../../../shared/schema.ts'
import type { Platform, Volume } from '../../../shared/signals.ts'
import { durationBetween, inWords, milliseconds } from '../duration.ts'
import { defineRule, fail, pass, unknown, type Judgement } from '../rule.ts'
import { TRUST } from '../trust-vector.ts'

const parameters = {
  /** Which volumes decide: that of the system alone, or all but swap and removable ones. */
  volumes: Type.Optional(oneOf(['system', 'all'])),
  /** How long protection may stay suspended, as it is for a while around a firmware update. */
  suspended: Type.Optional(durationBetween('0m', '366d')),
}

const FIX = {
  encrypt: {
    windows: 'Turn on device encryption, or BitLocker, in the settings under Privacy & security.',
    macos: 'Turn on FileVault in the system settings under Privacy & Security.',
    linux: 'Back up, then reinstall with disk encryption turned on; or ask your admin to encrypt the disk in place.',
  },
  wait: 'Leave the laptop on until encryption has finished.',
  resume: 'Resume protection in the BitLocker settings.',
  look: 'Run "muster-agent check" as an administrator to see why the state cannot be read.',
} as const

type Bad = { rank: number; judge: (volume: Volume, platform: Platform) => Judgement }

const name = (volume: Volume) => (volume.role === 'system' ? `the system volume (${volume.mount})` : volume.mount)
const aside = (volume: Volume) => (volume.detail ? `: ${volume.detail}` : '')

/** Everything but `on`, from the worst: only `on` protects what is on the disk. */
const STATES: Record<Exclude<Volume['state'], 'on' | 'suspended'>, Bad> = {
  off: {
    rank: 5,
    judge: (v, platform) =>
      fail(`${name(v)} is not encrypted${aside(v)}`, FIX.encrypt[platform], TRUST.contraindicated),
  },
  decrypting: {
    rank: 4,
    judge: (v, platform) =>
      fail(`${name(v)} is being decrypted${aside(v)}`, FIX.encrypt[platform], TRUST.contraindicated),
  },
  encrypting: {
    rank: 3,
    judge: (v) =>
      fail(`${name(v)} is being encrypted and not protected yet${aside(v)}`, FIX.wait, TRUST.contraindicated),
  },
  unknown: { rank: 2, judge: (v) => unknown(`whether ${name(v)} is encrypted is not known${aside(v)}`, FIX.look) },
  locked: { rank: 1, judge: (v) => unknown(`${name(v)} is locked, so its state is not known${aside(v)}`, FIX.look) },
}

function decisive(volumes: readonly Volume[], which: 'system' | 'all'): Volume[] {
  return volumes.filter(({ role }) => role === 'system' || (which === 'all' && role === 'data'))
}

export const diskEncryption = defineRule({
  signal: 'disk-encryption',
  claim: 'storage-opaque',
  parameters,
  fixUnread: FIX.look,
  ask: ({ volumes = 'system' }) =>
    volumes === 'all' ? 'All fixed volumes are encrypted.' : 'The volume with the operating system is encrypted.',
  tracks: ({ volumes }) => volumes.some(({ state }) => state === 'suspended'),

  judge({ volumes }, { volumes: which = 'system', suspended = '1d' }, { now, platform, trackedSince }) {
    const deciding = decisive(volumes, which)
    if (!deciding.some(({ role }) => role === 'system')) {
      return unknown('the system volume is not among what was read', FIX.look)
    }

    let worst: { rank: number; judgement: Judgement } | undefined
    for (const volume of deciding) {
      if (volume.state === 'on' || volume.state === 'suspended') continue
      const { rank, judge } = STATES[volume.state]
      if (!worst || rank > worst.rank) worst = { rank, judgement: judge(volume, platform) }
    }
    if (worst?.judgement.verdict === 'fail') return worst.judgement

    const paused = deciding.find(({ state }) => state === 'suspended')
    if (paused) {
      const end = new Date((trackedSince ?? now).getTime() + milliseconds(suspended))
      const why = `protection of ${name(paused)} is suspended${aside(paused)}`
      if (now >= end)
        return fail(`${why} for more than ${inWords(milliseconds(suspended))}`, FIX.resume, TRUST.contraindicated)
      return worst ? { ...worst.judgement, until: end } : { ...pass(why, TRUST.contraindicated, end), fix: FIX.resume }
    }
    if (worst) return worst.judgement

    // A key that only a passphrase guards can be guessed away from the laptop: encrypted, yet a warning (AR4SI 32).
    const hardware = deciding.every(({ keyProtector }) => keyProtector === 'hardware')
    const detail = deciding.slice(0, 1).map(aside).join('')
    const held = hardware ? 'with the key held by hardware' : 'with the key not proven to be held by hardware'
    return pass(`encrypted, ${held}${detail}`, hardware ? TRUST.affirming : TRUST.knownVulnerabilities)
  },
})
