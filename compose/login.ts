import type { Deployment } from './deployment.ts'

/** What our programs ask for, as Prometheus and Alertmanager show it: they read the files each time, so that a rotated secret counts at once. */
export const loginOf = ({ exporterLogin: login }: Pick<Deployment, 'exporterLogin'>) => {
  if (!login) return {}
  if ('tokenFile' in login) return { authorization: { credentials_file: login.tokenFile } }
  return { basic_auth: { username: login.user, password_file: login.passwordFile } }
}
