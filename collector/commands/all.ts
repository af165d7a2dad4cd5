import { audit } from './audit.ts'
import type { Noun } from './command.ts'
import { device } from './device.ts'
import { exception } from './exception.ts'
import { gateway } from './gateway.ts'
import { key } from './key.ts'
import { policy } from './policy.ts'
import { releases } from './releases.ts'
import { checkConfig, serve } from './serve.ts'
import { token } from './token.ts'

/** What the command line can do, in the order of its help. */
export const NOUNS: readonly Noun[] = [
  serve,
  checkConfig,
  policy,
  device,
  exception,
  releases,
  token,
  gateway,
  key,
  audit,
]
