import { absent, unreadable, value, type Fact } from '../../shared/fact.ts'

/**
 * Reads what `defaults read DOMAIN KEY` printed of a number; `absent` where the key is not set, which the program says on
 * stderr, ending with 1. Anything else is unreadable: an error is no number, and no key that is not set.
 */
export function readDefaultsNumber(stdout: string, stderr = ''): Fact<number> {
  const text = stdout.trim()
  if (/^\d{1,12}(?:\.\d{1,6})?$/.test(text)) return value(Number(text))
  const isUnset = /The domain\/default pair of \([^()]*\) does not exist\s*$/.test(`${stdout}\n${stderr}`.trimEnd())
  return isUnset ? absent('the setting is not set') : unreadable('defaults printed no number')
}
