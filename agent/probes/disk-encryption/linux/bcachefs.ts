import { unreadable, value, type Fact } from '../../../../shared/fact.ts'

/**
 * Reads `bcachefs show-super DEVICE` into whether the file system has a key. Where it has none nothing in it is
 * encrypted. Where it has one nobody knows more: `bcachefs remove-passphrase` leaves the key in the clear, in the same
 * section.
 */
export function readShowSuper(stdout: string): Fact<{ hasKey: boolean }> {
  const [, list = ''] = /^Sections:\s+([a-z0-9_]+(?:,[a-z0-9_]+)*)\s*$/m.exec(stdout) ?? []
  const sections = list.split(',')
  // Every superblock lists its members; a list without them is not whole.
  if (!sections.some((it) => it.startsWith('members'))) return unreadable('bcachefs does not list the sections')
  return value({ hasKey: sections.includes('crypt') || /^crypt\b/m.test(stdout) })
}
