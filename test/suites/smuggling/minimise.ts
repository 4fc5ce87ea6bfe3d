// Makes a failing attempt as simple as it can be: parts that are not needed go, lists and texts become shorter, containers
// and forms plain, as long as something is still wrong.

import type { Attempt, Parts, Slot } from './attempt.ts'
import type { FieldsRecipe, Recipe } from './recipes.ts'

/** How many attempts one minimisation may cost. */
const MAX_TRIES = 600

/** The simplest attempt found that still fails. */
export async function minimise(
  failing: Attempt,
  fails: (attempt: Attempt) => Promise<boolean>,
): Promise<Attempt> {
  let best = failing
  let tries = 0
  for (let isSimpler = true; isSimpler; ) {
    isSimpler = false
    for (const candidate of simpler(best)) {
      if (tries++ >= MAX_TRIES) return best
      if (!(await fails(candidate))) continue
      best = candidate
      isSimpler = true
      break
    }
  }
  return best
}

function* simpler({ door, parts }: Attempt): Generator<Attempt> {
  const slots = Object.keys(parts) as Slot[]
  for (const slot of slots) {
    const { [slot]: _, ...rest } = parts
    yield { door, parts: rest }
  }
  for (const slot of slots) {
    for (const part of simplerPart(parts[slot]!)) yield { door, parts: { ...parts, [slot]: part } }
  }
}

function* simplerPart(part: Parts[Slot]): Generator<Parts[Slot]> {
  if ('lines' in part) yield* simplerFields(part)
  else if ('text' in part) {
    for (const shorter of simplerText(part.text)) yield { ...part, text: shorter }
    if (part.form === 'boxed' || part.form === 'turncoat') yield { form: 'text', text: part.text }
  }
}

function* simplerFields({ container, lines }: FieldsRecipe): Generator<FieldsRecipe> {
  if (container !== 'pairs') yield { container: 'pairs', lines }
  for (const index of lines.keys()) yield { container, lines: lines.toSpliced(index, 1) }
  for (const [index, [name, value]] of lines.entries()) {
    for (const part of simplerPart(name))
      yield { container, lines: lines.with(index, [part as Recipe, value]) }
    for (const part of simplerPart(value))
      yield { container, lines: lines.with(index, [name, part as Recipe]) }
  }
}

/** Without a stretch, the longest first. */
function* simplerText(text: string): Generator<string> {
  for (let length = text.length; length > 0; length >>= 1) {
    for (let at = 0; at < text.length; at += length) yield text.slice(0, at) + text.slice(at + length)
  }
}
