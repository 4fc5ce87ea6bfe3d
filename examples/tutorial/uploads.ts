// Uploads: a file from the disk with its progress, and a form with a file in it. Neither is held in memory as a whole.

import { openAsBlob } from 'node:fs'
import { open } from 'node:fs/promises'
import { Client } from 'httplib-ts'

const [, , origin = 'https://api.example.com', path = 'film.mp4'] = process.argv
const api = new Client({ baseUrl: `${origin}/` })

const file = await open(path)
const stored = await api.put('files/film', {
  body: file,
  onProgress: ({ phase, bytes, total }) => {
    if (phase === 'upload' && bytes === total) console.log('sent', bytes, 'bytes')
  },
})
console.log(stored.status, await stored.text())
await file.close()

const form = new FormData()
form.append('title', 'A film')
form.append('film', await openAsBlob(path), 'film.mp4')
console.log(await api.post('forms', { body: form }).text())
await api.close()
