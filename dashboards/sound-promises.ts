import { promiseFaults } from '../alerts/promise-faults.ts'

// Evaluated before any dashboard is: a promise that cannot be watched is told as such, and not by what it breaks there.
const faults = promiseFaults()
if (faults.length > 0) throw new Error(faults.join('\n'))
