// The CA of one user on one machine: made once, kept in a folder of theirs, and read by nobody else.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from "node:crypto";
import { chmod, link, lstat, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { fingerprintOf, type Identity, type Issuer, identifierOf, leafFor, pemOf, signAuthority } from "./issue.ts";
import { isPermitted, nameConstraints, permittedInWords } from "./names.ts";

export interface LocalAuthority {
  /** What its certificate is called in a trust store. */
  readonly name: string;
  /** The certificate, for trust stores: PEM, and the file with it. */
  readonly pem: string;
  readonly file: string;
  /** With the private key in it. */
  readonly keyFile: string;
  readonly fingerprint: string;
  readonly validTo: Date;
  /** It was made by this call. */
  readonly isNew: boolean;
  /** For 30 days, with a key of its own. @throws RangeError for a name that the CA is not good for */
  issue(names: readonly [string, ...string[]]): Promise<Identity>;
}

/** A file that is there and can't be used as it is: what is wrong, and what to do. */
export class AuthorityError extends Error {
  override readonly name = "AuthorityError";
}

/**
 * Reads it, or makes it: `authority.pem` (certificate and key, 0600, in a folder of 0700) and `ca.pem` (the certificate alone).
 * @throws AuthorityError if it can't be used: others can read it, it is another user's, it has ended or is no CA of this kind
 */
export async function openAuthority(folder: string): Promise<LocalAuthority> {
  const known = await readAuthority(folder);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyFile = join(folder, keyFileName);
  const draft = join(folder, `.${randomBytes(8).toString("hex")}.tmp`);
  await writeFile(draft, await makeAuthority(), { mode: 0o600, flag: "wx" });
  try {
    // Unlike a rename it leaves alone what somebody else has made at the same moment.
    await link(draft, keyFile);
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  } finally {
    await rm(draft, { force: true });
  }
  const made = await readAuthority(folder);
  if (made === undefined) throw new AuthorityError(`${keyFile} is gone as soon as it is made`);
  return { ...made, isNew: true };
}

/** undefined: there is none. @throws AuthorityError */
export async function readAuthority(folder: string): Promise<LocalAuthority | undefined> {
  const keyFile = join(folder, keyFileName);
  const info = await lstat(keyFile).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (info === undefined) return undefined;
  const { mode } = await stat(folder);
  if (process.platform !== "win32" && (mode & 0o022) !== 0) {
    throw new AuthorityError(`others may write into ${folder}: chmod 700 it, or name another by SALLYPORT_CA`);
  }
  if (!info.isFile()) throw new AuthorityError(`${keyFile} is no file: remove it`);
  if (process.getuid !== undefined && info.uid !== process.getuid())
    throw new AuthorityError(`${keyFile} belongs to somebody else`);
  if (process.platform !== "win32" && (info.mode & 0o077) !== 0) {
    throw new AuthorityError(
      `others may read the private key in ${keyFile}: make a new one (sallyport ca --new), or, if nobody did, chmod 600 it`,
    );
  }
  const text = await readFile(keyFile, "utf8");
  const { certificate, key } = parse(text, keyFile);
  const file = join(folder, "ca.pem");
  const pem = `${certificate.toString().trim()}\n`;
  if ((await readFile(file, "utf8").catch(() => undefined)) !== pem) {
    await writeFile(file, pem, { mode: 0o644 });
    await chmod(file, 0o644);
  }
  const name = certificate.subject.replace(/^CN=/, "");
  return {
    name,
    pem,
    file,
    keyFile,
    fingerprint: fingerprintOf(certificate.raw),
    validTo: new Date(certificate.validTo),
    isNew: false,
    issue: (names) => issue(name, key, names),
  };
}

/** The key first. Trust stores keep the certificate: it vouches for nobody new. */
export async function removeAuthority(folder: string): Promise<void> {
  await rm(join(folder, keyFileName), { force: true });
  await rm(join(folder, "ca.pem"), { force: true });
}

const keyFileName = "authority.pem";
const daysOfAuthority = 730;
const daysOfLeaf = 30;

function parse(text: string, file: string): { readonly certificate: X509Certificate; readonly key: KeyObject } {
  let parsed: { readonly certificate: X509Certificate; readonly key: KeyObject };
  try {
    parsed = { certificate: new X509Certificate(text), key: createPrivateKey(text) };
  } catch {
    throw new AuthorityError(`${file} is no certificate with its key: remove it, and a new one is made (sallyport ca --new)`);
  }
  const { certificate, key } = parsed;
  const isOurs = /^CN=[A-Za-z0-9 .()-]{1,80}$/.test(certificate.subject) && certificate.ca && certificate.checkPrivateKey(key);
  if (!isOurs || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new AuthorityError(`${file} holds what Sallyport did not make: remove it, and a new one is made (sallyport ca --new)`);
  }
  if (Date.parse(certificate.validTo) < Date.now() + daysOfLeaf * 86_400_000) {
    throw new AuthorityError(
      `the CA in ${file} ends at ${certificate.validTo}: trust it no longer, and make a new one (sallyport ca --new)`,
    );
  }
  return parsed;
}

async function makeAuthority(): Promise<string> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicKey = spkiOf(privateKey);
  const name = `Sallyport local CA ${randomBytes(4).toString("hex")} (this machine and its network only)`;
  const certificate = await signAuthority(await issuerOf(name, privateKey), publicKey, daysOfAuthority, nameConstraints());
  return pemOf(certificate) + privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

async function issue(name: string, key: KeyObject, names: readonly [string, ...string[]]): Promise<Identity> {
  const stranger = names.find((each) => !isPermitted(each));
  if (stranger !== undefined) throw new RangeError(`the local CA is not good for ${stranger}; it is for ${permittedInWords}`);
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const alternatives = names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value }) as const);
  return leafFor(privateKey, await issuerOf(name, key), names[0].slice(0, 64), alternatives, daysOfLeaf);
}

async function issuerOf(name: string, key: KeyObject): Promise<Issuer> {
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  const imported = await webcrypto.subtle.importKey("pkcs8", pkcs8, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  pkcs8.fill(0);
  return { name: `CN=${name}`, key: imported, keyIdentifier: identifierOf(spkiOf(key)) };
}
function spkiOf(key: KeyObject): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" }));
}
function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
