/** Starts programs as a container of ours would: as its user, without privileges, and with a file system to read only. */
import { spawnSync } from "node:child_process";

const isRoot = process.getuid?.() === 0;
const works = (command: string, ...args: string[]) => isRoot && spawnSync(command, args).status === 0;

/** Whether programs can be started as another user: by root, with util-linux. */
export const maySwitchUser = works("setpriv", "--version");
/** Whether the file system can be made read-only to one program: by root, unless a sandbox forbids it, on Linux. */
export const mayMount =
  maySwitchUser && works("unshare", "--mount", "sh", "-c", "mount --bind /tmp /tmp && mount -o remount,ro,bind /tmp");

interface Container {
  /** Number of its user. */
  readonly user: string;
  /** The image's files. */
  readonly tree: string;
  /** A directory that it may write to, if the user may. */
  readonly writable: string;
}

/**
 * A command that starts another like a container's, as far as this machine allows: without rights to mount, the user's lack
 * of rights alone keeps it from writing; without those to switch users, nothing does.
 */
export function asContainer(program: readonly string[], { user, tree, writable }: Container): readonly string[] {
  if (!maySwitchUser) return program;
  const unprivileged = ["--reuid", user, "--regid", user, "--clear-groups", "--no-new-privs"];
  if (!mayMount) return ["setpriv", ...unprivileged, ...program];
  // Each bind is a mount of its own. So what may be written stays so as the root below it is not, and the tree is
  // read-only on whatever file system it lies. /dev is left as it is, as a container's.
  const script = `
    mount --bind "$1" "$1"
    mount --bind "$2" "$2" && mount -o remount,ro,bind "$2"
    for place in /tmp /; do if mountpoint -q "$place"; then mount -o remount,ro,bind "$place"; fi; done
    shift 2
    exec setpriv ${unprivileged.join(" ")} "$@"`;
  return ["unshare", "--mount", "sh", "-euc", script, "sh", writable, tree, ...program];
}
