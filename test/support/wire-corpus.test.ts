import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkOpenHandles } from './open-handles.ts'
import { escape, parseWireFile, quote } from './wire-corpus.ts'

checkOpenHandles()

const CASE = `# Title

Prose.

## gives data

Why.

- request: GET /a HTTP/1.0; X: y; (unfinished)
- limits: maxFields=3, maxLineBytes=20
- then: EOF

\`\`\`http
A: {b\\x20*2}\\t
\\x00\\r\\
c
\`\`\`

\`\`\`events
response 200 "\\x00" framing=none
  X: \\x09y
  {A: b*2}
need-data
not reusable
\`\`\`

\`\`\`events bareLf
closed
\`\`\`
`

function change(from: string, to: string): () => unknown {
  assert.ok(CASE.includes(from))
  return () => parseWireFile('file.md', CASE.replace(from, to))
}

describe('parseWireFile', () => {
  it('reads a case whole', () => {
    const [wireCase, ...others] = parseWireFile('file.md', CASE)
    assert.deepEqual(others, [])
    assert.deepEqual(wireCase, {
      title: 'gives data',
      role: 'client',
      requests: [{ method: 'GET', target: '/a', version: 10, fields: [['X', 'y']], finished: false }],
      responses: [],
      pipelining: 1,
      limits: { maxFields: 3, maxLineBytes: 20 },
      input: Buffer.from('A: b b \t\r\n\0\rc\r\n'),
      eof: true,
      expectations: [
        {
          tolerances: [],
          log: [
            'response 200 "\\0" framing=none',
            '  X: \\ty',
            '  A: b',
            '  A: b',
            'need-data',
            'not reusable',
          ],
        },
        { tolerances: ['bareLf'], log: ['closed'] },
      ],
    })
  })

  const refused: readonly (readonly [what: string, from: string, to: string])[] = [
    ['a file without a title', '# Title', 'Title'],
    ['a case without prose', 'Why.', ''],
    ['a deeper heading', '## gives', '### gives'],
    ['an unknown option', '- then:', '- later:'],
    ['an option twice', '- then: EOF', '- then: EOF\n- then: EOF'],
    ['an unknown end', 'EOF', 'reset'],
    ['an option of the other role', '- then: EOF', '- response: 200'],
    ['an unknown role', '- then: EOF', '- role: proxy'],
    ['a request without a target', 'GET /a HTTP/1.0', 'GET'],
    ['a field without a value', 'X: y;', 'X:;'],
    ['an unknown limit', 'maxFields', 'maxThings'],
    ['a limit of nothing', 'maxFields=3', 'maxFields=0'],
    ['another block', '```http', '```text'],
    ['an unknown escape', '\\x20', '\\q'],
    ['a character that is no byte', 'A: ', 'A: €'],
    ['a raw tab', 'A: ', 'A:\t'],
    ['a blank at the end of a line', '*2}\\t', '*2} '],
    ['a brace without a number', '*2}\\t', '}\\t'],
    ['an unknown event', 'need-data', 'needs-data'],
    ['an unknown framing', 'framing=none', 'framing=some'],
    ['a field without a head', 'response 200 "\\x00" framing=none\n', ''],
    ['a log without an end', 'not reusable\n', ''],
    ['data in two pieces', '  {A: b*2}', 'data "a"\ndata "b"'],
    ['an unknown tolerance', 'events bareLf', 'events bareCr'],
    ['the same tolerances twice', 'events bareLf', 'events'],
    ['a file that ends inside a block', 'closed\n```\n', 'closed\n'],
    ['text behind a case', 'closed\n```\n', 'closed\n```\n\nMore.\n'],
    ['two cases of one title', '## gives data\n', `${CASE.slice(CASE.indexOf('## '))}\n## gives data\n`],
  ]
  for (const [what, from, to] of refused) {
    it(`refuses ${what}`, () => {
      assert.throws(change(from, to), /^SyntaxError: test\/suites\/wire\/file\.md:\d+: /)
    })
  }
})

describe('quote and escape', () => {
  it('write bytes in the notation of the corpus', () => {
    assert.equal(quote('a"\\\r\n\t\0\x01\xff{'), '"a\\"\\\\\\r\\n\\t\\0\\x01\\xff{"')
    assert.equal(escape('a b'), 'a b')
  })
})
