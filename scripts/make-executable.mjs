// Sets the execute bits on the files named on the command line: `tsc` writes plain files, and the command
// `httplib` is started through its first line when it is linked rather than installed.

import { chmodSync, existsSync } from 'node:fs'

for (const file of process.argv.slice(2)) {
  if (existsSync(file)) chmodSync(file, 0o755)
  else console.error(`make-executable: ${file} was not built`)
}
