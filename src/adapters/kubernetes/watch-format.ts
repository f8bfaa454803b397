import type { KubeObject } from "../../api/kube-object.ts";
import { ApiError, errorOfStatus } from "./api-error.ts";

/** A page of a list. */
export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
}

/** An event of a watch; a bookmark's object has nothing but a resource version. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK";
  readonly object: KubeObject;
}

/** The page that an answer is. @throws ApiError where it is none */
export function pageOf(body: unknown, path: string): ListPage {
  if (!isPage(body)) throw new ApiError("Unavailable", `GET ${path}: the answer is no list.`);
  return body;
}

/** The event that a line is. @throws ApiError for an ERROR event, and for what is no event */
export function eventOf(line: string, path: string): WatchEvent {
  const event = parsed(line);
  if (typeof event === "object" && event !== null && "type" in event && "object" in event) {
    const { type, object } = event;
    if (type === "ERROR") throw errorOfStatus(`watch ${path}`, object);
    if (type === "BOOKMARK" && hasMetadata(object)) return { type, object: object as KubeObject };
    if ((type === "ADDED" || type === "MODIFIED" || type === "DELETED") && isObject(object)) return { type, object };
  }
  throw new ApiError("Unavailable", `watch ${path}: an event that can't be read.`);
}

function isPage(body: unknown): body is ListPage {
  return hasMetadata(body) && "items" in body && Array.isArray(body.items) && body.items.every(isObject);
}

function isObject(value: unknown): value is KubeObject {
  return hasMetadata(value) && "name" in value.metadata && typeof value.metadata.name === "string";
}

function hasMetadata(value: unknown): value is { readonly metadata: object } {
  if (typeof value !== "object" || value === null || !("metadata" in value)) return false;
  return typeof value.metadata === "object" && value.metadata !== null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
