import { expect, test } from 'vitest'
import { gatewayHost, gatewayHostProblem } from './gateway-host.ts'

test.for([
  ['wiki.example.com', 'wiki.example.com'],
  ['Wiki.Example.COM', 'wiki.example.com'],
  ['wiki.example.com:443', 'wiki.example.com'],
  ['wiki.example.com:8443', 'wiki.example.com:8443'],
  ['localhost:80', 'localhost:80'],
  ['127.0.0.1:8080', '127.0.0.1:8080'],
  ['[::1]:8080', '[::1]:8080'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
])('%s is kept as %s', ([given = '', kept]) => {
  expect([gatewayHostProblem(given), gatewayHost(given)]).toEqual([null, kept])
})

test.for([
  ['', 'is not the name'],
  [' ', 'is not the name'],
  ['https://wiki.example.com', 'scheme'],
  ['wiki.example.com/', 'path'],
  ['wiki.example.com\\@evil.example', 'path'],
  ['wiki.example.com?a', 'path'],
  ['//evil.example', 'path'],
  ['me@wiki.example.com', 'user'],
  ['*.example.com', 'wildcard'],
  ['bücher.example', 'xn--'],
  ['wiki.example.com.', 'dot'],
  ['wiki.example.com.:8443', 'dot'],
  ['wiki..example.com', 'is not the name'],
  ['-wiki.example.com', 'is not the name'],
  ['wiki.example.com:', 'port'],
  ['wiki.example.com:0', 'port'],
  ['wiki.example.com:65536', 'port'],
  ['wiki.example.com:08443', 'port'],
  ['wiki.example.com:80:81', 'is not the name'],
  ['wiki.example.com\r\nset-cookie: a=b', 'is not the name'],
  ['a'.repeat(64), 'is not the name'],
  [`${'a.'.repeat(127)}aa`, 'is not the name'],
])('%j is no host of a gateway: it %s', ([given = '', problem]) => {
  expect(gatewayHostProblem(given)).toContain(problem)
})
