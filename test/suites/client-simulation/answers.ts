// What a server makes of a request: a plan of the connection's simulation, and besides what only a client sees: redirects,
// statuses after which a request is sent again, and connections that the server says it will keep for so long.

import type { Choices } from '../simulation/choices.ts'
import { makePlan, type Plan } from '../simulation/plan.ts'
import type { Ask, Redirect } from './ask.ts'

/** What an answer is. */
export interface Meant {
  readonly plan: Plan
  readonly redirect: Redirect | undefined
  readonly keepAliveMs: number | undefined
}

const REDIRECTS = [302, 301, 303, 307, 308] as const
const TRY_LATER = [503, 429, 500, 502, 504, 408, 413, 425, 421] as const
const RETRY_AFTER = [undefined, '0', '1', '3', '120', 'nonsense'] as const

/** The answer to a request, by choice. */
export function chooseAnswer(
  choices: Choices,
  facts: {
    /** The number of the answer. */
    readonly id: number
    readonly ask: Ask
    readonly method: string
    readonly hop: number
    readonly isPlain: boolean
    /** Scheme and authority of this server, and of all. */
    readonly origin: string
    readonly origins: readonly string[]
  },
): Meant {
  const { id, method, isPlain } = facts
  const plan = makePlan(choices, { id, method, isUpgrade: false, isPlain })
  const roll = choices.pick(100)
  if (isPlain || plan.damage !== undefined || plan.hugeLength !== undefined)
    return { plan: isPlain ? { ...plan, status: plan.status < 400 ? plan.status : 200 } : plan, ...NOTHING }
  if (roll >= 82) return redirect(choices, plan, facts)
  if (roll >= 72) {
    const after = choices.oneOf(RETRY_AFTER)
    const fields = after === undefined ? [] : [['Retry-After', after] as const]
    return { plan: withBody(plan, method, choices.oneOf(TRY_LATER), fields), ...NOTHING }
  }
  if (roll < 64) return { plan, ...NOTHING }
  const seconds = choices.oneOf([1, 2, 5])
  const fields = [...plan.fields, ['Keep-Alive', `timeout=${seconds}`] as const]
  return {
    plan: { ...plan, fields, idleMs: seconds * 1_000 },
    redirect: undefined,
    keepAliveMs: seconds * 1_000,
  }
}

const NOTHING = { redirect: undefined, keepAliveMs: undefined } as const

function redirect(choices: Choices, plan: Plan, facts: Parameters<typeof chooseAnswer>[1]): Meant {
  const { ask, hop, method, origins, origin } = facts
  const status = choices.oneOf(REDIRECTS)
  const to = choices.oneOf([origin, ...origins])
  const path = `/r/${ask.id}/${hop + 1}?q=QU3RY`
  const location = choices.oneOf([
    `${to}${path}`,
    path,
    `${hop + 1}#part`,
    '',
    to.slice('http:'.length) + path,
    to.replace('//', '//mallory:L0C4TION@') + path,
  ])
  const isAbsolute = location.includes('//')
  return {
    plan: withBody(plan, method, status, [['Location', location]]),
    redirect: {
      hop: location === '' ? hop : hop + 1,
      origin: isAbsolute ? to : origin,
      hasUserinfo: location.includes('@'),
    },
    keepAliveMs: undefined,
  }
}

/** The plan with a status that always may have a body. */
function withBody(
  plan: Plan,
  method: string,
  status: number,
  fields: readonly (readonly [string, string])[],
): Plan {
  const framing = plan.framing === 'none' && method !== 'HEAD' ? 'length' : plan.framing
  return { ...plan, status, framing, fields: [...plan.fields, ...fields] }
}
