import { describe, expect, test } from 'vitest'
import { decode } from '../../../host/text.ts'
import { mutations } from '../../../../test/fakes/mutations.ts'
import { toldByBitLocker } from './bitlocker.ts'
import { readManageBde } from './manage-bde.ts'
import type { ToldVolume } from '../told-volume.ts'

const statesOf = (volumes: string | readonly ToldVolume[]) =>
  typeof volumes === 'string' ? [] : volumes.map(({ state }) => state)

function read(text: string) {
  const volumes = readManageBde(text)
  return volumes.kind === 'value' ? volumes.value.map(toldByBitLocker) : volumes.kind
}

/** A volume as manage-bde shows it: the lines below its heading, of which the last is the list of protectors. */
function volume(heading: string, kind: string, lines: readonly string[], protectors: readonly string[] = []) {
  return [
    heading,
    `[${kind}]`,
    '',
    ...lines.map((it) => `    ${it}`),
    ...protectors.map((it) => `        ${it}`),
    '',
  ].join('\r\n')
}

type English = { conversion: string; percent: string; method: string; protection: string; lock: string }

const ENGLISH: English = {
  conversion: 'Fully Encrypted',
  percent: '100.0%',
  method: 'XTS-AES 128',
  protection: 'Protection On',
  lock: 'Unlocked',
}

function english(more: Partial<English>, protectors: readonly string[] = ['TPM', 'Numerical Password']) {
  const it = { ...ENGLISH, ...more }
  const isPlain = it.method === 'None'
  const lines = [
    'Size:                 475.77 GB',
    `BitLocker Version:    ${isPlain ? 'None' : '2.0'}`,
    `Conversion Status:    ${it.conversion}`,
    `Percentage Encrypted: ${it.percent}`,
    `Encryption Method:    ${it.method}`,
    `Protection Status:    ${it.protection}`,
    `Lock Status:          ${it.lock}`,
    'Identification Field: Unknown',
    `Key Protectors:${protectors.length === 0 ? '       None Found' : ''}`,
  ]
  return volume('Volume C: [Windows]', 'OS Volume', lines, protectors)
}

const PLAIN = english(
  { conversion: 'Fully Decrypted', percent: '0.0%', method: 'None', protection: 'Protection Off' },
  [],
)

describe('in English', () => {
  test.each([
    { name: 'on', text: english({}), state: 'on' },
    { name: 'used space only', text: english({ conversion: 'Used Space Only Encrypted' }), state: 'on' },
    { name: 'by the drive', text: english({ method: 'Hardware Encryption - 1.3.111.2.1619.0.1.2' }), state: 'on' },
    { name: 'suspended', text: english({ protection: 'Protection Off' }), state: 'suspended' },
    {
      name: 'suspended for a restart',
      text: english({ protection: 'Protection Off (1 reboots left)' }),
      state: 'suspended',
    },
    { name: 'without protectors', text: english({ protection: 'Protection Off' }, []), state: 'off' },
    {
      name: 'encrypting',
      text: english({ conversion: 'Encryption in Progress', percent: '34.5%', protection: 'Protection Off' }),
      state: 'encrypting',
    },
    { name: 'encrypting, all but done', text: english({ conversion: 'Encryption in Progress' }), state: 'encrypting' },
    { name: 'paused', text: english({ conversion: 'Encryption Paused', percent: '50%' }), state: 'encrypting' },
    {
      name: 'decrypting',
      text: english({ conversion: 'Decryption in Progress', percent: '61%', protection: 'Protection Off' }),
      state: 'decrypting',
    },
    { name: 'off', text: PLAIN, state: 'off' },
    { name: 'a word that is not known', text: english({ protection: 'Protection Maybe' }), state: 'unknown' },
    { name: 'a remark that is not known', text: english({ protection: 'Protection On (Perhaps)' }), state: 'unknown' },
    { name: 'encrypted by no method', text: english({ method: 'None' }), state: 'unknown' },
    { name: 'encrypted, by half', text: english({ percent: '50.0%' }), state: 'unknown' },
    {
      name: 'decrypted, by half',
      text: english({ conversion: 'Fully Decrypted', percent: '50.0%', protection: 'Protection Off' }),
      state: 'unknown',
    },
    { name: 'protected by nothing', text: english({}, []), state: 'unknown' },
  ])('$name: $state', ({ text, state }) => {
    expect(read(text)).toMatchObject([{ mount: 'C:', role: 'system', state }])
  })

  test('several volumes, one of them locked, one in a folder, and what stands around', () => {
    const locked = volume(
      'Volume E: [Label Unknown]',
      'Data Volume',
      [
        'Size:                 Unknown GB',
        'BitLocker Version:    2.0',
        'Conversion Status:    Unknown',
        'Percentage Encrypted: Unknown%',
        'Encryption Method:    AES 128',
        'Protection Status:    Unknown',
        'Lock Status:          Locked',
        'Identification Field: Unknown',
        'Automatic Unlock:     Disabled',
        'Key Protectors:',
      ],
      ['Password', 'Numerical Password'],
    )
    const text = [
      'BitLocker Drive Encryption: Configuration Tool version 10.0.26100',
      'Copyright (C) 2013 Microsoft Corporation. All rights reserved.',
      '',
      'Disk volumes that can be protected with',
      'BitLocker Drive Encryption:',
      english({}),
      PLAIN.replace('Volume C: [Windows]', 'Volume C:\\mnt\\ [Other]').replace('OS Volume', 'Data Volume'),
      locked,
      'C:\\Windows\\System32>',
    ].join('\r\n')
    expect(read(text)).toEqual([
      { mount: 'C:', role: 'system', state: 'on', method: 'bitlocker', keyProtector: 'hardware', percent: 100 },
      { mount: 'C:\\mnt\\', role: 'data', state: 'off', percent: 0 },
      {
        mount: 'E:',
        role: 'data',
        state: 'locked',
        method: 'bitlocker',
        keyProtector: 'passphrase',
        autoUnlock: false,
      },
    ])
  })
})

