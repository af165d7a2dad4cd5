import { expect, test } from 'vitest'
import { choose, forbidden, readTarget, type Target } from './target.ts'

test.each([
  ['https://receiver.example.com/events', 'receiver.example.com'],
  ['https://receiver.example.com./', 'receiver.example.com'],
  ['https://RECEIVER.example.com:8443/a?b=c', 'receiver.example.com'],
  ['https://bücher.example/', 'xn--bcher-kva.example'],
  ['https://8.8.8.8/', '8.8.8.8'],
  ['https://[2606:4700::1111]/', '2606:4700::1111'],
])('%s may be pushed to', (text, host) => {
  expect(readTarget(text, [])).toMatchObject({ ok: true, value: { host, isExempt: false } })
})

test.each([
  ['', /not an address/],
  ['receiver.example.com', /not an address/],
  ['https://', /not an address/],
  ['//receiver.example.com/', /not an address/],
  ['http://receiver.example.com/', /not https/],
  ['ftp://receiver.example.com/', /not https/],
  ['file:///etc/passwd', /no host/],
  ['data:text/plain,x', /no host/],
  ['javascript:alert(1)', /no host/],
  ['https://user@receiver.example.com/', /user name/],
  ['https://:secret@receiver.example.com/', /user name/],
  ['https://receiver.example.com/#here', /fragment/],
  ['https://127.0.0.1/', /not a public/],
  ['https://127.1/', /not a public/],
  ['https://2130706433/', /not a public/],
  ['https://0x7f000001/', /not a public/],
  ['https://0x7f.1/', /not a public/],
  ['https://0177.0.0.1/', /not a public/],
  ['https://017700000001/', /not a public/],
  ['https://127。0。0。1/', /not a public/],
  ['https://127.0.0.1./', /not a public/],
  ['https://%31%32%37.0.0.1/', /not a public/],
  ['https://0/', /not a public/],
  ['https://169.254.169.254/latest/meta-data', /not a public/],
  ['https://0xa9fea9fe/', /not a public/],
  ['https://[::1]/', /not a public/],
  ['https://[::]/', /not a public/],
  ['https://[::ffff:127.0.0.1]/', /not a public/],
  ['https://[::ffff:8.8.8.8]/', /not a public/],
  ['https://[0:0:0:0:0:ffff:a9fe:a9fe]/', /not a public/],
  ['https://[::127.0.0.1]/', /not a public/],
  ['https://[64:ff9b::7f00:1]/', /not a public/],
  ['https://[2002:7f00:1::]/', /not a public/],
  ['https://[fd00:ec2::254]/', /not a public/],
  ['https://[fe80::1]/', /not a public/],
])('%s may not: %s', (text, why) => {
  const read = readTarget(text, [])
  expect(read.ok ? 'may' : read.problem).toMatch(why)
})

test.each([
  ['http://127.0.0.1:8080/events', ['127.0.0.1']],
  ['https://10.1.2.3/events', ['10.1.2.3']],
  ['https://receiver.intern/events', ['other', 'RECEIVER.intern']],
  ['https://[fd00::1]/', ['fd00::1']],
])('%s may where %s is exempt', (text, exempt) => {
  expect(readTarget(text, exempt)).toMatchObject({ ok: true, value: { isExempt: true } })
})

test('what is exempt is that host and no other', () => {
  expect(readTarget('https://10.1.2.4/', ['10.1.2.3'])).toMatchObject({ ok: false })
  expect(readTarget('http://a.receiver.intern/', ['receiver.intern'])).toMatchObject({ ok: false })
})

