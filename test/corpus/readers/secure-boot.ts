import type { CorpusReader, NotStarted } from '../reader.ts'

export const readers: readonly CorpusReader[] = []

export const notStarted: readonly NotStarted[] = []
