// HTML and XML in lines, on a terminal. What is said must stay what it was: blanks come and go where they say nothing, and nothing
// else does.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeColors } from '../../src/cli/show/colors.ts'
import { foldMarkup } from '../../src/cli/show/fold-markup.ts'
import { PaintedBody, paintHead } from '../../src/cli/show/paint.ts'
import { answering } from '../support/canned-answer.ts'
import { runCommand } from '../support/command.ts'
import { assertLinear } from '../support/growth.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const plain = makeColors(false)
const colors = makeColors(true)
const fold = (text: string, width = 60): string => foldMarkup(text, false, plain, width)!
const foldXml = (text: string, width = 60): string => foldMarkup(text, true, plain, width)!
const squeezed = (text: string): string => text.replace(/\s+/g, '')
const lines = (...all: string[]): string => all.map((line) => `${line}\n`).join('')
const failingPainter = (): never => {
  throw new TypeError('no painter is perfect')
}

const PAGE =
  '<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>A page</title><style>p{}\n  b{}</style><script>if(a<b){c("</p>")}</script></head><body><!-- nav --><nav><ul><li><a href="/one" class="x y">One</a><li>Two</ul></nav><h1>Hello <em>you</em>!</h1><p>Some text with <b>bold</b><i>it</i> and more words, until the line is full.<br>After.<pre>  keep\n    this </pre><table><tr><td>1<td>2<tr><td>3</table><textarea>\n a  b </textarea></body></html>'

