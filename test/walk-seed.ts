const GIVEN = "STOCKFEED_TEST_SEED";

/**
 * The seed of a file's random walks: another one at every run, told as it begins; that of STOCKFEED_TEST_SEED where it is
 * set, to walk again what has failed.
 * @param what is walked, in the plural
 */
export function walkSeed(what: string): number {
  const given = process.env[GIVEN];
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (!Number.isInteger(seed))
    throw new Error(`${GIVEN}=${given ?? ""} is no whole number. Take the one that a run has told.`);
  console.log(`${what} of seed ${seed}; the same ones again with ${GIVEN}=${seed}`);
  return seed;
}
