/** Puts `text` between `<!-- name -->` and `<!-- /name -->` of a page. */
export function replacePart(page: string, name: string, text: string): string {
  const { from, to } = findPart(page, name)
  return `${page.slice(0, from)}\n${text.trim()}\n${page.slice(to)}`
}

/** What stands between the markers, without the line ends around it. */
export function readPart(page: string, name: string): string {
  const { from, to } = findPart(page, name)
  return page.slice(from, to).trim()
}

function findPart(page: string, name: string): { from: number; to: number } {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const from = page.indexOf(open)
  const to = page.indexOf(close)
  if (from < 0 || to < from) throw new Error(`the markers ${open} and ${close} are missing`)
  return { from: from + open.length, to }
}
