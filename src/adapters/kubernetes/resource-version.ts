/**
 * Whether a resource version is newer than another: they are whole numbers that grow with every write of the server's
 * store, compared as such. False where either is no number, as older or foreign servers may have them.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export function isNewer(version: string | undefined, than: string | undefined): boolean {
  if (version === undefined || than === undefined || !isNumber(version) || !isNumber(than)) return false;
  return version.length === than.length ? version > than : version.length > than.length;
}

function isNumber(version: string): boolean {
  return /^(?:0|[1-9][0-9]*)$/.test(version);
}
