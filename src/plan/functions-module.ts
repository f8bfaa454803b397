/** Under what name a Dataflow job asks its workers for the pipeline's functions; no file need be there of that name. */
export const FUNCTIONS_MODULE = "stockfeed/pipeline-functions";
