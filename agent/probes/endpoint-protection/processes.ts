import { unreadable, value, type Fact } from '../../../shared/fact.ts'
import type { Host } from '../../host/host.ts'
import { askProgram } from '../ask-program.ts'

/** A living process of a Mac, with the path of its program as the process itself tells it: only root's cannot lie. */
export type MacProcess = { pid: number; path: string; isRoot: boolean }

/** Without `ww` lines end at the 79th column; behind `=` the rest of an argument is the name of the column. */
const PS = ['-axww', '-o', 'pid=', '-o', 'uid=', '-o', 'state=', '-o', 'comm='] as const

/** Reads which programs run on this Mac. Any user may ask. */
export async function readMacProcesses(host: Host): Promise<Fact<MacProcess[]>> {
  return askProgram(host, 'ps', PS, readPs)
}

/**
 * Reads process ids, users, states and what macOS has as `comm`: the whole path of the program. A process that is stopped
 * (`T`) or a zombie (`Z`) protects nobody. A list without launchd, the process 1, is not that of the whole machine.
 */
export function readPs(stdout: string): Fact<MacProcess[]> {
  const rows = stdout.split(/\r?\n/).flatMap((line) => {
    const [, pid, uid, state = '', path] =
      /^\s*([1-9]\d{0,9})\s+(-?\d{1,10})\s+([A-Z]\S*)\s+(\/.*\S)\s*$/.exec(line) ?? []
    return pid === undefined || path === undefined ? [] : [{ pid: Number(pid), path, isRoot: uid === '0', state }]
  })
  if (!rows.some(({ pid }) => pid === 1)) return unreadable('ps did not list all processes')
  return value(rows.filter(({ state }) => !/^[TZ]/.test(state)).map(({ pid, path, isRoot }) => ({ pid, path, isRoot })))
}
