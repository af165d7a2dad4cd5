import { Type } from 'typebox'
import { jsonParserOf, nullable } from '../../../shared/schema.ts'
import { unread, type Ran, type RegistryValues, type Unread } from '../host.ts'
import { QUESTIONS, type Question } from './questions.ts'
import { REGISTRY } from './registry.ts'

/** What PowerShell answered, by question and by key of the registry in small letters. */
export type Answers = {
  questions: ReadonlyMap<string, Ran>
  registry: ReadonlyMap<string, { ok: true; values: RegistryValues } | Unread>
}

/**
 * The start of the script. Output is UTF-8, and every answer is one line of JSON: what modules print besides cannot be
 * taken for one. Where the language mode is constrained the encoding cannot be set, and only ASCII is sure.
 */
const HEAD = `
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$WarningPreference = 'SilentlyContinue'
try { [Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false } catch { }
function Answer($name, $ask) {
  $it = @{ question = $name }
  try { $it.json = ConvertTo-Json -Compress -Depth 6 -InputObject @(& $ask) }
  catch { $it.error = [string]$_.FullyQualifiedErrorId + ': ' + [string]$_.Exception.Message }
  ConvertTo-Json -Compress -InputObject $it
}`

/**
 * Reads keys of the registry. The service runs as SYSTEM, whose own HKCU is nobody's: the user is the owner of the
 * shell, `explorer.exe`.
 */
const REGISTRY_READER = `
$user = 'HKCU'
try {
  if ([string][Security.Principal.WindowsIdentity]::GetCurrent().User -eq 'S-1-5-18') {
    $user = $null
    $shell = Get-CimInstance Win32_Process -Filter 'Name = ''explorer.exe''' | Select-Object -First 1
    if ($shell) { $user = 'HKEY_USERS\\' + (Invoke-CimMethod -InputObject $shell -MethodName GetOwnerSid).Sid }
  }
} catch { $user = $null }
function Key($key, $names) {
  $it = @{ key = $key }
  try {
    $path = $key
    if ($key.StartsWith('HKCU\\')) {
      if (-not $user) { throw 'nobody is signed in' }
      $path = $user + $key.Substring(4)
    }
    $all = Get-ItemProperty -LiteralPath ('Registry::' + $path)
    $it.values = @{}
    foreach ($name in $names) {
      $value = $null
      if ($all) { $value = $all.$name }
      if ($null -eq $value) { continue }
      if ($value -is [byte[]]) { $value = -join ($value | ForEach-Object { '{0:x2}' -f $_ }) }
      elseif ($value -is [array]) { $value = $value -join [char]10 }
      $it.values[$name] = $value
    }
  } catch {
    if ($_.CategoryInfo.Category -eq 'ObjectNotFound') { $it.missing = $true }
    else { $it.error = [string]$_.CategoryInfo.Category + ': ' + [string]$_.Exception.Message }
  }
  ConvertTo-Json -Compress -InputObject $it
}`

/** The script of one reading: every key, then every question that is not slow. What may hang stands last in their list. */
export function readingScript(): string {
  const asked = Object.entries(QUESTIONS).filter(([, question]) => !('slow' in question))
  const questions = asked.map(([name, { script }]) => answer(name, script))
  const keys = Object.entries(REGISTRY).map(([key, names]) => `Key ${quoted(key)} @(${names.map(quoted).join(', ')})`)
  return [HEAD, REGISTRY_READER, ...keys, ...questions].join('\n')
}

/** The script of one question alone. */
export function questionScript(name: Question): string {
  return [HEAD, answer(name, QUESTIONS[name].script)].join('\n')
}

function answer(name: string, script: string): string {
  return `Answer ${quoted(name)} { ${script} }`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

const Line = Type.Object({
  question: Type.Optional(Type.String()),
  json: Type.Optional(nullable(Type.String())),
  key: Type.Optional(Type.String()),
  values: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  missing: Type.Optional(Type.Boolean()),
  error: Type.Optional(Type.String()),
})
const parseLine = jsonParserOf(Line)

/** Reads what the script printed; a line that is no answer is passed over, and its question stays without one. */
export function readAnswers(stdout: string): Answers {
  const questions = new Map<string, Ran>()
  const registry = new Map<string, { ok: true; values: RegistryValues } | Unread>()
  for (const text of stdout.split(/\r?\n/)) {
    const line = text.startsWith('{') ? parseLine(text) : null
    if (!line?.ok) continue
    const { question, json, key, values, missing, error } = line.value
    if (question !== undefined) {
      const isAnswered = json !== undefined && json !== null
      questions.set(question, {
        ok: true,
        exitCode: isAnswered ? 0 : 1,
        stdout: json ?? '',
        stderr: isAnswered ? '' : (error ?? 'no answer'),
      })
    } else if (key !== undefined) {
      registry.set(key.toLowerCase(), keyAnswer(key, { values, missing, error }))
    }
  }
  return { questions, registry }
}

type KeyLine = { values: Record<string, unknown> | undefined; missing: boolean | undefined; error: string | undefined }

function keyAnswer(key: string, { values, missing, error }: KeyLine) {
  // An error after some values leaves the rest unknown.
  if (error !== undefined) {
    const isDenied = /^(PermissionDenied|SecurityError)/.test(error)
    return unread(isDenied ? 'denied' : 'failed', `${key}: ${isDenied ? 'may not be read' : error}`)
  }
  if (missing === true) return unread('missing', `${key} does not exist`)
  if (values === undefined) return unread('failed', `${key} was not answered`)
  const known: Record<string, string | number> = {}
  for (const [name, it] of Object.entries(values)) {
    if (typeof it === 'string') known[name] = it
    // A DWORD comes as a signed number.
    else if (typeof it === 'number') known[name] = it < 0 && it >= -(2 ** 31) ? it + 2 ** 32 : it
  }
  return { ok: true as const, values: known }
}