const LANGUAGES = [
  {
    language: 'German',
    heading: 'Volume "C:" [System]',
    kind: 'Betriebssystemvolume',
    label: 'Schutzstatus:                 ',
    off: ['Vollständig entschlüsselt', 'Kein', 'Der Schutz ist deaktiviert.', 'Entsperrt', 'Keine gefunden'],
    on: ['Vollständig verschlüsselt', 'Der Schutz ist aktiviert.'],
    encrypting: 'Verschlüsselung wird durchgeführt',
    password: 'Numerisches Kennwort',
  },
  {
    language: 'French',
    heading: 'Volume C: [Système]',
    kind: 'Volume du système d’exploitation',
    label: 'État de la protection\u00A0: ',
    off: ['Intégralement déchiffré', 'Aucun', 'Protection désactivée', 'Déverrouillé', 'Aucun trouvé'],
    on: ['Espace utilisé uniquement chiffré', 'Protection activée'],
    encrypting: 'Chiffrement en cours',
    password: 'Mot de passe numérique',
  },
  {
    language: 'Spanish',
    heading: 'Volumen C: [Windows]',
    kind: 'Volumen del sistema operativo',
    label: 'Estado de protección: ',
    off: ['Completamente descifrado', 'Ninguno', 'Protección desactivada', 'Desbloqueado', 'Ninguno encontrado'],
    on: ['Cifrado solo de espacio usado', 'Protección activada'],
    encrypting: 'Cifrado en curso',
    password: 'Contraseña numérica',
  },
  {
    language: 'Russian',
    heading: 'Том C: [Windows ]',
    kind: 'Том с операционной системой',
    label: 'Состояние защиты:                 ',
    off: ['Полностью расшифровано', 'Нет', 'Защита отключена', 'Разблокировано', 'не обнаружены'],
    on: ['Зашифровано только занятое место', 'Защита включена'],
    encrypting: 'Выполняется шифрование',
    password: 'Числовой пароль',
  },
  {
    language: 'Japanese',
    heading: 'ボリューム C: [Windows]',
    kind: 'OS ボリューム',
    label: '保護状態:               ',
    off: ['暗号化は完全に解除されています', 'なし', '保護はオフです', 'ロック解除', '見つかりません'],
    on: ['完全に暗号化されています', '保護はオンです'],
    encrypting: '暗号化を実行中です',
    password: '数字パスワード',
  },
  {
    language: 'Chinese',
    heading: '卷 C: [OS]',
    kind: 'OS 卷',
    label: '保护状态:          ',
    off: ['完全解密', '无', '保护关闭', '已解锁', '找不到'],
    on: ['仅加密了已用空间', '保护启用'],
    encrypting: '正在进行加密',
    password: '数字密码',
  },
  {
    language: 'Swedish',
    heading: 'Volym C: [Windows]',
    kind: 'Operativsystemvolym',
    label: 'Skyddsstatus:         ',
    off: ['Helt dekrypterad', 'Ingen', 'Skydd av', 'Olåst', 'Inga hittades'],
    on: ['Endast använt utrymme krypterat', 'Skydd på'],
    encrypting: 'Kryptering pågår',
    password: 'Numeriskt lösenord',
  },
  {
    language: 'Turkish',
    heading: 'Birim C: [Windows]',
    kind: 'İşletim Sistemi Birimi',
    label: 'Koruma Durumu:        ',
    off: ['Şifre Tamamen Çözüldü', 'Yok', 'Koruma Kapalı', 'Kilitli Değil', 'Hiçbiri Bulunamadı'],
    on: ['Tamamen Şifrelendi', 'Koruma Açık'],
    encrypting: 'Şifreleme Sürüyor',
    password: 'Sayısal Parola',
  },
] as const

