import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseOptions } from '../src/options.ts'

describe('the options of the command', () => {
  it('choose the full form against the raw server where nothing is said', () => {
    assert.deepEqual(parseOptions([]), {
      form: 'full',
      workloads: undefined,
      contenders: undefined,
      server: 'raw',
      write: false,
      from: undefined,
    })
  })

  it('name a form, workloads, contenders and a server', () => {
    const { form, workloads, contenders, server } = parseOptions(
      '--quick --workloads get-50,get-1 --contenders connection --server nginx'.split(' '),
    )
    assert.deepEqual(
      [form, workloads, contenders, server],
      ['quick', ['get-50', 'get-1'], ['connection'], 'nginx'],
    )
  })

  it('are refused where there is no such thing', () => {
    const wrong: [string, RegExp][] = [
      ['--quack', /--quack/],
      ['--quick --gate', /one form at a time, not quick and gate/],
      ['--server apache', /--server takes raw or nginx, not apache/],
      ['--workloads get-51', /no workload get-51; there are get-50/],
      ['--contenders me', /no contender me; there are/],
      ['a', /'a'/],
    ]
    for (const [line, message] of wrong) assert.throws(() => parseOptions(line.split(' ')), message)
  })
})
