/** The names in a table, typed: `Object.keys` forgets them because a value may have more keys than its type. Ours are frozen literals. */
export const namesOf = <Table extends object>(table: Table): readonly (keyof Table & string)[] =>
  Object.keys(table) as (keyof Table & string)[]
