// One attempt: a door, and what is handed in at it. Everything is plain data, so that a failure can be printed and played
// again: `npm run smuggle -- --attempt '{"door":…}'`.

import { type BodyRecipe, type FieldsRecipe, type Recipe, text } from './recipes.ts'

/** What can be handed over; a door takes some of them. */
export interface Parts {
  readonly method: Recipe
  readonly target: Recipe
  readonly fields: FieldsRecipe
  readonly body: BodyRecipe
  readonly trailers: FieldsRecipe
  readonly host: Recipe
  readonly port: Recipe
  readonly tunnelHost: Recipe
  readonly tunnelPort: Recipe
  readonly tunnelFields: FieldsRecipe
  /** Further arguments of Python's putheader. */
  readonly more: Recipe
  readonly version: Recipe
  /** User name and password. */
  readonly user: Recipe
  readonly agent: Recipe
}

export type Slot = keyof Parts

export interface Attempt {
  readonly door: string
  /** What differs from the harmless request. */
  readonly parts: Partial<Parts>
}

/** The harmless request. */
export const HARMLESS: Parts = {
  method: text('POST'),
  target: text('/a/b?c=d'),
  fields: { container: 'pairs', lines: [[text('X-Field'), text('one two')]] },
  body: { form: 'none', text: '' },
  trailers: { container: 'pairs', lines: [[text('X-Trailer'), text('tail')]] },
  host: text('example.test'),
  port: { form: 'number', text: '80' },
  tunnelHost: text('inner.test'),
  tunnelPort: { form: 'number', text: '443' },
  tunnelFields: { container: 'pairs', lines: [[text('Proxy-Authorization'), text('Basic bWU6aXQ=')]] },
  more: text('continued'),
  version: { form: 'number', text: '11' },
  user: text('me:it'),
  agent: text('agent/1'),
}

export function complete({ parts }: Attempt): Parts {
  return { ...HARMLESS, ...parts }
}