describe('HTML on a terminal', () => {
  it('has one element a line, those in it deeper, and words in the width there is', () => {
    assert.equal(
      fold(PAGE),
      lines(
        '<!DOCTYPE html>',
        '<html lang=en>',
        '<head>',
        '  <meta charset=utf-8>',
        '  <title>A page</title>',
        '  <style>p{}',
        '  b{}</style>',
        '  <script>if(a<b){c("</p>")}</script>',
        '</head>',
        '<body>',
        '  <!-- nav -->',
        '  <nav>',
        '    <ul>',
        '      <li><a href="/one" class="x y">One</a>',
        '      <li>Two',
        '    </ul>',
        '  </nav>',
        '  <h1>Hello <em>you</em>!</h1>',
        '  <p>',
        '    Some text with <b>bold</b><i>it</i> and more words,',
        '    until the line is full.<br>',
        '    After.',
        '  <pre>  keep',
        '    this </pre>',
        '  <table>',
        '    <tr>',
        '      <td>1',
        '      <td>2',
        '    <tr>',
        '      <td>3',
        '  </table>',
        '  <textarea>',
        ' a  b </textarea>',
        '</body>',
        '</html>',
      ),
    )
  })

  it('gets no blank where one would be seen', () => {
    for (const [html, shown] of [
      ['<p>a<b>b</b>c<i>d</i></p>', lines('<p>a<b>b</b>c<i>d</i></p>')],
      ['<p>a<script>x()</script>b</p>', lines('<p>a<script>x()</script>b</p>')],
      ['<span>a</span><span>b</span>', lines('<span>a</span><span>b</span>')],
      ['<label>a<select><option>1</select></label>', lines('<label>a<select> <option>1 </select></label>')],
      ['<p>a<!-- c -->b', lines('<p>a<!-- c -->b')],
      ['a<pre>\n b</pre>c', lines('a', '<pre>', ' b</pre>', 'c')],
      ['<b>a<textarea>  x\n</textarea>b</b>', lines('<b>a<textarea>  x', '</textarea>b</b>')],
    ])
      assert.equal(fold(html!), shown, html)
  })

  it('parts long tags between their attributes, and never a value', () => {
    assert.equal(
      fold('<p><img src=a.png alt="a  picture > that has words" width=100 height=100 hidden></p>', 40),
      lines(
        '<p>',
        '  <img src=a.png',
        '    alt="a  picture > that has words"',
        '    width=100 height=100 hidden>',
        '</p>',
      ),
    )
  })

  it('breaks around what is blocks alone, and in drawings', () => {
    assert.equal(fold('<a href=x><div>a</div></a>'), lines('<a href=x>', '  <div>a</div>', '</a>'))
    assert.equal(
      fold('<svg><path d="M0 0"/><g><circle r=1 /></g><text>a<tspan>b</tspan></text></svg>b', 30),
      lines('<svg> <path d="M0 0"/> <g>', '<circle r=1 /> </g>', '<text>a<tspan>b</tspan></text>', '</svg>b'),
    )
  })

  it('ends what has no end tag where HTML ends it', () => {
    assert.equal(
      fold('<p>a<p>b<div>c</div></i><dl><dt>d<dd>e</dl>'),
      lines('<p>a', '<p>b', '<div>c</div>', '</i>', '<dl>', '  <dt>d', '  <dd>e', '</dl>'),
    )
  })

  it('has every character of it, whatever it is', () => {
    const pieces = [
      '<p>',
      '</p>',
      '<b a="x y">',
      '</b>',
      'a < b ',
      '<!-- <p> -->',
      '<br/>',
      '<li>',
      '&amp;',
      '</x>',
      '<td>',
      '\n ',
    ]
    for (let seed = 1; seed < 400; seed++) {
      let state = seed
      const html = Array.from({ length: 20 }, () => {
        state = (state * 48_271) % 2_147_483_647
        return pieces[state % pieces.length]
      }).join('')
      assert.equal(squeezed(fold(html, 30)), squeezed(html), html)
      assert.equal(fold(fold(html, 30), 30), fold(html, 30), html)
    }
  })

  it('is written as it came where a tag does not end, or where it is deeper than anybody reads', () => {
    for (const html of ['<p', '<p a="b>', '<p <b>', '<!-- a', '<script>a', '<pre>a</pre', '<i>'.repeat(300)])
      assert.equal(foldMarkup(html, false, plain, 80), undefined, html.slice(0, 20))
    assert.equal(foldMarkup(`${'<div>'.repeat(190)}${'<p>a'.repeat(100_000)}`, false, plain, 80), undefined)
  })

  it('is folded in linear time', () => {
    for (const piece of [
      '<p>',
      '<b>x</b>',
      '<a b="c">',
      '<!-- x -->',
      '<script></script>',
      '<li>a',
      'x ',
      'x',
      '<br>',
      '</b>',
      '</p>',
      '<x y = z>',
    ])
      assertLinear(
        `HTML of ${piece}`,
        (n) => `<div>${piece.repeat(n)}`,
        (text) => foldMarkup(text, false, colors, 80),
        2_000,
      )
    assertLinear(
      'attributes',
      (n) => `<p ${'a=b '.repeat(n)}${'c'.repeat(n)}>`,
      (text) => foldMarkup(text, false, colors, 80),
    )
    assertLinear(
      'XML',
      (n) => `<r>${'<a/>'.repeat(n)}</r>`,
      (text) => foldMarkup(text, true, colors, 80),
    )
  })

  it('has elements of any name: what every object of JavaScript has is none of a table', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf']) {
      const written = `<p><${name}>x</${name}></p>`
      assert.equal(fold(written), `${written}\n`)
      assert.equal(foldXml(written), lines('<p>', `  <${name}>x</${name}>`, '</p>'))
    }
  })

  it('is written as it came where its painter fails', async () => {
    const written: Uint8Array[] = []
    const sink = {
      write: async (bytes: Uint8Array): Promise<void> => {
        written.push(bytes)
      },
      end: async (): Promise<void> => {},
    }
    const body = new PaintedBody(sink, failingPainter, plain, 80)
    for (const piece of ['<p>', 'a\x1b</p>']) await body.write(Buffer.from(piece))
    await body.end()
    assert.equal(Buffer.concat(written).toString(), '<p>a\x1b</p>')
  })

  it('is as wide as most on a terminal without a size, which says 0', async () => {
    const html = `<p>${'word '.repeat(40)}</p>`
    const head = `Content-Type: text/html\r\nX-Long: ${'more '.repeat(40)}\r\nContent-Length: ${html.length}`
    await using server = await answering(Buffer.from(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${html}`))
    const words = ['-i', `http://127.0.0.1:${server.port}/`]
    const [none, usual] = [await runCommand(words, { columns: 0 }), await runCommand(words, { columns: 80 })]
    assert.equal(none.stdout.toString(), usual.stdout.toString())
    assert.ok(usual.stdout.toString().split('\n').length < 15)
  })

  it('is folded and coloured by the command, and raw in a pipe', async () => {
    const html = '<div><p>a</p><p class="x">b</p></div>'
    const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${html.length}\r\n\r\n${html}`
    await using server = await answering(Buffer.from(answer))
    const url = `http://127.0.0.1:${server.port}/`
    const shown = (await runCommand([url], { columns: 80 })).stdout.toString()
    assert.match(shown, /\x1b\[33mclass\x1b\[39m=\x1b\[32m"x"\x1b\[39m/)
    assert.equal(
      shown.replace(/\x1b\[\d+m/g, ''),
      lines('<div>', '  <p>a</p>', '  <p class="x">b</p>', '</div>'),
    )
    for (const [words, columns] of [
      [['--plain'], 80],
      [[], undefined],
    ] as const)
      assert.equal(
        (await runCommand([...words, url], columns === undefined ? {} : { columns })).stdout.toString(),
        html,
      )
  })
})

describe('XML on a terminal', () => {
  it('has a line for each element in one that has no text, and is else kept', () => {
    assert.equal(
      foldXml(
        '<?xml version="1.0"?><r><a x="1"/><B><c>t  <d/>u</c></B><e xml:space="preserve"><f> </f></e><![CDATA[ x ]]></r>',
        100,
      ),
      lines(
        '<?xml version="1.0"?>',
        '<r><a x="1"/><B><c>t  <d/>u</c></B><e xml:space="preserve"><f> </f></e><![CDATA[ x ]]></r>',
      ),
    )
    assert.equal(
      foldXml('<r><a x="1"/><B><c>t  <d/>u</c></B></r>'),
      lines('<r>', '  <a x="1"/>', '  <B>', '    <c>t  <d/>u</c>', '  </B>', '</r>'),
    )
  })
})

describe('a long field on a terminal', () => {
  it('goes on below, at a blank, with its words as they are', () => {
    const head = `HTTP/1.1 200 OK\r\nSet-Cookie: a=${'b'.repeat(20)}; Path=/; HttpOnly; SameSite=Lax\r\nA: b\r\n\r\n`
    assert.equal(
      paintHead(head, plain, 40),
      `HTTP/1.1 200 OK\r\nSet-Cookie: a=${'b'.repeat(20)};\r\n    Path=/; HttpOnly; SameSite=Lax\r\nA: b\r\n\r\n`,
    )
    assert.equal(paintHead(head, plain), head)
    assert.match(paintHead(head, colors, 40), /\x1b\[36mSet-Cookie\x1b\[39m: a=/)
  })
})
