import { expect, test } from 'vitest'
import { onEachGateway } from './bench.ts'
import { sendRaw } from './client.ts'
import { http2 } from './conversation.ts'
import { HOSTILE_HEADERS, MARK } from './hostile.ts'
import { linesOf } from './replies.ts'
import { HOST } from './world.ts'

onEachGateway(
  'is not told by its client what only it may say',
  ({ gateway, world, door, cookie, send, sendKnown, asked, arrived, refusedWith }) => {
    test.each(HOSTILE_HEADERS.filter(({ onlyByPrefix }) => gateway.removesByPrefix || !onlyByPrefix))(
      '$name',
      async ({ name }) => {
        const lines = [`${name}: ${MARK}`, `${name.toLowerCase()}: ${MARK}`]
        expect((await sendKnown({ lines })).status).toBe(200)
        const [question] = asked()
        const [request] = arrived()
        for (const it of [question, request]) {
          expect(it?.lines.filter(([, said]) => said.includes(MARK))).toEqual([])
        }
        expect(linesOf(request, 'x-posture-status')).toEqual(['affirming'])
        expect(linesOf(request, 'x-posture-device-id')).toEqual([world().laptops.well.client.deviceId])
        refusedWith(await send({ lines }), [400, 401])
      },
    )

    test.each([
      'X-Posture-Status',
      'close, X-Posture-Device-Id, X-Posture-Status, X-Forwarded-For',
      'Muster-Gateway-Key, X-Forwarded-Host, X-Forwarded-Uri, X-Forwarded-Method',
      'Upgrade, X-Posture-Status',
      'keep-alive, Cookie',
    ])('what is to be lost on the way: "Connection: %s"', async (connection) => {
      const reply = await sendKnown({ lines: [`Connection: ${connection}`] })
      const [question] = asked()
      expect(question?.headers).toMatchObject({
        'muster-gateway-key': world().key,
        'x-forwarded-host': `${HOST}:${door().port}`,
      })
      expect(reply.status).toBe(200)
      const requests = arrived()
      expect(requests).toMatchObject([
        {
          headers: {
            'x-posture-status': 'affirming',
            'x-posture-device-id': world().laptops.well.client.deviceId,
            'x-forwarded-for': '127.0.0.1',
          },
        },
      ])
      // Nor by whatever stands between the gateway and the application.
      expect(requests[0]?.headers.connection ?? '').not.toMatch(/x-|cookie/i)
    })

    test('a protocol that would be a tunnel past it', async () => {
      const lines = [
        cookie(),
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
      ]
      expect((await send({ lines })).status).toBe(200)
      const [request] = arrived()
      expect(request?.upgrade).toBe(false)
      expect(request?.headers).not.toHaveProperty('upgrade')
      expect(request?.headers).not.toHaveProperty('http2-settings')
      const both = await send({ lines: [cookie(), 'Connection: Upgrade', 'Upgrade: websocket, h2c'] })
      expect([200, 400]).toContain(both.status)
      expect(arrived().some(({ upgrade }) => upgrade)).toBe(false)
    })

    test('another method, in a header', async () => {
      await sendKnown({ lines: ['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE'] })
      expect(asked()).toMatchObject([{ headers: { 'x-forwarded-method': 'GET' } }])
    })

    test.each([
      ['a space before the colon', `X-Posture-Status : ${MARK}`],
      ['a tab before the colon', `X-Posture-Status\t: ${MARK}`],
      ['a folded line', `X-Own: 1\r\n X-Posture-Status: ${MARK}`],
      ['a folded value', `X-Posture-Status:\r\n ${MARK}`],
      ['a bare line feed', `X-Own: 1\nX-Posture-Status: ${MARK}`],
      ['a bare carriage return', `X-Own: 1\rX-Posture-Status: ${MARK}`],
      ['a null byte', `X-Posture-Status\0: ${MARK}`],
      ['a name that begins with a space', ` X-Posture-Status: ${MARK}`],
      ['no name', `: ${MARK}`],
    ])('what only it may say, written oddly: %s', async (_how, line) => {
      const reply = await sendKnown({ lines: [line, 'Connection: close'] })
      expect([0, 200, 400, 401]).toContain(reply.status)
      for (const it of arrived()) {
        expect(it.headers['x-posture-status']).toBe('affirming')
        expect(it.lines.filter(([name]) => /^x.posture.status/.test(name))).toHaveLength(1)
      }
      for (const it of asked()) expect(Object.keys(it.headers).join()).not.toMatch(/muster-device|x.posture/)
    })

    test('anything in trailers', async () => {
      const head = `POST / HTTP/1.1\r\nHost: ${HOST}:${door().port}\r\n${cookie()}\r\nTrailer: X-Posture-Status\r\nTransfer-Encoding: chunked\r\n\r\n`
      const reply = await sendRaw(
        door(),
        `${head}1\r\na\r\n0\r\nX-Posture-Status: ${MARK}\r\nX-Posture-Foo: ${MARK}\r\n\r\n`,
      )
      for (const it of arrived()) {
        expect(gateway.passesTrailers ? [] : it.trailers).toEqual([])
        expect(it.headers['x-posture-status']).toBe('affirming')
      }
      expect([200, 400]).toContain(reply.status)
    })

    test('anything in HTTP/2', async () => {
      const spoofed = {
        'x-posture-status': MARK,
        'muster-device': MARK,
        x_posture_status: MARK,
        'x-forwarded-host': MARK,
      }
      const reply = await http2(door(), { ':path': '/', cookie: world().laptops.well.cookie, ...spoofed })
      expect(reply.status).toBe(200)
      expect(JSON.stringify([asked(), arrived()])).not.toContain(MARK)
    })
  },
)
