import { unread, type Host, type Ran, type RegistryValues, type RunOptions, type Unread } from '../host.ts'
import { readRegQuery, saysMissing } from './reg-query.ts'
import { QUESTIONS, type Question } from './questions.ts'
import { valuesOf } from './registry.ts'
import { questionScript, readAnswers, readingScript, type Answers } from './script.ts'

/** Starts a program of Windows itself: PowerShell with a script, `reg.exe` with a key. */
export type WindowsPrograms = {
  powershell(script: string, options: RunOptions): Promise<Ran | Unread>
  reg(args: readonly string[]): Promise<Ran | Unread>
}

const READING = { timeoutMs: 14_000, maxBytes: 8 * 1024 * 1024 }
/** A search of Windows Update takes minutes where the cache is cold. */
const SLOW = { timeoutMs: 10 * 60_000, maxBytes: 8 * 1024 * 1024 }

type FromRegistry = { ok: true; values: RegistryValues } | Unread

/**
 * What Windows is asked through PowerShell and the registry in one reading. PowerShell is started at the first question
 * and answers all of them; where it cannot be used, `reg.exe` still reads the registry.
 */
export function windowsReading({ powershell, reg }: WindowsPrograms): {
  ask: Host['run']
  readRegistry: Host['readRegistry']
} {
  let started: Promise<Answers | Unread> | undefined
  const answers = () => (started ??= askAll())

  async function askAll(): Promise<Answers | Unread> {
    const ran = await powershell(readingScript(), READING)
    // One question that hangs must not cost the answers before it.
    const read = readAnswers(ran.ok ? ran.stdout : (ran.soFar ?? ''))
    if (read.questions.size + read.registry.size > 0) return read
    return ran.ok ? unread('failed', `PowerShell answered nothing (it ended with ${ran.exitCode})`) : ran
  }

  return {
    async ask(_, [name = '']) {
      if (!isQuestion(name)) return unread('failed', `${name} is not among the questions`)
      if ('slow' in QUESTIONS[name]) {
        const ran = await powershell(questionScript(name), SLOW)
        return ran.ok ? (readAnswers(ran.stdout).questions.get(name) ?? notAnswered(name)) : ran
      }
      const all = await answers()
      return 'ok' in all ? all : (all.questions.get(name) ?? notAnswered(name))
    },
    async readRegistry(key): Promise<FromRegistry> {
      const names = valuesOf(key)
      if (!names) return unread('failed', `${key} is not among the keys that may be read`)
      const all = await answers()
      const answer = 'ok' in all ? undefined : all.registry.get(key.toLowerCase())
      return answer ?? readByReg(reg, key, names)
    },
  }
}

function isQuestion(name: string): name is Question {
  return Object.hasOwn(QUESTIONS, name)
}

function notAnswered(what: string): Unread {
  return unread('failed', `PowerShell did not answer ${what}`)
}

/** `reg.exe` ends with 1 for a key that is not there and for one that may not be read; its words are localised. */
async function readByReg(reg: WindowsPrograms['reg'], key: string, names: readonly string[]): Promise<FromRegistry> {
  if (key.startsWith('HKCU\\')) return unread('failed', `${key}: whose it is could not be told without PowerShell`)
  const ran = await reg(['query', key, '/reg:64'])
  if (!ran.ok) return ran
  if (ran.exitCode === 0) {
    const found = readRegQuery(ran.stdout)
    if (!found) return unread('failed', `the answer of reg.exe about ${key} makes no sense`)
    const values = Object.entries(found.values).filter(([name]) => names.some((it) => it === name))
    return { ok: true, values: Object.fromEntries(values) }
  }
  if (saysMissing(ran.stderr)) return unread('missing', `${key} does not exist`)
  const at = key.lastIndexOf('\\')
  const above = await reg(['query', key.slice(0, at), '/reg:64'])
  const siblings = above.ok && above.exitCode === 0 ? readRegQuery(above.stdout) : null
  const isListed = siblings?.below.some((name) => name.toLowerCase() === key.slice(at + 1).toLowerCase())
  return isListed === false
    ? unread('missing', `${key} does not exist`)
    : unread('failed', `${key} could not be read: reg.exe ended with ${ran.exitCode}`)
}