type Language = (typeof LANGUAGES)[number]

function localised({ heading, kind, label, off }: Language, values: readonly string[], protectors: readonly string[]) {
  const [conversion, percent, method, protection, found = ''] = values
  const version = method === off[1] ? off[1] : '2.0'
  const of = label.replace(/^\S+/, 'BitLocker')
  const lines = ['237,46 GB', version, conversion, percent, method, protection, off[3], off[1], found]
  return volume(
    heading,
    kind,
    lines.map((it, at) => `${at === 1 ? of : label}${it ?? ''}`.trimEnd()),
    protectors,
  )
}

/** Writes a text in a code page, by trying all that it can hold. */
function encode(text: string, page: string): Uint8Array {
  const decoder = new TextDecoder(page)
  const bytes = new Map<string, number[]>()
  for (let first = 0x80; first < 0x100; first++) {
    bytes.set(decoder.decode(Uint8Array.of(first)), [first])
    for (let second = 0x40; second < 0xff; second++) {
      const char = decoder.decode(Uint8Array.of(first, second))
      if (char.length === 1 && !bytes.has(char)) bytes.set(char, [first, second])
    }
  }
  return Uint8Array.from(text.split('').flatMap((char) => bytes.get(char) ?? [char.charCodeAt(0)]))
}

/** The bytes of code pages 850 and 857 for what stands in these texts. */
const IN_850: Readonly<Record<string, number>> = {
  ä: 0x84,
  ü: 0x81,
  ö: 0x94,
  é: 0x82,
  è: 0x8a,
  ê: 0x88,
  å: 0x86,
  ç: 0x87,
  ı: 0x8d,
  Ü: 0x9a,
  Ç: 0x80,
  İ: 0x98,
  Ş: 0x9e,
  ş: 0x9f,
  ğ: 0xa7,
  ó: 0xa2,
  ñ: 0xa4,
  ß: 0xe1,
  É: 0x90,
  '’': 0x27,
  '\u00A0': 0xff,
}

describe.each(LANGUAGES)('in $language', (language) => {
  const [decrypted, none, off, , found] = language.off
  const [encrypted, on] = language.on
  const aes = 'XTS-AES 128'
  const texts = {
    off: localised(language, [decrypted, '0,0 %', none, off, found], []),
    on: localised(language, [encrypted, '100,0%', aes, on], ['TPM', language.password]),
    suspended: localised(language, [encrypted, '100,0%', aes, `${off} (1)`], ['TPM', language.password]),
    encrypting: localised(language, [language.encrypting, '34,5%', aes, off], ['TPM', language.password]),
  }
  const waiting = localised(language, [encrypted, '100,0%', aes, off, found], [])

  test.each(Object.entries(texts))('%s', (state, text) => {
    expect(read(text)).toMatchObject([{ mount: 'C:', role: 'system', state }])
  })

  test('waiting for activation', () => {
    expect(read(waiting)).toMatchObject([{ mount: 'C:', state: 'off' }])
  })

  test('in the code page of its console', () => {
    const page = { Russian: 'ibm866', Japanese: 'shift_jis', Chinese: 'gbk' }[language.language as 'Russian']
    for (const [state, text] of Object.entries(texts)) {
      const bytes = page
        ? encode(text, page)
        : Uint8Array.from(text.split('').map((char) => IN_850[char] ?? char.charCodeAt(0)))
      expect(read(decode(bytes))).toMatchObject([{ mount: 'C:', state }])
    }
  })

  test('in UTF-8 that was taken for something else', () => {
    for (const [state, text] of Object.entries(texts)) {
      const damaged = new TextDecoder('windows-1252').decode(new TextEncoder().encode(text))
      const volumes = read(damaged)
      expect(['unknown', state]).toContain(Array.isArray(volumes) ? volumes[0]?.state : volumes)
    }
  })
})

