/** Text in the width of a terminal. */

/** A text in lines of at most so many characters, cut at blanks; a fingerprint that is longer, after a colon. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap((one) => cutLong(one, width))) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

function cutLong(word: string, width: number): string[] {
  if (word.length <= width) return [word]
  const at = word.lastIndexOf(':', width - 1) + 1
  return at === 0 ? [word] : [word.slice(0, at), ...cutLong(word.slice(at), width)]
}
