/**
 * Whether tests are skipped for want of a real part: on a contributor's machine they are, with the reason said; under
 * CI=true the part has to be there.
 * @param reason why there is none, undefined where there is one
 * @throws Error under CI where there is none
 */
export function withoutPart(reason: string | undefined): boolean {
  if (reason === undefined) return false;
  if (process.env.CI === "true") throw new Error(reason);
  console.warn(`Skipped: ${reason}.`);
  return true;
}
