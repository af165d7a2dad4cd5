import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { installSystemPackages } from './system-packages.ts'

const ROOT = join(import.meta.dirname, '..')
const modules = join(ROOT, 'node_modules')

/** Runs a program of a package on this very Node, whatever the path names first. Returns its exit code. */
export function runTool(script: string, args: readonly string[]): number {
  const { status } = spawnSync(process.execPath, [join(modules, script), ...args], { cwd: ROOT, stdio: 'inherit' })
  return status ?? 1
}

export function runTests(args: readonly string[]): number {
  installSystemPackages()
  return runTool('vitest/vitest.mjs', ['run', ...args])
}
