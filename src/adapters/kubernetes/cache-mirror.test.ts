import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "../../api/kube-object.ts";
import { CacheMirror } from "./cache-mirror.ts";
import { objectStore, type ObjectChange } from "./object-store.ts";
import type { WatchEvent } from "./watch-format.ts";

/** A server's store: objects, a version that grows with each write, and the events of all writes. */
function modelServer() {
  let version = 8; // so that versions soon have two digits
  let nextUid = 0;
  let objects = new Map<string, KubeObject>();
  const events: WatchEvent[] = [];
  const write = (type: WatchEvent["type"], name: string, uid: string, label: string) => {
    const metadata = { name, namespace: "n", uid, resourceVersion: String(++version), labels: { label } };
    const object = { apiVersion: "v1", kind: "Thing", metadata };
    if (type === "DELETED") objects.delete(name);
    else objects.set(name, object);
    events.push({ type, object });
    return object;
  };
  return {
    put: (name: string, label: string) => {
      const uid = objects.get(name)?.metadata.uid;
      return write(uid === undefined ? "ADDED" : "MODIFIED", name, uid ?? `uid-${nextUid++}`, label);
    },
    delete: (name: string) => {
      const uid = objects.get(name)?.metadata.uid;
      if (uid !== undefined) write("DELETED", name, uid, "");
    },
    /** What a list gives: all objects at this version. */
    list: () => ({ items: [...objects.values()], version: String(version) }),
    after: (position: string) =>
      events.filter(({ object }) => Number(object.metadata.resourceVersion) > Number(position)),
    snapshot: () => {
      const kept = { version, objects: new Map(objects) };
      return () => {
        version = kept.version;
        objects = new Map(kept.objects);
        events.splice(
          0,
          events.length,
          ...events.filter((it) => Number(it.object.metadata.resourceVersion) <= version),
        );
      };
    },
  };
}

const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), name: fc.nat(4), label: fc.nat(2) }),
  fc.record({ do: fc.constant("delete" as const), name: fc.nat(4) }),
  // A write of ours, whose answer arrives at once, or only after some of the watch.
  fc.record({ do: fc.constant("own" as const), name: fc.nat(4), late: fc.nat(3) }),
  fc.record({ do: fc.constant("own-delete" as const), name: fc.nat(4) }),
  fc.record({ do: fc.constant("watch" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant("list" as const), pages: fc.integer({ min: 1, max: 3 }), breaksOff: fc.boolean() }),
  fc.record({ do: fc.constant("restore" as const) }),
);

