import { generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Files of a control plane's data directory; kube-apiserver makes its own certificate, the authority, at its first start. */
export interface Credentials {
  /** Directory of the server's certificate. */
  readonly certificates: string;
  readonly authority: string;
  readonly accountKey: string;
  readonly accountPublicKey: string;
  readonly tokens: string;
  readonly adminToken: string;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
}

/**
 * Makes the key of service accounts and the administrator's token. What the directory has already stays: tokens and
 * kubeconfigs of before a restart hold after it.
 */
export async function makeCredentials(dataDir: string, url: string): Promise<Credentials> {
  const pki = join(dataDir, "pki");
  const files = {
    certificates: pki,
    authority: join(pki, "apiserver.crt"),
    accountKey: join(pki, "service-account.key"),
    accountPublicKey: join(pki, "service-account.pub"),
    tokens: join(pki, "tokens.csv"),
    kubeconfig: join(dataDir, "admin.kubeconfig"),
  };
  if (!existsSync(files.tokens)) await makeKeys(pki, files);
  const [adminToken = ""] = (await readFile(files.tokens, "utf8")).split(",");
  await writeFile(files.kubeconfig, adminKubeconfig(url, files.authority, adminToken), { mode: 0o600 });
  return { ...files, adminToken };
}

async function makeKeys(
  pki: string,
  files: Pick<Credentials, "accountKey" | "accountPublicKey" | "tokens">,
): Promise<void> {
  await mkdir(pki, { recursive: true, mode: 0o700 });
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(files.accountKey, privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  await writeFile(files.accountPublicKey, publicKey.export({ type: "spki", format: "pem" }));
  // Written last: where it is there, all of it is.
  const token = randomBytes(16).toString("hex");
  await writeFile(files.tokens, `${token},admin,admin,"system:masters"\n`, { mode: 0o600 });
}

function adminKubeconfig(url: string, authority: string, token: string): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    // By its path: the server has yet to make it.
    clusters: [{ name: "test", cluster: { server: url, "certificate-authority": authority } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  };
  // JSON is YAML.
  return JSON.stringify(config, undefined, 2);
}
