import type { Faults } from "./faults.ts";
import type { Jobs } from "./jobs.ts";
import type { Warehouse } from "./warehouse.ts";

/** What an answer is made with. */
export interface World {
  readonly warehouse: Warehouse;
  readonly faults: Faults;
  readonly jobs: Jobs;
  /** How many requests came, by what they were for. */
  readonly requests: Map<string, number>;
}
