import { unreadable, value, type Fact } from '../../../shared/fact.ts'

/**
 * Reads `pmset -g custom`: after how many minutes the display goes off, for each source of power; 0 is "never". A source
 * begins with its name at the left edge. Of a Mac without a battery there is only one.
 */
export function readDisplaySleep(stdout: string): Fact<readonly number[]> {
  const sources = stdout
    .replaceAll('\r', '')
    .split(/^(?=\S.*:$)/m)
    .filter((source) => /^\S.* Power:$/m.test(source))
  const minutes = sources.map((source) => {
    const found = [...source.matchAll(/^ *displaysleep +(\d{1,5})(?: \(.*\))?$/gm)]
    return found.length === 1 ? Number(found[0]?.[1]) : null
  })
  const told = minutes.flatMap((it) => it ?? [])
  return told.length > 0 && told.length === minutes.length
    ? value(told)
    : unreadable('pmset does not tell when the display goes off')
}
