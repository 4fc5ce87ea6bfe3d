/** What options make of a URL before it is read: its query, and which schemes it may have. Pure. */

/** The query at the end of the URL, before its fragment. */
export function withQuery(url: string, query: string): string {
  if (query === '') return url
  const [, before = '', fragment = ''] = /^([^#]*)(#.*)?$/s.exec(url) ?? []
  const joint = before.includes('?')
    ? /[?&]$/.test(before)
      ? ''
      : '&'
    : /^(?:[a-z][\w+.-]*:\/{1,3})?[^/]*$/i.test(before)
      ? '/?'
      : '?'
  return `${before}${joint}${query}${fragment}`
}

/** `=https` allows it alone; `https` and `+https` add it to what is allowed anyway, `-http` takes away. As in curl. */
export function allowedSchemes(
  text: string | undefined,
  before: readonly string[] = ['http', 'https'],
): readonly string[] {
  if (text === undefined) return before
  let allowed = [...before]
  for (const word of text.split(',')) {
    const [, sign = '', name = ''] = /^([=+-]?)(\w+)$/.exec(word.trim().toLowerCase()) ?? []
    const names = name === 'all' ? ['http', 'https'] : [name]
    if (sign === '-') allowed = allowed.filter((one) => !names.includes(one))
    else allowed = sign === '=' ? names : [...allowed, ...names]
  }
  return allowed
}
