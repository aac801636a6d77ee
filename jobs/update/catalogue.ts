/** Schemas that people make. */
const ours = (oid: string) => `${oid} in (
  select oid from pg_namespace where nspname <> 'information_schema' and nspname !~ '^pg_')`
/** What an extension brought changes with the version of the extension. */
const notOfExtension = (catalog: string, oid: string) => `not exists (
  select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`
/** Partitions are left out: their table says what they are. */
const relations = `relation as (
  select c.*, format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${ours('c.relnamespace')} and not c.relispartition and ${notOfExtension('pg_class', 'c.oid')})`

/** Each gives a name, and what makes the thing what it is. */
const things: readonly string[] = [
  `select case relkind when 'v' then 'view ' when 'm' then 'materialized view ' else 'table ' end || name,
    concat_ws(' ', relkind, relpersistence, relrowsecurity, relforcerowsecurity, relreplident, pg_get_partkeydef(oid),
      case when relkind in ('v', 'm') then pg_get_viewdef(oid) end)
  from relation where relkind in ('r', 'p', 'v', 'm', 'f', 'c')`,
  `select format('column %s.%I', name, a.attname),
    concat_ws(' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attcollation,
      pg_get_expr(d.adbin, d.adrelid))
  from relation join pg_attribute a on a.attrelid = relation.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where relkind in ('r', 'p', 'v', 'm', 'f', 'c')`,
  `select format('constraint %I on %s', conname, name), concat_ws(' ', pg_get_constraintdef(c.oid), convalidated)
  from relation join pg_constraint c on c.conrelid = relation.oid`,
  `select format('constraint %I on domain %s', conname, contypid::regtype), concat_ws(' ', pg_get_constraintdef(oid), convalidated)
  from pg_constraint where contypid <> 0 and ${ours('connamespace')}`,
  `select format('index %I on %s', i.relname, name), pg_get_indexdef(x.indexrelid)
  from relation join pg_index x on x.indrelid = relation.oid and x.indisvalid
  join pg_class i on i.oid = x.indexrelid`,
  `select format('trigger %I on %s', tgname, name), concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled)
  from relation join pg_trigger t on t.tgrelid = relation.oid and not tgisinternal`,
  `select format('rule %I on %s', rulename, name), concat_ws(' ', pg_get_ruledef(r.oid), ev_enabled)
  from relation join pg_rewrite r on r.ev_class = relation.oid and rulename <> '_RETURN'`,
  `select format('policy %I on %s', polname, name), concat_ws(' ', polcmd, polpermissive, polroles::regrole[],
    pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
  from relation join pg_policy p on p.polrelid = relation.oid`,
  `select 'sequence ' || name, concat_ws(' ', seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle)
  from relation join pg_sequence s on s.seqrelid = relation.oid`,
  `select format('function %s', p.oid::regprocedure), case when prokind = 'a' then 'aggregate' else pg_get_functiondef(p.oid) end
  from pg_proc p where ${ours('pronamespace')} and ${notOfExtension('pg_proc', 'p.oid')}`,
  `select format('type %s', t.oid::regtype), concat_ws(' ', typtype, typnotnull, typdefault,
    nullif(typbasetype, 0)::regtype, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid))
  from pg_type t where typtype in ('e', 'd', 'r') and ${ours('typnamespace')} and ${notOfExtension('pg_type', 't.oid')}`,
  `select format('schema %I', nspname), '' from pg_namespace n where ${ours('n.oid')}`,
  `select format('extension %I', extname), extversion from pg_extension`,
]

/** One question, and so one moment: rows of `thing` and `digest`. */
export const catalogue = `with ${relations}
  select thing, md5(what) as digest from (${things.map((select) => `(${select})`).join('\n  union all\n')}) all_of_it (thing, what)
  order by thing`
