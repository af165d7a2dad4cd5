import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import { withoutColours } from '../printable.ts'

/** What a tool tells; `tpm` is null where it says nothing of one, or of its version. */
export type Told = { enabled: boolean; tpm: '2.0' | '1.2' | null }

/**
 * Reads `mokutil --sb-state`. Setup mode, and a shim that was told to check nothing, count as off; that there are no
 * variables does not, as they may only be hidden from whoever asks.
 */
export function readMokutil(output: string): Fact<Told> {
  const lines = output.split(/\r?\n/).map((line) => line.trim())
  if (lines.includes("This system doesn't support Secure Boot")) return value({ enabled: false, tpm: null })
  const states = lines.filter((line) => /^SecureBoot (?:enabled|disabled)$/.test(line))
  if (states.length !== 1) return unreadable('mokutil does not tell whether Secure Boot is on')
  const isUnchecked = /^(?:Platform is in Setup Mode|SecureBoot validation is disabled in shim)$/m.test(
    lines.join('\n'),
  )
  return value({ enabled: states[0] === 'SecureBoot enabled' && !isUnchecked, tpm: null })
}

/**
 * Reads Secure Boot and the TPM in `bootctl status`: a word, and in brackets the mode of the firmware, which older
 * versions have on a line of its own. In setup mode the word is "disabled" already.
 */
export function readBootctl(stdout: string): Fact<Told> {
  const lines = withoutColours(stdout).split(/\r?\n/)
  const states = lines.map((line) => SECURE_BOOT.exec(line)).filter((it) => it !== null)
  const [[, state, mode] = [], ...others] = states
  if (state === undefined || others.length > 0) return unreadable('bootctl does not tell whether Secure Boot is on')
  const isSetup = mode === 'setup' || lines.some((line) => /^\s*Setup Mode: setup\s*$/.test(line))
  // "No" and "firmware only" do not tell whether there is an older one, or one without a driver.
  const hasTpm = lines.some((line) => /^\s*TPM2 Support: yes\s*$/.test(line))
  return value({ enabled: state === 'enabled' && !isSetup, tpm: hasTpm ? '2.0' : null })
}

const SECURE_BOOT = /^\s*Secure Boot: (enabled|disabled)(?: \(([\w-]+)\))?\s*$/

/**
 * Reads the kernel's messages (`dmesg`): what it was told of Secure Boot when it was started, where setup mode and a shim
 * that checks nothing count as off, and the TPM that it found. Old messages make room for new ones, so that there may be
 * none. Only what the kernel itself says begins so: names of devices stand behind what they were plugged into.
 */
export function readKernelLog(stdout: string): Fact<Told> {
  const messages = stdout.split(/\r?\n/).map((line) => line.replace(STAMP, ''))
  const states = new Set(
    messages.flatMap((it) => /^(?:secureboot: )?Secure boot (enabled|disabled)(?: \(mode \d+\))?$/.exec(it)?.[1] ?? []),
  )
  const [state] = states
  if (states.size !== 1) return unreadable('the kernel does not tell whether Secure Boot is on')
  const versions = new Set(messages.flatMap((it) => tpmIn(it) ?? []))
  const tpm = versions.size > 1 ? null : versions.has('2.0') ? '2.0' : versions.has('1.2') ? '1.2' : null
  return value({ enabled: state === 'enabled', tpm })
}

/** Its driver says the version; that of the newer interface, which only 2.0 has, does not. */
function tpmIn(message: string): string | undefined {
  if (/^tpm_crb \S+: (?!.*(?:fail|error))/i.test(message)) return '2.0'
  return /^tpm_\w+ \S+: (2\.0|1\.2) TPM \(/.exec(message)?.[1]
}

/** When it was, and with some options how urgent. */
const STAMP = /^(?:<\d+>|\w+ *:\w+ *: )?\[[^\]]*\] /