const labelled = (values: readonly string[]) => values.map((it, at) => `${at === 1 ? 'BitLocker xx' : 'Xxxx'}: ${it}`)

describe('in a language that nobody taught it', () => {
  test.each([
    { name: 'plain', values: ['9 GB', 'xx', 'xx', '%0,0', 'xx', 'xx', 'xx', 'xx', 'xx'], protectors: [], state: 'off' },
    {
      name: 'encrypted',
      values: ['9 GB', '2.0', 'xx', '%100,0', 'AES 256', 'xx', 'xx', 'xx', ''],
      protectors: ['TPM'],
      state: 'unknown',
    },
    {
      name: 'by half',
      values: ['9 GB', '2.0', 'xx', '50,0%', 'AES 256', 'xx', 'xx', 'xx', ''],
      protectors: ['TPM'],
      state: 'unknown',
    },
    {
      name: 'nothing of it',
      values: ['9 GB', '2.0', 'xx', '0,0%', 'AES 256', 'xx', 'xx', 'xx', ''],
      protectors: ['TPM'],
      state: 'unknown',
    },
  ])('$name: $state', ({ values, protectors, state }) => {
    expect(read(volume('Xx C: [xx]', 'Xx', labelled(values), protectors))).toMatchObject([{ mount: 'C:', state }])
  })
})

test.each([
  { kind: 'Data Volume', said: 'Enabled', autoUnlock: true },
  { kind: '数据卷', said: '已禁用', autoUnlock: false },
  { kind: 'Datenvolume', said: 'Aktiviert', autoUnlock: true },
  { kind: 'Data Volume', said: 'Perhaps', autoUnlock: undefined },
])('$kind that opens by itself: $said', ({ kind, said, autoUnlock }) => {
  const values = ['9 GB', '2.0', 'Fully Encrypted', '100.0%', 'AES 256', 'Protection On', 'Unlocked', 'xx', said, '']
  const [volumeRead] = read(volume('Volume D: [xx]', kind, labelled(values), ['External Key'])) as ToldVolume[]
  expect(volumeRead).toMatchObject({ mount: 'D:', role: 'data', state: 'on' })
  expect(volumeRead?.autoUnlock).toBe(autoUnlock)
})

test('an excerpt without a method, whose padding collapsed', () => {
  const text =
    'Volume C: []\n[OS Volume]\nBitLocker Version: None\nConversion Status: Fully Decrypted\nPercentage Encrypted: 0.0%\nProtection Status: Protection Off\n'
  expect(read(text)).toMatchObject([{ mount: 'C:', role: 'system', state: 'off' }])
})

test('an excerpt without a percentage', () => {
  const lines = ['Conversion Status:    Encryption in Progress', 'Protection Status:    Protection Off']
  expect(read(volume('Volume C: []', 'OS Volume', lines))).toMatchObject([{ mount: 'C:', state: 'encrypting' }])
})

test('an empty line between any two', () => {
  expect(read(english({}).replaceAll('\r\n', '\n\n'))).toMatchObject([{ state: 'on', keyProtector: 'hardware' }])
})

test.each([
  '',
  'ERROR: An attempt to access a required resource was denied.\r\nCheck that you have administrative rights on the computer.',
  'FEHLER: BitLocker kann das Volume "D:" nicht öffnen.',
  'Volume C: [Windows]\r\n[OS Volume]\r\n',
  '    Conversion Status:    Fully Encrypted\r\n    Protection Status:    Protection On\r\n',
])('tells of no volume: %j', (text) => {
  expect(read(text)).toBe('unreadable')
})

test('damage never makes a volume protected that is not', () => {
  const suspended = english({ protection: 'Protection Off (1 reboots left)' })
  for (const text of [PLAIN, suspended, english({ protection: 'Protection Off' }, [])]) {
    for (const damaged of mutations(text, 4000)) {
      const volumes = read(damaged)
      expect(statesOf(volumes)).not.toContain('on')
    }
  }
})

test.each(['\r', 'A:[', 'x\\[', ' ', '(', ': '])('a long line of %j is soon over', (piece) => {
  const text = `${english({})}Volume D: [x]\n    a: x${piece.repeat(100_000)}y\n`
  const began = performance.now()
  expect(read(text)).toMatchObject([{ mount: 'C:', state: 'on' }])
  expect(performance.now() - began).toBeLessThan(1000)
})
