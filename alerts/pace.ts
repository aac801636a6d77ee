/** How often rules are evaluated that are too dear for every scrape: what they cost at a thousand targets is in docs/scale.md. */

/** What looks back for hours, or at every statement, table or route. */
export const unhurried = '1m'

/**
 * What adds up a day or more of every series. No group may be slower: Prometheus looks for a value in the last five minutes, and
 * an alert that was evaluated longer ago would be gone for a moment, to the ladder that calls people as well.
 */
export const seldom = '4m'
