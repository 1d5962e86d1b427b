// A process of its own, with --expose-gc: what of a handshake is still reachable while its connections live. Prints it as JSON.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { ClientHello, Connection, CryptoProvider, Hash } from "@sallyport/core";
import { connect, createServer, type TlsSocket } from "@sallyport/node";
import { establishedPair, makeConfigs, type PairOptions } from "./pair.ts";
import { seededNoble, seededNode } from "./seeded.ts";

export interface Survivors {
  /** Case → what is left. */
  readonly left: Readonly<Record<string, readonly string[]>>;
  /** What is left where somebody keeps a stage: the machine, and what it knows. */
  readonly kept: readonly string[];
}

const providers = { "crypto-node": seededNode, "crypto-noble": seededNoble } as const;
const ways: Readonly<Record<string, PairOptions>> = {
  full: {},
  "with a client's certificate": { clientAuth: true },
  asynchronous: { asynchronous: true, clientAuth: true },
  retried: { retry: true },
  resumed: { resumed: "sealed" },
  "resumed from a store": { resumed: "stored" },
};

/** In a function of its own: no variable of it lives on. */
function established(
  options: PairOptions,
  provider: (seed: string) => CryptoProvider,
  keep?: (stage: object) => void,
): { readonly connections: readonly [Connection, Connection]; readonly witness: Witness } {
  const witness = new Witness();
  const { both } = establishedPair({
    ...options,
    provider: (seed) => witness.provider(provider(seed)),
    watch: (stage, role) => {
      witness.saw(`the ${role}'s stage ${stage.kind}`, stage);
      keep?.(stage);
      if (stage.kind === "accepted") witness.saw("the ClientHello", stage.clientHello);
    },
  });
  return { connections: both, witness };
}

function talk([client, server]: readonly [Connection, Connection]): void {
  for (const [from, to] of [
    [client, server],
    [server, client],
  ] as const) {
    const sent = from.send(Uint8Array.of(1, 2, 3));
    if (sent.kind !== "sent" || to.receive(sent.output).data.length !== 1) throw new Error("the connection does not work");
  }
}

class Witness {
  readonly #seen: { readonly what: string; readonly ref: WeakRef<object> }[] = [];

  saw<Value extends object>(what: string, value: Value): Value {
    this.#seen.push({ what, ref: new WeakRef(value) });
    return value;
  }
  alive(): string[] {
    if (this.#seen.length < 4) throw new Error("too little was seen");
    return [...new Set(this.#seen.filter(({ ref }) => ref.deref() !== undefined).map(({ what }) => what))];
  }
  /** Sees all running hashes, which are the transcripts, and the halves of every key exchange. */
  provider(base: CryptoProvider): CryptoProvider {
    const watched = (hash: Hash): Hash => {
      const outer: Hash = {
        update: (data) => {
          hash.update(data);
          return outer;
        },
        clone: () => watched(hash.clone()),
        digest: () => hash.digest(),
      };
      return this.saw("a transcript", outer);
    };
    return {
      ...base,
      hashes: base.hashes.map((hash) => ({ ...hash, create: () => watched(hash.create()) })),
      groups: base.groups.map((group) => {
        if (!("start" in group)) return group;
        return {
          ...group,
          start: () => {
            const { share, key } = group.start();
            return { share, key: this.saw("a private key share", { key }) };
          },
          complete: (own, share) => {
            const secret = group.complete((own as { readonly key: unknown }).key, share); // of `start`
            return secret && this.saw("a shared secret", secret);
          },
        };
      }),
    };
  }
}

async function survivorsOfSockets(): Promise<string[]> {
  const witness = new Witness();
  const hellos: WeakRef<ClientHello>[] = [];
  const configs = makeConfigs();
  const accept = (hello: ClientHello): typeof configs.server.config => {
    hellos.push(new WeakRef(hello));
    for (const what of ["the ClientHello", "its extensions", "its suites", "its groups"]) {
      const parts: Readonly<Record<string, object | undefined>> = {
        "the ClientHello": hello,
        "its extensions": hello.extensions,
        "its suites": hello.cipherSuites,
        "its groups": hello.groups,
      };
      witness.saw(what, parts[what] ?? hello);
    }
    return configs.server.config;
  };
  const server = createServer({ accept });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const accepted = once(server, "secureConnection");
  const { port } = server.address() as AddressInfo; // listening on TCP
  const socket = connect({ port, host: "127.0.0.1", servername: "localhost", config: configs.client.config });
  await once(socket, "secureConnect");
  const [theirs]: TlsSocket[] = await accepted;
  await collect();
  const alive = witness.alive();
  if (theirs?.clientHello?.serverName !== "localhost") throw new Error("the ClientHello can't be asked for any more");
  socket.destroy();
  theirs.destroy();
  server.close();
  return alive;
}

/** What is only weakly held lives to the end of its job; and some of it needs more than one collection. */
async function collect(): Promise<void> {
  for (let round = 0; round < 4; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
}

const found: Record<string, readonly string[]> = {};
for (const [providerName, provider] of Object.entries(providers)) {
  for (const version of ["tls1.3", "tls1.2"] as const) {
    for (const [way, options] of Object.entries(ways)) {
      if (version === "tls1.2" && way !== "full" && !("clientAuth" in options)) continue;
      const { connections, witness } = established({ ...options, version }, provider);
      await collect();
      found[`${providerName}, ${version}, ${way}`] = witness.alive();
      talk(connections);
    }
  }
}
found["a socket of the node adapter"] = await survivorsOfSockets();
const keeper: object[] = [];
const kept = established({}, seededNode, (stage) => keeper.push(stage)).witness;
await collect();
const answer: Survivors = { left: found, kept: keeper.length > 0 ? kept.alive() : [] };
console.log(JSON.stringify(answer));
