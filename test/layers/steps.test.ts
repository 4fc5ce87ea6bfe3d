// Steps that are taken together, beside the same steps as layers of their own, one reaction each: whatever each of them does.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { continued, continuingOf, handlerOf } from '../../src/core/continuation.ts'
import type { Handler, Layer } from '../../src/core/handler.ts'
import { type OutgoingRequest, withChanges } from '../../src/core/request.ts'
import type { HTTPResponse } from '../../src/core/response.ts'
import { compose, type Step, stepLayer } from '../../src/layers/steps.ts'
import { answerWith, requestWith } from '../support/layer-exchange.ts'
import { checkOpenHandles } from '../support/open-handles.ts'
import { PieceBody } from '../support/piece-body.ts'

checkOpenHandles()

const ANSWERS = ['passes', 'gives', 'promises', 'throws', 'rejects', 'sends again'] as const
const ERRORS = ['leaves', 'mends', 'rejects', 'sends again'] as const

interface Behaviour {
  readonly onAnswer: (typeof ANSWERS)[number]
  readonly onError: (typeof ERRORS)[number]
  /** Sends another request on. */
  readonly changes: boolean
}

const nameOf = (request: OutgoingRequest): string => request.target

const made = (): HTTPResponse => answerWith(new PieceBody([]), { head: { status: 299 } })
const refusing: Handler = () => Promise.reject(new Error('not called'))

/** A step that notes what it is asked, and with which requests. */
function stepOf(name: string, { onAnswer, onError, changes }: Behaviour, log: string[]): Step {
  let again = 0
  return {
    before(given) {
      log.push(`${name} before ${nameOf(given)}`)
      return changes ? withChanges(given, { target: `${nameOf(given)}${name}` }) : given
    },
    passes(response, sent) {
      log.push(`${name} passes ${response.status} ${nameOf(sent)}`)
      return onAnswer === 'passes' || response.status === 298
    },
    follow(send, { given, sent }, response) {
      log.push(`${name} follows ${response.status} ${nameOf(given)} ${nameOf(sent)}`)
      if (onAnswer === 'throws') throw new Error(`${name} threw`)
      if (onAnswer === 'rejects') return Promise.reject(new Error(`${name} rejected`))
      if (onAnswer === 'sends again') return again++ === 0 ? send(sent) : made()
      return onAnswer === 'gives' ? made() : Promise.resolve(made())
    },
    failed:
      onError === 'leaves'
        ? undefined
        : (send, { given, sent }, error) => {
            log.push(`${name} failed ${(error as Error).message} ${nameOf(given)} ${nameOf(sent)}`)
            if (onError === 'rejects') return Promise.reject(new Error(`${name} gave up`))
            return onError === 'sends again' && again++ === 0 ? send(sent) : Promise.resolve(made())
          },
  }
}

/** The plain way: a layer that waits for its answer by itself. */
function plainLayer(step: Step): Layer {
  return (next) => async (given) => {
    const sent = step.before(given)
    let response: HTTPResponse
    try {
      response = await next(sent)
    } catch (error) {
      if (step.failed === undefined) throw error
      return step.failed(next, { given, sent }, error)
    }
    return step.passes(response, sent) ? response : step.follow(next, { given, sent }, response)
  }
}

async function play(
  layerOf: (step: Step) => Layer,
  behaviours: readonly Behaviour[],
  fails: boolean,
  follows = false,
): Promise<string[]> {
  const log: string[] = []
  const plainEnd: Handler = (request) => {
    log.push(`end ${nameOf(request)}`)
    return fails
      ? Promise.reject(new Error('the end failed'))
      : Promise.resolve(answerWith(new PieceBody([]), { head: { status: 200 } }))
  }
  // An end that does itself what follows.
  const end = follows ? handlerOf((request, after) => continued(plainEnd(request), after)) : plainEnd
  const steps = behaviours.map((one, at) => layerOf(stepOf('abc'[at]!, one, log)))
  await compose(
    steps,
    end,
  )(withChanges(requestWith(undefined), { target: '/' })).then(
    (response) => log.push(`answer ${response.status}`),
    (error: unknown) => log.push(`error ${(error as Error).message}`),
  )
  return log
}

describe('steps beside each other', () => {
  const all: Behaviour[] = ANSWERS.flatMap((onAnswer) =>
    ERRORS.map((onError, at) => ({ onAnswer, onError, changes: (at + onAnswer.length) % 2 === 0 })),
  )
  for (const fails of [false, true]) {
    it(`do what they do one around the other, where the end ${fails ? 'fails' : 'answers'}`, async () => {
      for (const a of all)
        for (const b of all) {
          assert.deepEqual(await play(stepLayer, [a, b], fails), await play(plainLayer, [a, b], fails))
          const c = all[(all.indexOf(a) + 5 * all.indexOf(b)) % all.length]!
          const plain = await play(plainLayer, [a, b, c], fails)
          assert.deepEqual(await play(stepLayer, [a, b, c], fails), plain)
          assert.deepEqual(await play(stepLayer, [a, b, c], fails, true), plain)
        }
    })
  }

  it('are taken apart by a layer that is no step', async () => {
    const passing: Behaviour = { onAnswer: 'gives', onError: 'leaves', changes: true }
    const log: string[] = []
    const noting: Layer = (next) => async (request) => {
      log.push(`layer ${nameOf(request)}`)
      const response = await next(request)
      log.push(`layer ${response.status}`)
      return response
    }
    const layers = [stepLayer(stepOf('a', passing, log)), noting, stepLayer(stepOf('b', passing, log))]
    await compose(layers, (request) => {
      log.push(`end ${nameOf(request)}`)
      return Promise.resolve(answerWith(new PieceBody([]), { head: { status: 200 } }))
    })(withChanges(requestWith(undefined), { target: '/' }))
    assert.deepEqual(log, [
      'a before /',
      'layer /a',
      'b before /a',
      'end /ab',
      'b passes 200 /ab',
      'b follows 200 /a /ab',
      'layer 299',
      'a passes 299 /a',
      'a follows 299 / /a',
    ])
  })

  for (const behaviour of [
    { onAnswer: 'passes', onError: 'leaves', changes: false },
    { onAnswer: 'promises', onError: 'mends', changes: true },
    { onAnswer: 'throws', onError: 'rejects', changes: true },
  ] as const)
    it(`are followed, once, by what was said to follow: ${behaviour.onAnswer}, ${behaviour.onError}`, async () => {
      for (const fails of [false, true]) {
        const seen: string[] = []
        const end: Handler = () =>
          fails ? Promise.reject(new Error('the end failed')) : Promise.resolve(made())
        const after = {
          answered(response: HTTPResponse): HTTPResponse {
            seen.push(`answered ${response.status}`)
            return made()
          },
          failed(error: unknown): HTTPResponse {
            seen.push(`failed: ${(error as Error).message}`)
            return made()
          },
        }
        const chain = (): Handler => compose([stepLayer(stepOf('a', behaviour, []))], end)
        await continuingOf(chain())(requestWith(undefined), after)
        const [outcome] = await Promise.allSettled([chain()(requestWith(undefined))])
        const plain =
          outcome.status === 'fulfilled'
            ? `answered ${outcome.value.status}`
            : `failed: ${(outcome.reason as Error).message}`
        assert.deepEqual(seen, [plain])
      }
    })

  it('leave a handler alone where there are none', () => {
    assert.equal(compose([], refusing), refusing)
  })
})
