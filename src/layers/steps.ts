/**
 * Layers that let most responses through as they are: what such a layer does is a *step*. Steps that stand beside each other are taken
 * in one reaction to the answer, that of what they stand around, if it can be told what follows (`core/continuation.ts`).
 */

import {
  type Continuation,
  type ContinuingHandler,
  continued,
  continuingOf,
  followAnswer,
  followError,
  handlerOf,
} from '../core/continuation.ts'
import type { Handler, Layer } from '../core/handler.ts'
import type { OutgoingRequest } from '../core/request.ts'
import type { HTTPResponse } from '../core/response.ts'

/** A request as a layer was given it, and as it has sent it on. */
export interface Passage {
  readonly given: OutgoingRequest
  readonly sent: OutgoingRequest
}

/** What a layer does with a request and its answer. */
export interface Step {
  /** The request that is sent in the place of this one; called once for each. */
  readonly before: (given: OutgoingRequest) => OutgoingRequest
  /** True for a response that is handed on as it is. */
  readonly passes: (response: HTTPResponse, sent: OutgoingRequest) => boolean
  /**
   * What is handed on in the place of a response that does not pass.
   * @param send - what the layer stands around
   */
  readonly follow: (
    send: Handler,
    passage: Passage,
    response: HTTPResponse,
  ) => HTTPResponse | Promise<HTTPResponse>
  /** What is handed on in the place of an error; undefined where that is the error. */
  readonly failed: ((send: Handler, passage: Passage, error: unknown) => Promise<HTTPResponse>) | undefined
}

const STEPS = new WeakMap<Layer, Step>()

/** The layer that takes a step. */
export function stepLayer(step: Step): Layer {
  const layer: Layer = (next) => takeSteps([step], next)
  STEPS.set(layer, step)
  return layer
}

/** Lays layers around a handler, the first outermost; steps that stand beside each other as one. */
export function compose(layers: readonly Layer[], inner: Handler): Handler {
  let handler = inner
  let steps: readonly Step[] = []
  for (const layer of layers.toReversed()) {
    const step = STEPS.get(layer)
    if (step === undefined) {
      handler = layer(takeSteps(steps, handler))
      steps = []
    } else {
      steps = [step, ...steps]
    }
  }
  return takeSteps(steps, handler)
}

/** The handler that takes steps around another one, the first outermost. */
function takeSteps(steps: readonly Step[], inner: Handler): Handler {
  if (steps.length === 0) return inner
  const row = new Steps(steps, inner)
  return handlerOf((request, after) => row.answer(request, after))
}

class Steps {
  readonly #steps: readonly Step[]
  /** By step: what it stands around. */
  readonly #inside: readonly Handler[]
  readonly #innermost: ContinuingHandler

  constructor(steps: readonly Step[], inner: Handler) {
    this.#steps = steps
    this.#inside = steps.map((_, at) => takeSteps(steps.slice(at + 1), inner))
    this.#innermost = continuingOf(inner)
  }

  answer(request: OutgoingRequest, after: Continuation | undefined): Promise<HTTPResponse> {
    const count = this.#steps.length
    let sent = request
    /** What each was given, and what the last has sent; undefined while that is one request. */
    let requests: OutgoingRequest[] | undefined
    for (let at = 0; at < count; at++) {
      const given = sent
      sent = this.#steps[at]!.before(given)
      if (requests === undefined && sent !== given) requests = Array<OutgoingRequest>(at + 1).fill(request)
      requests?.push(sent)
    }
    return this.#innermost(sent, new StepsTaken(this, requests ?? request, after))
  }

  answered(response: HTTPResponse, taken: StepsTaken): HTTPResponse | Promise<HTTPResponse> {
    return this.#handOn(this.#steps.length - 1, taken, response)
  }

  failed(error: unknown, taken: StepsTaken): HTTPResponse | Promise<HTTPResponse> {
    return this.#failFrom(this.#steps.length - 1, taken, error)
  }

  /** Hands a response on, from the step at `at` outwards. */
  #handOn(at: number, taken: StepsTaken, response: HTTPResponse): HTTPResponse | Promise<HTTPResponse> {
    let handed = response
    for (let i = at; i >= 0; i--) {
      const step = this.#steps[i]!
      const passage = passageOf(i, taken.requests)
      if (step.passes(handed, passage.sent)) continue
      let followed: HTTPResponse | Promise<HTTPResponse>
      try {
        followed = step.follow(this.#inside[i]!, passage, handed)
      } catch (error) {
        return this.#failFrom(i - 1, taken, error)
      }
      if (followed instanceof Promise) return this.#outwards(i - 1, taken, followed)
      handed = followed
    }
    return followAnswer(handed, taken.after)
  }

  #failFrom(at: number, taken: StepsTaken, error: unknown): HTTPResponse | Promise<HTTPResponse> {
    for (let i = at; i >= 0; i--) {
      const { failed } = this.#steps[i]!
      if (failed !== undefined)
        return this.#outwards(i - 1, taken, failed(this.#inside[i]!, passageOf(i, taken.requests), error))
    }
    return followError(error, taken.after)
  }

  #outwards(at: number, taken: StepsTaken, answer: Promise<HTTPResponse>): Promise<HTTPResponse> {
    if (at < 0) return continued(answer, taken.after)
    return answer.then(
      (response) => this.#handOn(at, taken, response),
      (error: unknown) => this.#failFrom(at, taken, error),
    )
  }
}

/** What the steps of one request do with its answer. */
class StepsTaken implements Continuation {
  readonly #steps: Steps
  readonly requests: OutgoingRequest | readonly OutgoingRequest[]
  /** What follows the steps. */
  readonly after: Continuation | undefined

  constructor(
    steps: Steps,
    requests: OutgoingRequest | readonly OutgoingRequest[],
    after: Continuation | undefined,
  ) {
    this.#steps = steps
    this.requests = requests
    this.after = after
  }

  answered(response: HTTPResponse): HTTPResponse | Promise<HTTPResponse> {
    return this.#steps.answered(response, this)
  }

  failed(error: unknown): HTTPResponse | Promise<HTTPResponse> {
    return this.#steps.failed(error, this)
  }
}

function passageOf(at: number, requests: OutgoingRequest | readonly OutgoingRequest[]): Passage {
  return Array.isArray(requests)
    ? { given: requests[at]!, sent: requests[at + 1]! }
    : { given: requests as OutgoingRequest, sent: requests as OutgoingRequest }
}
