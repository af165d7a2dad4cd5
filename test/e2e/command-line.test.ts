import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testCollector, type TestCollector } from '../fakes/collector.ts'

const MAIN = join(import.meta.dirname, '../../collector/main.ts')

let folder: string
let collector: TestCollector
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-line-'))
  collector = await testCollector({ folder })
})
afterAll(async () => {
  await collector.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Runs the program as a shell does; `closes`: whoever reads its output stops at once. */
function muster(args: string[], { closes = false } = {}): Promise<{ code: number | null; out: string; error: string }> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const read = { out: '', error: '' }
  if (closes) child.stdout.destroy()
  else child.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (read.error += chunk.toString()))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, ...read })))
}

describe('the program ends with', () => {
  test('0 and its answer', async () => {
    const { code, out, error } = await muster(['policy', 'list', '--json', '--data', folder])
    expect([code, error]).toEqual([0, ''])
    expect(JSON.parse(out)).toEqual([expect.objectContaining({ version: 1, source: 'default' })])
  })

  test('1 and what to do', async () => {
    const { code, out, error } = await muster(['policy', 'show', '9', '--data', folder])
    expect([code, out]).toEqual([1, ''])
    expect(error).toMatch(/^muster-collector: There is no such version of the policy: .*\(policy-version-unknown\)\n$/)
  })

  test('2 and what was meant', async () => {
    const { code, out, error } = await muster(['polcy', 'list', '--data', folder])
    expect([code, out]).toEqual([2, ''])
    expect(error).toBe(
      "muster-collector: unknown command 'polcy' (Did you mean policy?). See muster-collector --help\n",
    )
  })

  test('1 where a second collector would run on the folder', async () => {
    const { code, error } = await muster(['serve', '--data', folder, '--port', '0'])
    expect([code, error]).toEqual([1, expect.stringContaining('(data-folder-in-use)')])
  })

  test('no complaint where nobody reads on', async () => {
    expect(await muster(['releases', 'show', '--all', '--data', folder], { closes: true })).toEqual({
      code: 0,
      out: '',
      error: '',
    })
  })
})
