/** A mutant that no input can tell from its alert. */
export interface Equivalent {
  /** The alert's id. */
  readonly alert: string
  /** The mutant's name. */
  readonly mutant: string
  readonly why: string
}
