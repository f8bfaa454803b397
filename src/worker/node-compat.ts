/**
 * What Beam's SDK of 2023 still asks Node for and Node 24 no longer has: `util.isPrimitive`, gone with version 23, which
 * its serializer calls as it is loaded. This module has to be imported before the SDK.
 */
import util from "node:util";

const legacy = util as { isPrimitive?: (value: unknown) => boolean };
legacy.isPrimitive ??= (value) => value === null || (typeof value !== "object" && typeof value !== "function");