test.each([
  // What is public.
  ['1.1.1.1', true],
  ['9.255.255.255', true],
  ['11.0.0.0', true],
  ['100.63.255.255', true],
  ['100.128.0.0', true],
  ['128.0.0.0', true],
  ['169.253.255.255', true],
  ['169.255.0.0', true],
  ['172.15.255.255', true],
  ['172.32.0.0', true],
  ['192.0.1.0', true],
  ['192.167.255.255', true],
  ['192.169.0.0', true],
  ['198.17.255.255', true],
  ['198.20.0.0', true],
  ['223.255.255.255', true],
  ['2001:200::', true],
  ['2001:db9::', true],
  ['2003::', true],
  ['2a00:1450:4001::1', true],
  ['3ffe::1', true],
  // What is not, at both ends of each range.
  ['0.0.0.0', false],
  ['0.255.255.255', false],
  ['10.0.0.0', false],
  ['10.255.255.255', false],
  ['100.64.0.0', false],
  ['100.100.100.200', false],
  ['100.127.255.255', false],
  ['127.0.0.0', false],
  ['127.255.255.255', false],
  ['168.63.129.16', false],
  ['169.254.0.0', false],
  ['169.254.255.255', false],
  ['172.16.0.0', false],
  ['172.31.255.255', false],
  ['192.0.0.192', false],
  ['192.0.2.1', false],
  ['192.88.99.1', false],
  ['192.168.0.0', false],
  ['192.168.255.255', false],
  ['198.18.0.0', false],
  ['198.19.255.255', false],
  ['198.51.100.1', false],
  ['203.0.113.1', false],
  ['224.0.0.1', false],
  ['239.255.255.255', false],
  ['240.0.0.1', false],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', false],
  ['::ffff:1.1.1.1', false],
  ['::ffff:10.0.0.1', false],
  ['::1.1.1.1', false],
  ['64:ff9b::1.1.1.1', false],
  ['64:ff9b:1::1', false],
  ['100::1', false],
  ['1fff::1', false],
  ['2001::1', false],
  ['2001:1ff:ffff::1', false],
  ['2001:db8::1', false],
  ['2002:101:101::', false],
  ['3fff::1', false],
  ['3fff:fff:ffff::1', false],
  ['4000::1', false],
  ['5f00::1', false],
  ['fc00::1', false],
  ['fdff::1', false],
  ['fe80::1', false],
  ['febf::1', false],
  ['fec0::1', false],
  ['ff02::1', false],
  // What is no address at all.
  ['', false],
  ['localhost', false],
  ['1.1.1', false],
  ['1.1.1.1.1', false],
  ['01.1.1.1', false],
  ['1.1.1.1 ', false],
])('%s: connected to is %s', (address, may) => {
  expect(forbidden(address) === null).toBe(may)
})

const target = (text: string, exempt: string[] = []): Target => {
  const read = readTarget(text, exempt)
  if (!read.ok) throw new Error(read.problem)
  return read.value
}

test('of the addresses of a name the first is connected to, where all are public', () => {
  expect(choose(target('https://a.example/'), ['1.1.1.1', '2606:4700::1'])).toEqual({ ok: true, value: '1.1.1.1' })
})

test.each([
  ['none', []],
  ['a private one alone', ['10.0.0.1']],
  ['a private one behind a public one', ['1.1.1.1', '10.0.0.1']],
  ['a public one behind a private one', ['127.0.0.1', '1.1.1.1']],
  ['one that is mapped', ['1.1.1.1', '::ffff:127.0.0.1']],
  ['garbage', ['1.1.1.1', 'x']],
])('a name that has %s is not connected to', (_what, addresses) => {
  expect(choose(target('https://a.example/'), addresses)).toMatchObject({ ok: false })
})

test('a host that is exempt may have any address, and plain HTTP only one of this machine', () => {
  expect(choose(target('https://a.intern/', ['a.intern']), ['10.0.0.1'])).toEqual({ ok: true, value: '10.0.0.1' })
  expect(choose(target('http://a.intern/', ['a.intern']), ['127.0.0.1', '::1'])).toEqual({
    ok: true,
    value: '127.0.0.1',
  })
  for (const other of [['10.0.0.1'], ['127.0.0.1', '10.0.0.1'], ['1.1.1.1'], ['::ffff:10.0.0.1']]) {
    expect(choose(target('http://a.intern/', ['a.intern']), other)).toMatchObject({ ok: false })
  }
})
