import type { Case } from '../case.ts'
import { bookingCases } from './bookings.ts'
import { housekeepingCases } from './housekeeping.ts'
import { paymentCases } from './payments.ts'

export const reservationCases: readonly Case[] = [...bookingCases, ...paymentCases, ...housekeepingCases]
