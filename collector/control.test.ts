import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { actsAtWork, POLICY, type ActsAtWork } from '../test/fakes/acts.ts'
import { askRunning } from './control-client.ts'
import { openControl } from './control.ts'

let folder: string
let work: ActsAtWork
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'muster-control-'))
  work = await actsAtWork()
})
afterEach(async () => {
  await work.close()
  rmSync(folder, { recursive: true, force: true })
})

describe('the socket of a collector', () => {
  test('is for its own user alone, and gone when it is closed', async () => {
    const control = await openControl(folder, () => work.acts)
    const path = readFileSync(join(folder, 'control.path'), 'utf8')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await askRunning(folder, 'policy-show', {})).toMatchObject({ version: 1, document: POLICY })
    await control.close()
    expect(await askRunning(folder, 'policy-show', {})).toBeNull()
  })

  test('moves where its path would be too long', async () => {
    const deep = join(folder, 'x'.repeat(100))
    mkdirSync(deep)
    const control = await openControl(deep, () => work.acts)
    expect(await askRunning(deep, 'policy-progress', {})).toMatchObject({ version: 1 })
    await control.close()
  })

  test('carries the code of what was refused', async () => {
    const control = await openControl(folder, () => work.acts)
    await expect(askRunning(folder, 'policy-show', { version: 9 })).rejects.toMatchObject({
      code: 'policy-version-unknown',
      message: 'there is no version 9 of the policy',
    })
    const wrong = { version: 'first' } as unknown as { version: number }
    await expect(askRunning(folder, 'policy-show', wrong)).rejects.toMatchObject({ code: 'request-invalid' })
    await control.close()
  })

  test('takes the largest policy that there can be', async () => {
    const control = await openControl(folder, () => work.acts)
    const document = `${POLICY}#${'ü'.repeat(200_000)}\n`
    expect(await askRunning(folder, 'policy-apply', { document, author: 'anna' })).toMatchObject({ version: 2 })
    await control.close()
  })
})

describe('what answers is no collector of this release', () => {
  let server: Server
  const answers = async (listener: RequestListener) => {
    const path = join(folder, 'other.sock')
    server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(path, resolve))
    writeFileSync(join(folder, 'control.path'), path)
  }
  afterEach(() => new Promise((resolve) => server.close(resolve)))

  const cases: [name: string, listener: RequestListener, problem: RegExp][] = [
    [
      'it does not know the act',
      (_request, response) => response.writeHead(404).end('{}'),
      /another release: it knows no act/,
    ],
    [
      'its answer is of another form',
      (_request, response) => response.end('{"version":1}'),
      /another release: its answer/,
    ],
    ['its answer is no JSON', (_request, response) => response.end('<html>'), /another release: its answer/],
    [
      'its problem has an unknown code',
      (_request, response) => response.writeHead(400).end('{"code":"x","detail":"y"}'),
      /answered 400/,
    ],
    ['it hangs up', (request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
  ]
  test.each(cases)('%s', async (_name, listener, problem) => {
    await answers(listener)
    await expect(askRunning(folder, 'policy-show', {})).rejects.toThrow(problem)
  })
})

test('a pointer to a socket that is no more is as good as none', async () => {
  writeFileSync(join(folder, 'control.path'), join(folder, 'gone.sock'))
  expect(await askRunning(folder, 'policy-show', {})).toBeNull()
})
