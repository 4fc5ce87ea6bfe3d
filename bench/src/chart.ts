/**
 * What both charts are drawn with: scales, ticks, labels, and elements of SVG. Readable in a light and in a dark page.
 * Pure.
 */

/** Maps values to pixels. */
export interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** From 0 to at least `max`, in steps of 1, 2 or 5 times a power of ten of the unit. */
export function linearScale(max: number, pixels: readonly [number, number], unit = 1, wanted = 4): Scale {
  const rough = (max > 0 ? max : unit) / unit / wanted
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)! * unit
  const count = Math.ceil(max / step - 1e-9)
  const top = step * Math.max(1, count)
  const ticks = Array.from({ length: Math.max(1, count) + 1 }, (_, index) => step * index)
  return { at: (value) => pixels[0] + (value / top) * (pixels[1] - pixels[0]), ticks }
}

/** Logarithmic from `min` to `max`, both above 0; ticks at powers of `base`, thinned out to at most `wanted`. */
export function logScale(
  [min, max]: readonly [number, number],
  pixels: readonly [number, number],
  base = 10,
  wanted = 7,
): Scale {
  const log = (value: number): number => Math.log(value) / Math.log(base)
  const from = Math.floor(log(min) + 1e-9)
  const to = Math.max(from + 1, Math.ceil(log(max) - 1e-9))
  const every = Math.max(1, Math.ceil((to - from + 1) / wanted))
  const ticks: number[] = []
  for (let power = from; power <= to; power += every) ticks.push(base ** power)
  const at = (value: number): number =>
    pixels[0] + ((log(value) - from) / (to - from)) * (pixels[1] - pixels[0])
  return { at, ticks }
}

const COUNT_UNITS: readonly [number, string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
]
const BYTE_UNITS: readonly [number, string][] = [
  [2 ** 30, ' GiB'],
  [2 ** 20, ' MiB'],
  [2 ** 10, ' KiB'],
  [1, ' B'],
]
const TIME_UNITS: readonly [number, string][] = [
  [1e6, ' s'],
  [1e3, ' ms'],
  [1, ' µs'],
]

/** Three significant digits at most, in the largest unit that fits. */
function inUnits(value: number, units: readonly [number, string][]): string {
  const [size, unit] = units.find(([size]) => Math.abs(value) >= size * 0.9995) ?? [
    1,
    units === COUNT_UNITS ? '' : units.at(-1)![1],
  ]
  const number = value / size
  return `${Math.abs(number) >= 100 ? Math.round(number) : Number(number.toPrecision(3))}${unit}`
}

export const formatCount = (value: number): string => inUnits(value, COUNT_UNITS)
export const formatBytes = (value: number): string => inUnits(value, BYTE_UNITS)
export const formatMicros = (value: number): string => inUnits(value, TIME_UNITS)

/** Attributes by their names; numbers are cut to a tenth of a pixel. */
export type Attributes = Readonly<Record<string, string | number | undefined>>

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === 'number' ? Number(value.toFixed(1)) : escapeXml(value!)}"`,
    )
    .join('')
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeXml(text))
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

type Scheme = 'light' | 'dark'

/** The colour of each part, on a light and on a dark page. */
const COLOURS: Readonly<Record<string, Readonly<Record<Scheme, string>>>> = {
  '.page': { light: 'fill: #ffffff', dark: 'fill: #0d1117' },
  text: { light: 'fill: #1f2328', dark: 'fill: #e6edf3' },
  '.dim': { light: 'fill: #59636e', dark: 'fill: #9198a1' },
  '.grid': { light: 'stroke: #d8dee4', dark: 'stroke: #2f353d' },
  '.work': { light: 'stroke: #1f2328', dark: 'stroke: #e6edf3' },
  '.bar': { light: 'fill: #a4b0bd', dark: 'fill: #59636e' },
  '.ours, .dot-connection, .dot-connection-into': { light: 'fill: #0969da', dark: 'fill: #4493f8' },
  '.line-connection, .line-connection-into': { light: 'stroke: #0969da', dark: 'stroke: #4493f8' },
  '.dot-undici-request': { light: 'fill: #bc4c00', dark: 'fill: #f0883e' },
  '.line-undici-request': { light: 'stroke: #bc4c00', dark: 'stroke: #f0883e' },
  '.dot-ceiling': { light: 'fill: #8b949e', dark: 'fill: #8b949e' },
  '.line-ceiling, .ceiling': { light: 'stroke: #8b949e', dark: 'stroke: #8b949e' },
}

const SHAPES = `
  text { font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif }
  .title { font-size: 13px; font-weight: 600 } .dim { font-size: 11px }
  .line, .ceiling, .work { fill: none } .line { stroke-width: 2 }
  .ceiling, .line-connection-into, .line-ceiling { stroke-dasharray: 5 4 } .work { stroke-width: 1.5; stroke-dasharray: 2 3 }`

function coloursOf(scheme: Scheme): string {
  return Object.entries(COLOURS)
    .map(([selector, colour]) => `${selector} { ${colour[scheme]} }`)
    .join(' ')
}

/** A whole picture; `title` is what a screen reader says. */
export function picture(width: number, height: number, title: string, content: readonly string[]): string {
  const dark = `@media (prefers-color-scheme: dark) { ${coloursOf('dark')} }`
  const style = `<style>${SHAPES}\n  ${coloursOf('light')}\n  ${dark}\n</style>`
  const page = element('rect', { class: 'page', width, height })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">\n<title>${escapeXml(title)}</title>\n${style}\n${page}\n${content.join('\n')}\n</svg>\n`
}
