/** The gRPC status of an error; undefined where it has none. https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
export function statusOf(error: unknown): number | undefined {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "number" ? code : undefined;
}
