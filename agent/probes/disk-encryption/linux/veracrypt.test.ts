import { describe, expect, test } from 'vitest'
import { mutated } from '../../../../test/fakes/mutations.ts'
import { readVeraCryptList } from './veracrypt.ts'

const block = (device: string, mount: string, algorithm = 'AES(Twofish(Serpent))') => `Slot: 1
Volume: /home/eve/my: vault
Virtual Device: ${device}
Mount Directory: ${mount}
Size: 10.0 MiB
Type: Normal
Encryption Algorithm: ${algorithm}
Mode of Operation: XTS
`
const ONE = { mapping: 'veracrypt1', mount: '/media/vera crypt1' }

describe('readVeraCryptList', () => {
  test.each([
    { name: 'verbose', stdout: block('/dev/mapper/veracrypt1', '/media/vera crypt1'), volumes: [ONE] },
    {
      name: 'verbose, in another language',
      stdout: block('/dev/mapper/veracrypt1', '/media/vera crypt1')
        .replace('Virtual Device', 'Virtuelles Gerät')
        .replace('Mount Directory', '挂载目录')
        .replace('Encryption Algorithm', 'Verschlüsselungsalgorithmus'),
      volumes: [ONE],
    },
    {
      name: 'two of them',
      stdout: `${block('/dev/mapper/veracrypt1', '/media/vera crypt1')}\n${block('', '', 'AES')}`,
      volumes: [ONE, { mapping: null, mount: null }],
    },
    {
      name: 'brief, one not mounted',
      stdout:
        '1: /home/eve/my vault /dev/mapper/veracrypt1 /media/vera crypt1 \n2: /dev/sdb1 /dev/mapper/veracrypt2 -\n',
      volumes: [ONE, { mapping: 'veracrypt2', mount: null }],
    },
    { name: 'none', stdout: 'Error: No volumes mounted.\n', volumes: 'unreadable' },
    { name: 'nothing', stdout: '', volumes: 'unreadable' },
    { name: 'no algorithm', stdout: block('/dev/mapper/veracrypt1', '/m', 'None'), volumes: 'unreadable' },
  ])('$name', ({ stdout, volumes }) => {
    const list = readVeraCryptList(stdout)
    expect(list.kind === 'value' ? list.value : list.kind).toEqual(volumes)
  })

  test('damage never throws, and invents no volume', () => {
    for (let seed = 0; seed < 10_000; seed++) {
      const list = readVeraCryptList(mutated(block('/dev/mapper/home', '/home', 'None'), seed))
      expect(list.kind).toBe('unreadable')
    }
  })
})
