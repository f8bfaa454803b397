/**
 * Which version of its graph a Dataflow job of each template runs. It is in the hash of a job's spec, so that an operator
 * whose graph is another updates the jobs that run: raise it with every change of what `src/pipeline` builds.
 */
export const GRAPH_VERSIONS = { TypeScript: 1, BeamYaml: 1 } as const;
