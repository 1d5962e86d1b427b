// Opens records with the secrets of a key log: AES-GCM and ChaCha20-Poly1305, TLS 1.3 (RFC 9846 §5.2, §7.3) and 1.2 (RFC 5246 §6.3).
import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha384 } from "@noble/hashes/sha2.js";
import { registered } from "@sallyport/core";
import type { Evidence } from "../evidence.ts";
import type { KeyLog } from "./key-log.ts";
import type { Sender, Unseal } from "./units.ts";

/** Makes a fresh opener for each stream, since an opener counts its records. */
export type Unsealer = (from: Sender) => Unseal;

/** Reads a connection, and if the log has its keys once more with what they open. */
export function readOpened(read: (unsealer?: Unsealer) => Evidence, keys: KeyLog): Evidence {
  const sealed = read();
  const found = sealed.protectedRecords === 0 ? undefined : unsealerOf(sealed, keys);
  if (found === undefined) return sealed;
  if ("problem" in found) return { ...sealed, remarks: [...sealed.remarks, found.problem] };
  const open = read(found.unsealer);
  if (open.protectedRecords < sealed.protectedRecords) return open;
  return { ...sealed, remarks: [...sealed.remarks, "the key log has secrets of this connection, and they don't open it"] };
}

/** Who opens the records of the connection that begins with these hellos; undefined: the log doesn't know it, or not its suite. */
function unsealerOf(
  { units, serverHellos }: Evidence,
  keys: KeyLog,
): { readonly unsealer: Unsealer } | { readonly problem: string } | undefined {
  const client = units.find(({ name, kind }) => kind === "message" && name === "client_hello")?.body.slice(6, 38);
  const server = units.findLast(({ name, kind }) => kind === "message" && name === "server_hello")?.body.slice(6, 38);
  const chosen = serverHellos.at(-1);
  if (client === undefined || server === undefined || chosen === undefined || !keys.has(client)) return undefined;
  const suite = suiteOf(chosen.suite.name ?? "");
  if (suite === undefined)
    return {
      problem: `the key log has this connection's keys, and what ${registered("suite", chosen.suite.id).name ?? "its suite"} sealed is not opened here`,
    };
  const make = chosen.version.id === 0x0304 ? makeTls13(suite, keys, client) : makeTls12(suite, keys, client, server);
  if (make === undefined) return { problem: "the key log knows this connection, and lacks the secrets that would open it" };
  return { unsealer: (from) => (from === undefined ? either(make("client"), make("server")) : make(from)) };
}

interface Suite {
  readonly hash: typeof sha256 | typeof sha384;
  readonly keyLength: number;
  readonly isChaCha: boolean;
}

function suiteOf(name: string): Suite | undefined {
  const hash = name.endsWith("SHA384") ? sha384 : sha256;
  if (/AES_128_GCM/.test(name)) return { hash, keyLength: 16, isChaCha: false };
  if (/AES_256_GCM/.test(name)) return { hash, keyLength: 32, isChaCha: false };
  return name.includes("CHACHA20_POLY1305") ? { hash, keyLength: 32, isChaCha: true } : undefined;
}

/** Whose records they are is not known: who opens the first has them all. */
function either(client: Unseal, server: Unseal): Unseal {
  let found: Unseal | undefined;
  return (type, header, body) => {
    for (const unseal of found === undefined ? [client, server] : [found]) {
      const open = unseal(type, header, body);
      if (open === undefined) continue;
      found = unseal;
      return open;
    }
    return undefined;
  };
}

/** Records that nothing opens, in a row: then nobody tries any more. */
const mostFailures = 16;

