import { posix } from "node:path";
import type { Source } from "./sources.ts";
import { withoutComments } from "./sources.ts";

// Arrows point one way: each line may be imported by the lines below it.
const errors: readonly string[] = ["core/errors", "core/alerts"];
const wire: readonly string[] = [...errors, "core/wire"];
const crypto: readonly string[] = [...wire, "core/crypto"];
const records: readonly string[] = [...crypto, "core/record", "core/session"];
const config: readonly string[] = [...records, "core/config"];
const negotiate: readonly string[] = [...config, "core/negotiate"];
const connection: readonly string[] = [...negotiate, "core/connection"];
const handshake: readonly string[] = [...connection, "core/handshake"];

/**
 * What a room may import besides itself. A room of core is a folder (or a file at its top), any other package is one room;
 * `node:` stands for Node's own modules.
 */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  "core/errors": errors,
  "core/alerts": errors,
  "core/wire": errors,
  "core/crypto": wire,
  "core/record": crypto,
  "core/session": crypto,
  "core/config": records,
  "core/negotiate": config,
  "core/connection": negotiate,
  "core/handshake": connection,
  "core/index": handshake,
  "core/platform": [],
  "crypto-noble": ["core", "@noble/ciphers", "@noble/curves", "@noble/hashes", "@noble/post-quantum", "micro-rsa-dsa-dh"],
  "crypto-node": ["core", "node:", "@noble/post-quantum"],
  "crypto-web": ["core"],
  "crypto-wasm": ["core", "libsodium-wrappers"],
  x509: ["core", "@noble/hashes"],
  drive: ["core"],
  node: ["core", "drive", "node:"],
  webstreams: ["core", "drive"],
  deno: ["core", "drive"],
  explain: ["core", "x509", "@noble/ciphers", "@noble/hashes"],
  inspect: ["explain"],
  // And nobody imports it: what accepts everything stays out of what protects something.
  arbitraries: ["core", "fast-check"],
  cli: [
    "core",
    "explain",
    "inspect",
    "crypto-noble",
    "crypto-node",
    "crypto-web",
    "x509",
    "drive",
    "node",
    "webstreams",
    "node:",
    "@peculiar/x509",
    "send",
  ],
};

/** An error speaks about values of every room, so these two import types from all of core. They import no value. */
const seesAllTypes: readonly string[] = ["core/errors", "core/alerts"];

/** Every import that no arrow allows, as `file -> what`. */
export function wrongArrows(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const from = roomOf(source.path);
    return importsOf(source.text)
      .filter(({ specifier, typeOnly }) => {
        const to = targetOf(source.path, specifier);
        if (to === from) return false;
        if (typeOnly && seesAllTypes.includes(from) && to.startsWith("core/")) return false;
        return !arrows[from]?.includes(to);
      })
      .map(({ specifier }) => `${source.path} -> ${specifier}`);
  });
}

interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
}

function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const statements = [...code.matchAll(/\b(import|export)\b(\s+type\b)?[^"';()]*?\bfrom\s*["']([^"']+)["']/g)];
  const bare = [...code.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g), ...code.matchAll(/\brequire\s*\(\s*["']([^"']+)["']/g)];
  return [
    ...statements.map(([, , type, specifier = ""]) => ({ specifier, typeOnly: type !== undefined })),
    ...bare.map(([, specifier = ""]) => ({ specifier, typeOnly: false })),
  ];
}

/** `packages/core/src/wire/reader.ts` is `core/wire`, `packages/node/src/server.ts` is `node`. */
function roomOf(path: string): string {
  const [, packageName = "", , first = ""] = path.split("/");
  return packageName === "core" ? `core/${first.replace(/(\.d)?\.ts$/, "")}` : packageName;
}

function targetOf(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return roomOf(posix.join(posix.dirname(path), specifier));
  if (specifier.startsWith("@sallyport/")) return specifier.slice("@sallyport/".length);
  if (specifier.startsWith("node:")) return "node:";
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
