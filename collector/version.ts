import { readFileSync } from 'node:fs'
import { Type } from 'typebox'
import { jsonParserOf } from '../shared/schema.ts'

const manifest = jsonParserOf(Type.Object({ version: Type.String() }))(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
)

/** The version of this release. */
export const VERSION = manifest.ok ? manifest.value.version : '0.0.0'
