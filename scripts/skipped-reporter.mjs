// A reporter of node:test beside the one that people read: writes down which tests were skipped, and why, a line of JSON each.

/** @param {AsyncIterable<{ type: string, data: { name: string, file?: string, skip?: boolean | string } }>} events */
// oxlint-disable-next-line import/no-default-export -- node:test takes a reporter from there
export default async function* skipped(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined || data.skip === false) continue
    const why = typeof data.skip === 'string' ? data.skip : ''
    yield `${JSON.stringify({ name: data.name, file: data.file, why })}\n`
  }
}
