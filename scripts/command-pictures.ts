// Makes the pictures of docs/command.md: what the command shows on a terminal of 80 columns, as SVG with the text in it, light and
// dark. Run after a change of what is shown: `npm run build:test && node build/scripts/command-pictures.js`.

import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { runCommand } from '../test/support/command.ts'
import { CommandPeer } from '../test/support/command-peer.ts'
import { repositoryPath } from '../test/support/repository.ts'
import { certificatePath, expired } from '../test/support/tls-fixture.ts'

const COLUMNS = 80
const CELL = { width: 8.4, height: 19 }
const MARGIN = 14
const MENU = {
  name: 'Lovely spam',
  price: 4.5,
  vegetarian: false,
  dishes: ['egg and spam', 'egg, bacon and spam', 'spam, egg, sausage and spam'],
  chef: null,
}

/** As servers send it: in one line. */
const PAGE =
  '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Menu</title><script>if (a<b) show("spam")</script></head><body><!-- of today --><h1>The <em>menu</em></h1><ul><li><a href="/egg" class="dish">Egg and spam</a><li>Spam, egg, sausage and spam</ul><p>Everything comes with spam, but for the dish that comes with spam, spam, spam, egg and spam.</p><pre>egg   4.50\nspam  4.20</pre></body></html>'

/** The colours of the eight that a terminal has, on white and on black. */
const PALETTE: Readonly<Record<number, readonly [name: string, light: string, dark: string]>> = {
  31: ['red', '#c0262d', '#ff7b80'],
  32: ['green', '#2a7d3f', '#7bd88f'],
  33: ['yellow', '#8f6400', '#e9c46a'],
  34: ['blue', '#2457c5', '#82aaff'],
  35: ['magenta', '#8a3fa0', '#d3a4f0'],
  36: ['cyan', '#0f7a86', '#6fd3de'],
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** A line with its codes as spans. */
function spansOf(line: string): string {
  const classes = new Set<string>()
  let spans = ''
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    const code = Number(/^\u001b\[(\d+)m$/.exec(part)?.[1] ?? Number.NaN)
    if (Number.isNaN(code)) {
      if (part !== '')
        spans +=
          classes.size === 0
            ? escape(part)
            : `<tspan class="${[...classes].join(' ')}">${escape(part)}</tspan>`
    } else if (code === 1 || code === 2) classes.add(code === 1 ? 'bold' : 'dim')
    else if (code === 22) {
      classes.delete('bold')
      classes.delete('dim')
    } else {
      for (const [name] of Object.values(PALETTE)) classes.delete(name)
      const color = PALETTE[code]
      if (color !== undefined) classes.add(color[0])
    }
  }
  return spans
}

function draw(prompt: string, output: string): string {
  const lines = [
    `\u001b[2m$\u001b[22m \u001b[1m${prompt}\u001b[22m`,
    ...output.replace(/\r/g, '').trimEnd().split('\n'),
  ]
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN)
  const height = Math.ceil(lines.length * CELL.height + 2 * MARGIN)
  const rules = Object.values(PALETTE)
  const text = lines
    .map((line, i) => `<text x="${MARGIN}" y="${MARGIN + CELL.height * i + 14}">${spansOf(line)}</text>`)
    .join('\n')
  return `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>
rect { fill: #fbfbfa; stroke: #d9dce0 } text { fill: #1d2127; font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }
.bold { font-weight: 700 } .dim { opacity: .7 } ${rules.map(([name, light]) => `.${name} { fill: ${light} }`).join(' ')}
@media (prefers-color-scheme: dark) { rect { fill: #15171b; stroke: #30353c } text { fill: #e3e6ea } ${rules.map(([name, , dark]) => `.${name} { fill: ${dark} }`).join(' ')} }
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8"/>
${text}
</svg>
`
}

const env = { TERM: 'xterm' }
const terminal = { env, columns: COLUMNS, errorColumns: COLUMNS }

async function picture(name: string, prompt: string, text: string): Promise<void> {
  writeFileSync(repositoryPath('docs', 'images', `command-${name}.svg`), draw(prompt, text))
}

const peer = await CommandPeer.start()
peer.serve('menu', 'application/json', JSON.stringify(MENU))
peer.serve('page', 'text/html; charset=utf-8', PAGE)
const at = `127.0.0.1:${peer.port}`
const shown = (text: string): string => text.replaceAll(at, 'example.com')

const json = await runCommand(['-i', `http://${at}/menu`], terminal)
await picture('json', 'httplib -i example.com/menu', shown(json.stdout.toString()))

const html = await runCommand(['-i', `http://${at}/page`], terminal)
await picture('html', 'httplib -i example.com/page', shown(html.stdout.toString()))

const timings = await runCommand(['-so', '/dev/null', '--timings', '-L', `http://${at}/chain/1`], terminal)
await picture('timings', 'httplib -so /dev/null --timings -L example.com/chain/1', shown(timings.stderr))

const server = createServer(expired).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address() as AddressInfo
const failure = await runCommand(
  ['--cacert', certificatePath('ca.crt'), `https://localhost:${port}/`],
  terminal,
)
await picture('failure', 'httplib https://localhost/', failure.stderr.replaceAll(`:${port}`, ''))
server.close()

const demo = await runCommand(['demo'], { ...terminal, env: { ...env, FORCE_COLOR: '1' } })
const text = demo.stdout.toString()
const burst = text.slice(text.indexOf('4. A hundred') - 4, text.indexOf('5. An upload') - 6)
await picture('burst', 'httplib demo', burst)
await peer[Symbol.asyncDispose]()