describe("the mirror of a collection", () => {
  it("has what the server has, after any writes, pages, events, answers and restores, and told each change once", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const server = modelServer();
        const store = objectStore("label");
        /** What a listener would think that the cache is. */
        const told = new Map<string, KubeObject>();
        const onChange = (change: ObjectChange) => {
          const { name } = change.object.metadata;
          expect(told.has(name)).toBe(change.type !== "added");
          if (change.type === "deleted") told.delete(name);
          else told.set(name, change.object);
        };
        const mirror = new CacheMirror({ store, compact: (object) => object, onChange });
        const restore = server.snapshot();
        let late: { after: number; deliver: () => void }[] = [];
        /** Pages of a list under way, taken from one moment of the server. */
        let pages: (() => void)[] = [];

        const beginList = (count: number) => {
          const { items, version } = server.list();
          const size = Math.ceil(items.length / count) || 1;
          mirror.begin();
          pages = Array.from({ length: count }, (_, i) => () => {
            const metadata = { resourceVersion: version, ...(i < count - 1 && { continue: "more" }) };
            mirror.page({ items: items.slice(i * size, (i + 1) * size), metadata });
          });
        };
        const watch = (count: number) => {
          if (mirror.position === undefined) return;
          for (const event of server.after(mirror.position).slice(0, count)) expect(mirror.event(event)).toBe(true);
        };
        for (const each of steps) {
          late = late.filter((answer) => {
            if (answer.after-- > 0) return true;
            answer.deliver();
            return false;
          });
          if (each.do === "put") server.put(`o${each.name}`, String(each.label));
          else if (each.do === "delete") server.delete(`o${each.name}`);
          else if (each.do === "own") {
            const object = server.put(`o${each.name}`, "own");
            const deliver = () => {
              mirror.observe(object, true);
            };
            late.push({ after: each.late, deliver });
          } else if (each.do === "own-delete") {
            const uid = server.list().items.find(({ metadata }) => metadata.name === `o${each.name}`)?.metadata.uid;
            server.delete(`o${each.name}`);
            if (uid !== undefined) mirror.forget("n", `o${each.name}`, uid);
          } else if (each.do === "restore") {
            restore();
            late = []; // their connections are gone, as is the watch
            beginList(1);
          } else if (each.do === "watch") {
            if (pages.length > 0) pages.shift()?.();
            else watch(each.count);
          } else beginList(each.pages);
        }
        for (const { deliver } of late) deliver();
        for (const page of pages) page();
        if (mirror.position === undefined) {
          beginList(1);
          for (const page of pages) page();
        }
        watch(Infinity);
        const wanted = server.list().items.toSorted(byName);
        expect([...store.list()].toSorted(byName)).toEqual(wanted);
        expect([...told.values()].toSorted(byName).map(labels)).toEqual(wanted.map(labels));
        for (const label of ["0", "1", "2", "own"]) {
          const labelled = wanted.filter((object) => object.metadata.labels?.label === label);
          expect([...store.list({ namespace: "n", labels: { label } })].toSorted(byName)).toEqual(labelled);
          expect([...store.list({ labels: { label } })].toSorted(byName)).toEqual(labelled);
        }
        expect(store.list({ namespace: "other" })).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("finds that the server was set back by an older event, a bookmark's too", () => {
    const mirror = new CacheMirror({ store: objectStore("l"), compact: (object) => object, onChange: () => undefined });
    mirror.page({ items: [], metadata: { resourceVersion: "100" } });
    const bookmark = (resourceVersion: string): WatchEvent => ({
      type: "BOOKMARK",
      object: { apiVersion: "v1", kind: "Thing", metadata: { name: "", resourceVersion } },
    });
    expect(mirror.event(bookmark("120"))).toBe(true);
    expect(mirror.position).toBe("120");
    expect(mirror.event(bookmark("99"))).toBe(false);
  });

  it("brings nothing back by an answer from before its deletion, also while a list is under way", () => {
    const store = objectStore("l");
    const mirror = new CacheMirror({ store, compact: (object) => object, onChange: () => undefined });
    const object = (resourceVersion: string): KubeObject => ({
      apiVersion: "v1",
      kind: "T",
      metadata: { name: "a", namespace: "n", uid: "u", resourceVersion },
    });
    mirror.page({ items: [object("5")], metadata: { resourceVersion: "6" } });
    mirror.event({ type: "DELETED", object: object("9") });
    mirror.begin();
    mirror.observe(object("8"), true);
    expect(store.list()).toEqual([]);
    mirror.observe(object("12"), true);
    expect(store.list()).toEqual([object("12")]);
  });

  it("takes in what an answer brings into the collection, and nothing that may have left it", () => {
    const store = objectStore("l");
    const mirror = new CacheMirror({ store, compact: (object) => object, onChange: () => undefined });
    mirror.page({ items: [], metadata: { resourceVersion: "6" } });
    const object = { apiVersion: "v1", kind: "T", metadata: { name: "a", namespace: "n", resourceVersion: "7" } };
    mirror.observe(object, false);
    expect(store.list()).toEqual([]);
    mirror.observe(object, true);
    expect(store.list()).toEqual([object]);
  });

  it("tells nothing where a list differs in resource versions alone", () => {
    const changes: string[] = [];
    const mirror = new CacheMirror({
      store: objectStore("l"),
      compact: (object) => object,
      onChange: ({ type }, initial) => changes.push(`${type} ${initial ? "at first" : "later"}`),
    });
    const page = (resourceVersion: string, label: string) => ({
      items: [{ apiVersion: "v1", kind: "T", metadata: { name: "a", resourceVersion, labels: { label } } }],
      metadata: { resourceVersion },
    });
    mirror.page(page("1", "x"));
    mirror.begin();
    mirror.page(page("2", "x"));
    expect(changes).toEqual(["added at first"]);
    mirror.begin();
    mirror.page(page("3", "y"));
    expect(changes).toEqual(["added at first", "changed later"]);
  });
});

const byName = (a: KubeObject, b: KubeObject) => a.metadata.name.localeCompare(b.metadata.name);
const labels = ({ metadata }: KubeObject) => ({ name: metadata.name, uid: metadata.uid, labels: metadata.labels });
