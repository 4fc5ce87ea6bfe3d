// The command: `npm run simulate:client -- --help`.

import { runSimulation } from '../simulation/command.ts'
import { run } from './run.ts'

await runSimulation({ command: 'simulate:client', url: import.meta.url, run })
