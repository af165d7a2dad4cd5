import type { Document } from 'yaml'
import type { Parsed } from '../../shared/schema.ts'

/** The plain values of a YAML document, or its first problem: an alias without an anchor shows only when it is resolved. */
export function plainValues(document: Pick<Document, 'errors' | 'toJS'>): Parsed<unknown> {
  const [broken] = document.errors
  if (broken) return { ok: false, problem: broken.message.split('\n')[0] ?? broken.name }
  try {
    return { ok: true, value: document.toJS() }
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) }
  }
}
