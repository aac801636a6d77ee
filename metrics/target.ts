/** The labels that tell one target from another: `sum(x, target)` is a number for each server. */
export const target = ['job', 'instance'] as const
