import type { CorpusReader, NotStarted } from '../reader.ts'
import { linuxNotStarted, linuxReaders } from './os-linux.ts'

export const readers: readonly CorpusReader[] = [...linuxReaders]

export const notStarted: readonly NotStarted[] = [...linuxNotStarted]
