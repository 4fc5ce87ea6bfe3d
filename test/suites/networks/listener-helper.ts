// Runs in the server's namespace and opens listening sockets there for a process in the client's: a socket stays in the
// namespace that it was made in, whoever holds it. Told `{host, port}`, it answers with the listening socket, and then once
// more when it has closed its own.

import net from 'node:net'

/** What the helper is asked for. */
export interface ListenRequest {
  readonly host: string
  readonly port: number
}

process.on('message', ({ host, port }: ListenRequest) => {
  const listener = net.createServer()
  listener.on('error', (error) => process.send?.({ error: error.message }))
  listener.listen({ host, port }, () => {
    process.send?.({ port: (listener.address() as net.AddressInfo).port }, listener, {}, () => {
      // The other process has its own now. Until this one is gone, the port would not be closed there.
      listener.close(() => process.send?.({}))
    })
  })
})
process.on('disconnect', () => process.exit())
