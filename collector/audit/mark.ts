import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { jsonParserOf, nullable, strict, text } from '../../shared/schema.ts'
import { headText, type Extent } from '../protocol/audit-chain.ts'
import { openSecretFile } from '../secret-file.ts'
import type { AuditHead } from '../store/store.ts'

/** Signs where the log ends, and knows its own signature again. */
export type Marker = {
  mark(extent: Extent): AuditHead
  isOurs(head: AuditHead): boolean
  /** It was made just now: there can be no log yet. */
  isNew: boolean
  /** The public half of the key, base64url (RFC 8032). */
  publicKey: string
}

/** What stands before the 32 bytes of a private key of Ed25519 in PKCS #8 (RFC 8410, section 7). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/**
 * The key of a folder, which is made where there is none.
 * @throws MusterError `config-invalid` where its file is readable by others or damaged
 */
export function openMarker(folder: string): Marker {
  const isNew = !existsSync(keyOf(folder))
  return markerOf(openSecretFile(keyOf(folder)), isNew)
}

/** The same for whoever only reads: null where the folder has no key. */
export function readMarker(folder: string): Marker | null {
  return existsSync(keyOf(folder)) ? openMarker(folder) : null
}

const keyOf = (folder: string) => join(folder, 'audit-key')

function markerOf(secret: Buffer, isNew: boolean): Marker {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, secret]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key)
  return {
    mark: (extent) => ({ ...extent, signature: sign(null, bytesOf(extent), key).toString('base64url') }),
    isOurs: (head) => isSignedBy(publicKey, head),
    isNew,
    publicKey: String(publicKey.export({ format: 'jwk' }).x),
  }
}

function isSignedBy(key: KeyObject, head: AuditHead): boolean {
  const signature = Buffer.from(head.signature, 'base64url')
  // The last character has bits that count for nothing; only one way of writing it is right.
  return signature.toString('base64url') === head.signature && verify(null, bytesOf(head), key, signature)
}

const bytesOf = (extent: Extent) => Buffer.from(headText(extent))

const Whole = Type.Integer({ minimum: 0 })
const parseHead = jsonParserOf(
  strict({
    first: Whole,
    previous: nullable(text(100)),
    seq: Whole,
    hash: nullable(text(100)),
    signature: text(200),
  }),
)

const copyOf = (folder: string) => join(folder, 'audit-head.json')

/** The copy of a head that lies beside the database; null where there is none, or none that can be read. */
export function readCopy(folder: string): AuditHead | null {
  try {
    const parsed = parseHead(readFileSync(copyOf(folder), 'utf8'))
    return parsed.ok ? parsed.value : null
  } catch {
    return null
  }
}

/** Written aside, synced and renamed: after a power cut there is the copy of before or the new one. */
export async function writeCopy(folder: string, head: AuditHead): Promise<void> {
  const { first, previous, seq, hash, signature } = head
  const aside = `${copyOf(folder)}.new`
  const handle = await open(aside, 'w', 0o600)
  try {
    await handle.writeFile(`${JSON.stringify({ first, previous, seq, hash, signature })}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(aside, copyOf(folder))
}
