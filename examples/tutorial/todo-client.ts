// All of it together: a small client of an API, with errors of its own, and a test of it without a network.

import assert from 'node:assert/strict'
import { Client, type ClientOptions, type Layer, respondWith, StatusError } from 'httplib-ts'

interface Todo {
  readonly id: number
  readonly title: string
}

class TodoNotFound extends Error {
  override readonly name = 'TodoNotFound'
}

class TodoClient {
  readonly #api: Client

  constructor(token: string, options: ClientOptions = {}) {
    this.#api = new Client({
      baseUrl: 'https://api.example.com/',
      headers: { Authorization: `Bearer ${token}` },
      timeout: { total: 30_000 },
      ...options,
    })
  }

  async get(id: number): Promise<Todo> {
    try {
      return await this.#api.get(`todos/${id}`).json<Todo>()
    } catch (error) {
      if (error instanceof StatusError && error.status === 404)
        throw new TodoNotFound(`there is no todo ${id}`, { cause: error })
      throw error
    }
  }

  async add(title: string): Promise<Todo> {
    return this.#api.post('todos', { json: { title }, retry: { idempotencyKey: true } }).json<Todo>()
  }

  close(): Promise<void> {
    return this.#api.close()
  }
}

// The test: a layer answers in place of the server, and keeps what it was asked.
const asked: string[] = []
const fake: Layer = () => async (request) => {
  asked.push(`${request.method} ${request.target}`)
  if (request.method === 'POST') return respondWith(request, { status: 201, body: '{"id":2,"title":"new"}' })
  if (request.target === '/todos/1') return respondWith(request, { body: '{"id":1,"title":"first"}' })
  return respondWith(request, { status: 404 })
}

const todos = new TodoClient('token', { layers: [fake] })
assert.equal((await todos.get(1)).title, 'first')
assert.equal((await todos.add('new')).id, 2)
await assert.rejects(todos.get(9), TodoNotFound)
assert.deepEqual(asked, ['GET /todos/1', 'POST /todos', 'GET /todos/9'])
await todos.close()
console.log('all is well')
