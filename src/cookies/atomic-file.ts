/** A file written so that a reader, also after a power cut, has the old content or the new one, never a part. */

import { randomBytes } from 'node:crypto'
import { open, readlink, realpath, rename, unlink } from 'node:fs/promises'
import path from 'node:path'

/**
 * Writes a file beside the one that is there, and puts it in its place once it is on the disk. Nobody but its owner may read it:
 * cookies are credentials. A symbolic link stays, and what it leads to is written.
 * @throws what the file system throws; the file is what it was then
 */
export async function writeAtomically(file: string, text: string | Uint8Array): Promise<void> {
  const target = await targetOf(file)
  const folder = path.dirname(target)
  const temporary = path.join(folder, `.${path.basename(target)}.${randomBytes(6).toString('hex')}.tmp`)
  // Security: exclusive, so that nothing that lies there already is written to.
  const handle = await open(temporary, 'wx', 0o600)
  try {
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    throw error
  }
  await syncFolder(folder)
}

/**
 * Where a path leads, over symbolic links, whether a file is there already or not.
 * @throws `ELOOP` for links that lead nowhere but to each other
 */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file)
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ELOOP') throw error
  }
  const link = await readlink(file).catch(() => undefined)
  if (link === undefined) return path.resolve(file)
  return targetOf(path.resolve(await realpath(path.dirname(file)), link))
}

/** The new name is on the disk as well; some systems have no way to ask for that. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    // Windows opens no folders; the file itself is safe.
  }
}
