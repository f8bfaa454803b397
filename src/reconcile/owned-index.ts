import type { MessagingInventory } from "../controller-ports.ts";
import type { EpochMs } from "../quotes/quote.ts";

/** Names of what one feed has in a project. */
export interface OwnedNames {
  readonly topics: readonly string[];
  readonly subscriptions: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

const NOTHING: OwnedNames = { topics: [], subscriptions: [] };

/**
 * What each feed has in a project, by its labels, so that what no name leads to any more is found too. Made anew from
 * the project's inventory once an interval, in one pass for all feeds; what was made since is found by its name.
 */
export class OwnedIndex {
  readonly #intervalMs: number;
  readonly #projects = new Map<string, { readonly made: EpochMs; readonly owners: Map<string, OwnedNames> }>();

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** @param labels the feed's labels of cloud objects */
  namesOf(labels: Labels, project: string, inventory: MessagingInventory, now: EpochMs): OwnedNames {
    let entry = this.#projects.get(project);
    if (entry === undefined || now - entry.made >= this.#intervalMs) {
      entry = { made: now, owners: indexed(inventory) };
      this.#projects.set(project, entry);
    }
    return entry.owners.get(ownerOf(labels) ?? "") ?? NOTHING;
  }
}

function indexed({ topics, subscriptions }: MessagingInventory): Map<string, OwnedNames> {
  const owners = new Map<string, { topics: string[]; subscriptions: string[] }>();
  const namesOf = (labels: Labels) => {
    const owner = ownerOf(labels);
    if (owner === undefined) return undefined;
    const names = owners.get(owner) ?? { topics: [], subscriptions: [] };
    owners.set(owner, names);
    return names;
  };
  for (const { name, labels } of topics.values()) namesOf(labels)?.topics.push(name);
  for (const { name, labels } of subscriptions.values()) namesOf(labels)?.subscriptions.push(name);
  return owners;
}

/** One text that tells the owner; undefined for what no feed owns. */
function ownerOf(labels: Labels): string | undefined {
  const { "stockfeed-cluster": cluster, "stockfeed-namespace": namespace, "stockfeed-name": name } = labels;
  if (cluster === undefined || namespace === undefined || name === undefined) return undefined;
  return `${cluster}/${namespace}/${name}`;
}
