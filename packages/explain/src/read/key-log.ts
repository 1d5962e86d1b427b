// SSLKEYLOGFILE: secrets by the random of the client's hello (RFC 9850). They are read, used, wiped, and never told.

const labels = [
  "CLIENT_RANDOM",
  "CLIENT_EARLY_TRAFFIC_SECRET",
  "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  "CLIENT_TRAFFIC_SECRET_0",
  "SERVER_TRAFFIC_SECRET_0",
  "EARLY_EXPORTER_SECRET",
  "EXPORTER_SECRET",
] as const;
export type KeyLabel = (typeof labels)[number];

/** A browser's day. */
const mostConnections = 20_000;

export class KeyLog {
  readonly #secrets = new Map<string, Map<string, Uint8Array>>();

  get connections(): number {
    return this.#secrets.size;
  }

  /** @param text of which other lines are skipped */
  add(text: string): void {
    for (const [, label = "", random = "", secret = ""] of text.matchAll(wholeLines)) {
      const key = random.toLowerCase();
      let known = this.#secrets.get(key);
      if (known === undefined) {
        if (this.#secrets.size >= mostConnections) return;
        known = new Map();
        this.#secrets.set(key, known);
      }
      if (!known.has(label)) known.set(label, octets(secret));
    }
  }

  /** undefined: it isn't there. Stays the log's. */
  secret(clientRandom: Uint8Array, label: KeyLabel): Uint8Array | undefined {
    return this.#secrets.get(hexOf(clientRandom))?.get(label);
  }
  has(clientRandom: Uint8Array): boolean {
    return this.#secrets.has(hexOf(clientRandom));
  }

  end(): void {
    for (const secrets of this.#secrets.values()) for (const secret of secrets.values()) secret.fill(0);
    this.#secrets.clear();
  }
}

const anyLabel = labels.join("|");
const wholeLines = new RegExp(`^[ \\t]*(${anyLabel})[ \\t]+([0-9a-f]{64})[ \\t]+((?:[0-9a-f]{2}){32,64})[ \\t]*\\r?$`, "gim");
/** The text without its keys: what is quoted of the rest tells none of them. A broken line is left out too: half a secret is one. */
export function withoutKeys(text: string): string {
  return text
    .split("\n")
    .filter((line) => !keyWords.some((word) => line.includes(word)) && !twoSecrets.test(line))
    .join("\n");
}
const keyWords = ["CLIENT_RANDOM", "TRAFFIC_SECRET", "EXPORTER_SECRET"];
const twoSecrets = /\b[0-9a-f]{64}\s[0-9a-f]{64}/i;

export function hasKeys(text: string): boolean {
  return text.search(wholeLines) >= 0;
}

function octets(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, at) => Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16));
}
function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
