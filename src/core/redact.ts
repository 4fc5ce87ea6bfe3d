/**
 * What is a credential, and how it is shown: one place for traces, errors and the command.
 */

const CREDENTIAL_NAMES = 'authorization|proxy-authorization|cookie|set-cookie|x-api-key|api-key|x-auth-token'
/** The name of a field whose value is a credential. */
export const CREDENTIAL_FIELD: RegExp = new RegExp(`^(${CREDENTIAL_NAMES})$`, 'i')
const CREDENTIAL_LINE = new RegExp(`^((?:${CREDENTIAL_NAMES}): ?).*(?:\\r\\n[ \\t].*)*`, 'gim')
/** What is shown instead of a credential. */
export const MASK = '***'

/** Masks the values of credential fields in the text of a head, and the userinfo of an absolute target. */
export function maskCredentials(text: string): string {
  return text.replace(CREDENTIAL_LINE, `$1${MASK}`).replace(/\/\/[^/@\s]*@/g, `//${MASK}@`)
}
