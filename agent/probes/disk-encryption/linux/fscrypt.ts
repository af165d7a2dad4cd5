import { unreadable, value, type Fact } from '../../../../shared/fact.ts'

/** What `fscrypt status FOLDER` says of one folder; of what lies below its file system it says nothing. */
export type EncryptedFolder = { path: string; state: 'on' | 'locked' }

/**
 * Reads `fscrypt status FOLDER` of an encrypted folder (`writePathStatus` in fscrypt's cmd/fscrypt/status.go). That a
 * folder is not encrypted comes as an error, like a missing right, and is no value.
 */
export function readFolderStatus(stdout: string): Fact<EncryptedFolder> {
  const [, path] = /^"(\/[^\n]*)" is encrypted with fscrypt\.\r?$/m.exec(stdout) ?? []
  if (path === undefined) return unreadable('fscrypt does not say that the folder is encrypted')
  if (!/^Policy: +[0-9a-f]{16,}\r?$/m.test(stdout)) return unreadable('fscrypt names no policy of the folder')
  const [, unlocked] = /^Unlocked: (.+?)\s*$/m.exec(stdout) ?? []
  if (unlocked === 'No') return value({ path, state: 'locked' })
  // Files that are still open keep a key in use: "Partially (incompletely locked)".
  const isOpen = unlocked === 'Yes' || unlocked?.startsWith('Partially') === true
  return isOpen ? value({ path, state: 'on' }) : unreadable('fscrypt does not say whether the folder is open')
}

/**
 * Reads `fscrypt status` into the mounts where fscrypt is set up, so that folders of theirs may be encrypted; which are
 * is not told.
 */
export function readFscryptMounts(stdout: string): Fact<readonly string[]> {
  const [, table] = /^MOUNTPOINT +DEVICE +FILESYSTEM +ENCRYPTION +FSCRYPT\s*\n([^]*)/m.exec(stdout) ?? []
  if (table === undefined) return unreadable('fscrypt shows no table of file systems')
  const mounts = table.split('\n').flatMap((row) => {
    const [, mount] = /^(\/.*?)\s{2,}\S+\s{2,}\S.*\s{2,}supported\s{2,}Yes\s*$/.exec(row) ?? []
    return mount === undefined ? [] : [mount]
  })
  return value(mounts)
}
