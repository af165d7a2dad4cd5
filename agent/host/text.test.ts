import { expect, test } from 'vitest'
import { decode } from './text.ts'

const utf16 = (text: string) => Buffer.from(text, 'utf16le')

test.each([
  { name: 'nothing', bytes: Buffer.of(), text: '' },
  { name: 'UTF-8', bytes: Buffer.from('Größe: 5'), text: 'Größe: 5' },
  { name: 'UTF-8 with a mark', bytes: Buffer.from('\ufeffon'), text: 'on' },
  { name: 'UTF-16 with a mark', bytes: utf16('\ufeffSchutz: an'), text: 'Schutz: an' },
  { name: 'UTF-16 without one', bytes: utf16('Protection: on\r\n'), text: 'Protection: on\r\n' },
  { name: 'UTF-16, big end first', bytes: utf16('\ufeffon').swap16(), text: 'on' },
  { name: 'a code page', bytes: Buffer.from('f\xfcr', 'latin1'), text: 'für' },
  { name: 'bytes of a firmware variable', bytes: Buffer.of(6, 0, 0, 0, 1), text: '\x06\0\0\0\x01' },
  { name: 'zeros', bytes: Buffer.alloc(8), text: '\0'.repeat(8) },
])('decodes $name', ({ bytes, text }) => {
  expect(decode(bytes)).toBe(text)
})
