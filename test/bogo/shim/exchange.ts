// What the runner asks of an established connection: exports, a first word, and an echo whose bits are all turned.
import {
  type AsyncClientSessionStore,
  type AsyncServerSessionStore,
  Connection,
  type ConnectionEvent,
  type CryptoProvider,
  type ErrorAndAlert,
  type Received,
  type Sent,
} from "@sallyport/core";
import { type EarlyTalk, firstWords } from "./early.ts";
import { Unexpected } from "./expectations.ts";
import type { Flags } from "./flags.ts";
import type { Line } from "./line.ts";

export interface Established {
  readonly connection: Connection;
  readonly received: Received;
}

/** Speaks until either side has ended. @returns the failure, if there was one, and what happened. */
export async function exchange(
  { connection: first, received }: Established,
  line: Line,
  flags: Flags,
  early: EarlyTalk,
  provider: CryptoProvider,
): Promise<{ readonly failure: ErrorAndAlert | undefined; readonly events: readonly ConnectionEvent[] }> {
  const events: ConnectionEvent[] = [];
  const speaker = new Speaker(first, line, flags, early);
  const failure = speaker.begin(provider) ?? (await speaker.listen(received, events));
  return { failure, events };
}

/** A synchronous store has it already. */
async function putAway(event: ConnectionEvent): Promise<void> {
  if (event.kind !== "new-session" || event.store === undefined || !("putAsync" in event.store)) return;
  if (event.role === "client") await (event.store as AsyncClientSessionStore).putAsync(event.key, event.session);
  else await (event.store as AsyncServerSessionStore).putAsync(event.key, event.session);
}

class Speaker {
  #connection: Connection;
  readonly #line: Line;
  readonly #flags: Flags;
  readonly #early: EarlyTalk;

  constructor(connection: Connection, line: Line, flags: Flags, early: EarlyTalk) {
    this.#connection = connection;
    this.#line = line;
    this.#flags = flags;
    this.#early = early;
  }

  begin(provider: CryptoProvider): ErrorAndAlert | undefined {
    const flags = this.#flags;
    const failure = this.#export() ?? (flags.has("export-traffic-secrets") ? this.#exportSecrets(provider) : undefined);
    return failure ?? this.#firstWord();
  }

  #export(): ErrorAndAlert | undefined {
    const keyingMaterial = this.#exported();
    return keyingMaterial && this.#say(keyingMaterial);
  }

  #exported(): Uint8Array | undefined {
    const flags = this.#flags;
    const length = flags.number("export-keying-material") ?? 0;
    if (length === 0) return undefined;
    const given = Uint8Array.from(Buffer.from(flags.text("export-context") ?? "", "latin1"));
    const context = flags.has("use-export-context") ? given : undefined;
    const exported = this.#connection.exportKeyingMaterial(flags.text("export-label") ?? "", context, length);
    if (exported.kind !== "exported") throw new Unexpected(`no keying material: ${exported.kind}`);
    return exported.keyingMaterial;
  }

  /** Takes the connection apart, and goes on with what came of it. */
  #exportSecrets(provider: CryptoProvider): ErrorAndAlert | undefined {
    const extracted = this.#connection.extractSecrets();
    this.#line.write(extracted.output);
    if (extracted.kind !== "extracted") throw new Unexpected(`no secrets: ${extracted.kind}`);
    const { read, write } = structuredClone(extracted.secrets);
    this.#connection = Connection.resume(extracted.secrets, provider, { truncation: "lenient" });
    const secrets = [read.secret ?? new Uint8Array(), write.secret ?? new Uint8Array()];
    const [first = new Uint8Array()] = secrets;
    return this.#say(Buffer.concat([Buffer.of(first.length & 0xff, first.length >> 8), ...secrets]));
  }

  #firstWord(): ErrorAndAlert | undefined {
    const flags = this.#flags;
    const { outcome, unsaid } = this.#early;
    // What was rejected is said again if the flags for that say so.
    const left = outcome === "accepted" ? unsaid : undefined;
    const words = left ?? (flags.has("shim-writes-first") ? firstWords(flags) : []);
    if (left === undefined && flags.has("read-with-unfinished-write")) {
      const sent = this.#connection.send(firstWords(flags)[0] ?? new Uint8Array());
      if (sent.kind === "failed") return sent;
      this.#line.hold(sent.output);
    } else {
      for (const word of words) {
        const failure = this.#say(word);
        if (failure !== undefined) return failure;
      }
    }
    if (flags.has("shim-shuts-down")) return this.#write(this.#connection.close());
    return flags.has("key-update-before-read") ? this.#updateKeys() : undefined;
  }

  async listen(first: Received, events: ConnectionEvent[]): Promise<ErrorAndAlert | undefined> {
    const flags = this.#flags;
    const quiet = flags.has("shim-shuts-down");
    for (let received = first; ; ) {
      this.#line.write(received.output);
      events.push(...received.events);
      for (const event of received.events) await putAway(event);
      for (const data of received.data) {
        if (data.length > 0 && quiet) throw new Unexpected(":APPLICATION_DATA_ON_SHUTDOWN:");
        const failure = this.#echo(data);
        if (failure !== undefined && received.kind !== "failed") return failure;
      }
      if (received.kind === "failed") return received;
      if (received.kind === "closed") return this.#write(this.#connection.close());
      if (quiet && !flags.has("check-close-notify")) return undefined;
      const chunk = await this.#line.read();
      this.#line.release();
      if (chunk === "reset") return this.#connection.abort("reset");
      received = chunk === "end" ? this.#connection.receiveEnd() : this.#connection.receive(chunk);
    }
  }

  #echo(data: Uint8Array): ErrorAndAlert | undefined {
    const flags = this.#flags;
    if (flags.has("use-exporter-between-reads")) this.#exported();
    const turned = data.map((byte) => byte ^ 0xff);
    const updated = flags.has("key-update") ? this.#updateKeys() : undefined;
    return updated ?? this.#say(turned) ?? (flags.has("key-update-before-read") ? this.#updateKeys() : undefined);
  }

  #updateKeys(): ErrorAndAlert | undefined {
    return this.#write(this.#connection.updateKeys());
  }

  #say(data: Uint8Array): ErrorAndAlert | undefined {
    const sent = this.#connection.send(data);
    return sent.kind === "ended" ? undefined : this.#write(sent);
  }

  #write(sent: Sent | ErrorAndAlert): ErrorAndAlert | undefined {
    if (sent.kind === "failed") return sent;
    this.#line.write(sent.output);
    return undefined;
  }
}
