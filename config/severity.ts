/** The handbook's four support severities (SLA), the most urgent first. `config/sla.ts` says what each means and promises. */
export type SeverityName = 'critical' | 'high' | 'medium' | 'low'
