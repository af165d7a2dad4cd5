import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, statSync } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { unread, type Host, type Unread } from './host.ts'
import { decode } from './text.ts'

const MAX_BYTES = 1024 * 1024
const CHUNK_BYTES = 16 * 1024

// A FIFO that somebody put in the place of a file must not hold us up: opened so, it cannot.
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK

/**
 * Files of the kernel are read at once, since they come out of memory: a way through the thread pool costs ten times
 * the CPU of the read (measured: 200 against 15 us), and a reading opens hundreds. Everything else may stand on a disk
 * or a network that hangs, and must not stop the agent; neither must `cmdline`, which waits for the memory of a
 * process that may be stuck.
 */
function isKernelMemory(path: string): boolean {
  return /^\/(?:proc|sys)\//.test(path) && !path.endsWith('/cmdline')
}

/** Reads a file as text, up to a limit. Says that a file is missing only where the system says so. */
export const readFile: Host['readFile'] = async (path, { maxBytes = MAX_BYTES } = {}) => {
  try {
    const bytes = isKernelMemory(path) ? readAtOnce(path, maxBytes) : await readSlowly(path, maxBytes)
    if (bytes === 'not-a-file') return unread('failed', `${path} is not a file`)
    if (bytes === 'too-large') return unread('too-large', `${path} is larger than ${maxBytes} bytes`)
    return { ok: true, text: isKernelMemory(path) ? bytes.toString() : decode(bytes) }
  } catch (error) {
    return unreadFrom(path, error)
  }
}

export const readDirectory: Host['readDirectory'] = async (path) => {
  try {
    const names = isKernelMemory(path) || path === '/proc' ? readdirSync(path) : await readdir(path)
    return { ok: true, names: names.toSorted() }
  } catch (error) {
    return unreadFrom(path, error)
  }
}

export const statFile: Host['stat'] = async (path) => {
  try {
    const { mtime, size } = isKernelMemory(path) ? statSync(path) : await stat(path)
    return { ok: true, modifiedAt: mtime, bytes: size }
  } catch (error) {
    return unreadFrom(path, error)
  }
}

type Bytes = Buffer | 'too-large' | 'not-a-file'

function readAtOnce(path: string, maxBytes: number): Bytes {
  const file = openSync(path, FLAGS)
  try {
    if (!fstatSync(file).isFile()) return 'not-a-file'
    const chunks = chunkList(maxBytes)
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const end = chunks.add(chunk.subarray(0, readSync(file, chunk)))
      if (end) return end
    }
  } finally {
    closeSync(file)
  }
}

async function readSlowly(path: string, maxBytes: number): Promise<Bytes> {
  const file = await open(path, FLAGS)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) return 'not-a-file'
    if (stats.size > maxBytes) return 'too-large'
    const chunks = chunkList(maxBytes)
    for (;;) {
      // One byte more than is there, so that the first read of an ordinary file shows its end too.
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, stats.size + 1 - chunks.bytes()))
      const { bytesRead } = await file.read(chunk)
      const end = chunks.add(chunk.subarray(0, bytesRead))
      if (end) return end
    }
  } finally {
    await file.close()
  }
}

/** Gathers chunks until an empty one: the size that a file states cannot be trusted, below /proc it is 0. */
function chunkList(maxBytes: number) {
  const chunks: Buffer[] = []
  let bytes = 0
  return {
    bytes: () => bytes,
    add(chunk: Buffer): Buffer | 'too-large' | null {
      if (chunk.length === 0) return Buffer.concat(chunks)
      bytes += chunk.length
      if (bytes > maxBytes) return 'too-large'
      chunks.push(chunk)
      return null
    },
  }
}

const REASONS: Record<string, Unread['reason']> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
}

const WORDS = { missing: 'does not exist', denied: 'may not be read' } as const

function unreadFrom(path: string, error: unknown): Unread {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const reason = REASONS[code] ?? 'failed'
  const words = reason === 'missing' || reason === 'denied' ? WORDS[reason] : `could not be read: ${code}`
  return unread(reason, `${path} ${words}`)
}
