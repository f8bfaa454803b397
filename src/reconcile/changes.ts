/** Something that a reconcile did to an object, for events and metrics. */
export interface Change {
  /** `corrected` where the object had been right, and somebody else changed or deleted it. */
  readonly kind: "created" | "updated" | "corrected" | "deleted";
  /** Kind and name, such as `CronJob tech-poll`. */
  readonly object: string;
}
