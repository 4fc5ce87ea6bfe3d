/** Files of `--hsts`, in curl's format: read before the first transfer that names them, written after the last. */

import type { HstsStore } from '../../core/settings.ts'
import type { MemoryHstsStore } from '../../layers/hsts/store.ts'
import { CommandFailure, reasonOf } from '../tell/failure.ts'
import type { Options } from '../words/options.ts'

/** The stores of a run, by the name of their file; the empty one is no file. */
export class HstsFiles {
  readonly #stores: Map<string, Promise<MemoryHstsStore>> = new Map()

  /**
   * The store of an operation; undefined where nothing is remembered.
   * @throws CommandFailure of `local-read` for a file that is there and cannot be read
   */
  storeFor({ hsts: file }: Options): Promise<HstsStore> | undefined {
    if (file === undefined) return undefined
    const store = this.#stores.get(file) ?? readStore(file)
    this.#stores.set(file, store)
    return store
  }

  /** Writes them; answers what could not be written. */
  async save(): Promise<CommandFailure[]> {
    const failures: CommandFailure[] = []
    for (const [file, loading] of this.#stores) {
      // One that could not be read has failed its transfer, and is not written over.
      const store = await loading.catch(() => undefined)
      if (store === undefined || file === '') continue
      const [{ writeHstsFile }, { writeFile }] = await load()
      await writeFile(file, writeHstsFile(store.entries())).catch((cause: unknown) => {
        const why = `${file} (${reasonOf(cause)})`
        failures.push(
          new CommandFailure('local-write', 'what --hsts keeps could not be written', 'another --hsts', {
            cause,
            why,
          }),
        )
      })
    }
    return failures
  }
}

async function readStore(file: string): Promise<MemoryHstsStore> {
  const [{ readHstsFile }, { readFile }, { MemoryHstsStore }] = await load()
  const store = new MemoryHstsStore()
  if (file === '') return store
  try {
    await readHstsFile(await readFile(file, 'utf8'), store)
  } catch (cause) {
    // It is made at the end.
    if (reasonOf(cause) !== 'ENOENT') {
      const why = `${file} (${reasonOf(cause)})`
      throw new CommandFailure('local-read', 'the file of --hsts could not be read', 'another --hsts', {
        cause,
        why,
      })
    }
  }
  return store
}

function load() {
  return Promise.all([
    import('../../layers/hsts/file.ts'),
    import('node:fs/promises'),
    import('../../layers/hsts/store.ts'),
  ])
}
