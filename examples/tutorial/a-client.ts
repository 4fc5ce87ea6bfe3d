// A client of one's own: what all requests have in common is said once.

import { Client } from 'httplib-ts'

interface Todo {
  readonly id: number
  readonly title: string
  readonly done: boolean
}

const api = new Client({
  baseUrl: `${process.argv[2] ?? 'https://api.example.com'}/`, // ends in a slash: paths are joined to it
  headers: { Authorization: 'Bearer secret' },
})

const first = await api.get('todos/1').json<Todo>()
console.log(first.title)

const open = await api.get('todos', { query: { done: false, limit: 2 } }).json<Todo[]>()
console.log(open.map(({ id }) => id))

const made = await api.post('todos', { json: { title: 'Read the tutorial' } }).json<Todo>()
console.log(made.id, made.title)

await api.close() // waits for what is under way
