// A layer that hedges: where a server has not answered a GET after 50 ms, it is asked again, and the first answer counts.

import { Client, type Layer, withChanges } from 'httplib-ts'

const hedge =
  (afterMs: number): Layer =>
  (next) =>
  async (request) => {
    if (request.method !== 'GET') return next(request)
    const { signal: own } = request.deadlines
    const attempts = [new AbortController(), new AbortController()] as const
    const send = async (controller: AbortController) => {
      const signal = own === undefined ? controller.signal : AbortSignal.any([own, controller.signal])
      const response = await next(withChanges(request, { deadlines: { ...request.deadlines, signal } }))
      for (const other of attempts) if (other !== controller) other.abort(new Error('another one was faster'))
      return response
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const second = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, afterMs)
    }).then(() => send(attempts[1]))
    try {
      return await Promise.any([send(attempts[0]), second])
    } finally {
      clearTimeout(timer)
    }
  }

const client = new Client({ layers: [hedge(50)], retry: false })
const startedAt = performance.now()
console.log(await client.get(`${process.argv[2] ?? 'https://example.com'}/sometimes-slow`).text())
console.log(performance.now() - startedAt < 900 ? 'in time' : 'late')
client.destroy()
