/** Milliseconds of Unix time as people, programs and PostgreSQL read them. */
export const moment = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : new Date(milliseconds).toISOString()
