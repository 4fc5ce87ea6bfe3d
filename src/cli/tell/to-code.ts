/**
 * `--to`: the request as code, for fetch, undici, Python or curl. Nothing is sent. What is in it are the words of the command,
 * credentials among them: it is to be run.
 */

import { isToken } from '../../core/grammar.ts'
import type { Plan } from '../transfer/plan.ts'
import { writeCurl } from './code-curl.ts'
import { writeFetch, writeUndici } from './code-javascript.ts'
import { writePython } from './code-python.ts'
import { usageFailure } from './failure.ts'
import { recipeOf } from './recipe.ts'

/** How it is written in each language. */
const WRITERS: Readonly<Record<string, (plan: Plan) => string | Promise<string>>> = {
  fetch: async (plan) => writeFetch(await recipeOf(plan, ['insecure'])),
  undici: async (plan) => writeUndici(await recipeOf(plan, [])),
  python: async (plan) => writePython(await recipeOf(plan, [])),
  curl: writeCurl,
}

/**
 * The code.
 * @throws CommandFailure of `usage` for another language, or for what cannot be said in it
 */
export async function writeCode(language: string, plan: Plan): Promise<string> {
  if (!Object.hasOwn(WRITERS, language))
    throw usageFailure(`--to knows no ${language}`, `--to ${Object.keys(WRITERS).join(', --to ')}`)
  // What the command would not send is not written for others to send.
  if (!isToken(plan.method)) throw usageFailure('the method is not a token', 'again with a corrected -X')
  if (plan.fields.some(([name]) => !isToken(name)))
    throw usageFailure('the field name is not a token', 'again with a corrected -H')
  return WRITERS[language]!(plan)
}
