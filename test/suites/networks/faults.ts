// All faults, in the order in which they are played.

import { ADDRESSES } from './addresses.ts'
import { CUTS } from './cuts.ts'
import { ENDS } from './ends.ts'
import type { Fault } from './fault.ts'
import { LOSSES } from './lossy.ts'
import { RESTARTS } from './restarts.ts'
import { WAITS } from './waits.ts'

export const FAULTS: readonly Fault[] = [...CUTS, ...ENDS, ...RESTARTS, ...ADDRESSES, ...WAITS, ...LOSSES]