function makeTls13(
  { hash, keyLength, isChaCha }: Suite,
  keys: KeyLog,
  random: Uint8Array,
): ((from: "client" | "server") => Unseal) | undefined {
  const secretsOf = (from: "client" | "server"): readonly Uint8Array[] => {
    const names =
      from === "client"
        ? (["CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0"] as const)
        : (["SERVER_HANDSHAKE_TRAFFIC_SECRET", "SERVER_TRAFFIC_SECRET_0"] as const);
    return names.flatMap((name) => {
      const secret = keys.secret(random, name);
      return secret?.length === hash.outputLen ? [secret] : [];
    });
  };
  if (secretsOf("client").length + secretsOf("server").length === 0) return undefined;
  const label = (secret: Uint8Array, name: string, length: number): Uint8Array =>
    expand(hash, secret, hkdfLabel(name, length), length);

  return (from) => {
    const secrets = [...secretsOf(from)];
    let epoch = 0;
    let sequence = 0;
    let failures = 0;
    const tryWith = (secret: Uint8Array, number: number, header: Uint8Array, body: Uint8Array): Uint8Array | undefined => {
      const key = label(secret, "key", keyLength);
      return opened(isChaCha, key, xored(label(secret, "iv", 12), number), header, body);
    };
    return (type, header, body) => {
      const current = secrets[epoch];
      if (type !== 23 || current === undefined || failures >= mostFailures) return undefined;
      // A record that doesn't open is the first under the next keys: of the handshake's end, of the early data's, or of a KeyUpdate.
      const later = [...secrets.slice(epoch + 1), label(secrets.at(-1) ?? current, "traffic upd", hash.outputLen)];
      const candidates = [
        { secret: current, number: sequence, at: epoch },
        ...later.map((secret, place) => ({ secret, number: 0, at: epoch + 1 + place })),
      ];
      for (const { secret, number, at } of candidates) {
        const inner = tryWith(secret, number, header, body);
        if (inner === undefined) continue;
        if (at === secrets.length) secrets.push(secret);
        epoch = at;
        sequence = number + 1;
        failures = 0;
        return unpadded(inner);
      }
      failures++;
      return undefined;
    };
  };
}

function makeTls12(
  { hash, keyLength, isChaCha }: Suite,
  keys: KeyLog,
  client: Uint8Array,
  server: Uint8Array,
): ((from: "client" | "server") => Unseal) | undefined {
  const master = keys.secret(client, "CLIENT_RANDOM");
  if (master?.length !== 48) return undefined;
  const ivLength = isChaCha ? 12 : 4;
  const block = prf(hash, master, Uint8Array.from([...ascii("key expansion"), ...server, ...client]), 2 * (keyLength + ivLength));
  return (from) => {
    const place = from === "client" ? 0 : 1;
    const key = block.slice(place * keyLength, (place + 1) * keyLength);
    const iv = block.slice(2 * keyLength + place * ivLength, 2 * keyLength + (place + 1) * ivLength);
    let sequence = 0;
    let failures = 0;
    return (type, header, body) => {
      const explicit = isChaCha ? 0 : 8;
      const length = body.length - explicit - 16;
      if (length < 0 || failures >= mostFailures) return undefined;
      const nonce = isChaCha ? xored(iv, sequence) : Uint8Array.from([...iv, ...body.subarray(0, 8)]);
      const additional = Uint8Array.from([...bigEndian(sequence), ...header.subarray(0, 3), length >> 8, length & 255]);
      const content = opened(isChaCha, key, nonce, additional, body.subarray(explicit));
      if (content === undefined) {
        failures++;
        return undefined;
      }
      failures = 0;
      sequence++;
      return { type, content };
    };
  };
}

function opened(
  isChaCha: boolean,
  key: Uint8Array,
  nonce: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < 16) return undefined;
  try {
    return (isChaCha ? chacha20poly1305 : gcm)(key, nonce, additional).decrypt(sealed);
  } catch {
    return undefined; // the tag
  }
}

/** TLSInnerPlaintext: content, its type, zeros. */
function unpadded(inner: Uint8Array): { readonly type: number; readonly content: Uint8Array } | undefined {
  const at = inner.findLastIndex((byte) => byte !== 0);
  return at < 0 ? undefined : { type: inner[at] ?? 0, content: inner.subarray(0, at) };
}

function hkdfLabel(name: string, length: number): Uint8Array {
  const label = ascii(`tls13 ${name}`);
  return Uint8Array.from([length >> 8, length & 255, label.length, ...label, 0]);
}

function prf(hash: Suite["hash"], secret: Uint8Array, seed: Uint8Array, length: number): Uint8Array {
  const made: number[] = [];
  for (let a = hmac(hash, secret, seed); made.length < length; a = hmac(hash, secret, a))
    made.push(...hmac(hash, secret, Uint8Array.from([...a, ...seed])));
  return Uint8Array.from(made.slice(0, length));
}

function xored(iv: Uint8Array, sequence: number): Uint8Array {
  const number = bigEndian(sequence);
  return iv.map((byte, at) => byte ^ (number[at - iv.length + 8] ?? 0));
}
/** Eight bytes. */
function bigEndian(sequence: number): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, at) => Math.floor(sequence / 2 ** (8 * (7 - at))) & 255);
}
const ascii = (text: string): number[] => [...text].map((character) => character.charCodeAt(0));
