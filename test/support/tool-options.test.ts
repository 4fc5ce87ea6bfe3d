import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOpenHandles } from './open-handles.ts'
import { parseTool, type ToolStart, type ToolTable } from './tool-options.ts'

checkOpenHandles()

const TABLE = {
  runs: { takes: 'number', least: 1, default: 1_000, help: 'how often' },
  seed: { takes: 'number', help: 'where to begin' },
  only: {
    takes: 'text',
    default: '',
    shown: 'WORDS',
    form: [/^[\w ]*$/, 'words'],
    help: 'what',
  },
  loopback: { help: 'where' },
} as const

const start = (...args: string[]): ToolStart<typeof TABLE> => parseTool('npm run it', TABLE, args, true)

describe('the options of a tool', () => {
  it('have their defaults, and are numbers, texts and switches', () => {
    assert.deepEqual(start(), {
      kind: 'run',
      values: { runs: 1_000, seed: undefined, only: '', loopback: false },
      words: [],
    })
    assert.deepEqual(start('--runs', '7', '--seed=0', 'a word', '--only', 'x', '--loopback'), {
      kind: 'run',
      values: { runs: 7, seed: 0, only: 'x', loopback: true },
      words: ['a word'],
    })
  })

  it('are explained, with their defaults, on demand', () => {
    const help = [
      'npm run it',
      '',
      '  --runs N      how often [1000]',
      '  --seed N      where to begin',
      '  --only WORDS  what',
      '  --loopback    where',
    ].join('\n')
    assert.deepEqual(start('--runs', 'x', '--help'), { kind: 'end', text: help, code: 0 })
    assert.deepEqual(start('-h'), { kind: 'end', text: help, code: 0 })
  })

  it('that are not in the table, or have a value that is none, are refused with the table', () => {
    const wrong: [string[], RegExp][] = [
      [['--rums', '1'], /^Unknown option '--rums'/],
      [['--runs', '-1'], /--runs/],
      [['--runs', '1.5'], /^--runs takes a whole number from 1, not 1\.5\n/],
      [['--runs', '0'], /^--runs takes a whole number from 1, not 0\n/],
      [['--runs'], /--runs/],
      [['--only', '1-2'], /^--only takes words, not 1-2\n/],
      [['--loopback=1'], /--loopback/],
    ]
    for (const [args, message] of wrong) {
      const end = start(...args)
      assert.ok(end.kind === 'end' && end.code === 2, args.join(' '))
      assert.match(end.text, message)
      assert.match(end.text, /\n\nnpm run it\n\n {2}--runs N/)
    }
  })

  it('may be none', () => {
    const none: ToolTable = {}
    assert.deepEqual(parseTool('npm run it', none, ['a'], true), { kind: 'run', values: {}, words: ['a'] })
    const refused = parseTool('npm run it', none, ['a'])
    assert.ok(refused.kind === 'end' && refused.code === 2 && /'a'/.test(refused.text))
  })
})
