// Secrets are wiped when their state ends, keys are destroyed: whatever the handshake, and wherever it ends.
import { describe, expect, test } from "vitest";
import { type Connection, dangerousRawPsk, importedPsk } from "@sallyport/core";
import { converse, makePair, type PairOptions } from "../support/pair.ts";
import { keepSecrets, type SecretMemory } from "../support/secret-memory.ts";
import { seededNode, seededRandom } from "../support/seeded.ts";

const random = seededRandom("wiped");
const psks = [
  dangerousRawPsk({ identity: Uint8Array.of(1), key: random(32), hash: "sha256" }),
  importedPsk({ identity: Uint8Array.of(2), key: random(32) }),
];
const early = [random(30)];
const handshakes: readonly (readonly [name: string, options: PairOptions])[] = [
  ["a full handshake", {}],
  ["one behind HelloRetryRequest", { retry: true }],
  ["one in which both show certificates", { clientAuth: true }],
  ["a resumption by a ticket", { resumed: "sealed" }],
  ["one by what is stored, behind HelloRetryRequest", { resumed: "stored", retry: true }],
  ["one of both certificates", { resumed: "stored", clientAuth: true }],
  ["one with early data", { resumed: "stored", early }],
  ["one with early data that HelloRetryRequest ends", { resumed: "stored", early, retry: true }],
  ["one with early data that is not taken", { resumed: "sealed", early, server: { label: "another" } }],
  ["external PSKs", { psks }],
  ["external PSKs that the server does not know", { psks: { client: psks, server: [] } }],
  ["TLS 1.2", { version: "tls1.2" }],
  ["TLS 1.2 in which both show certificates", { version: "tls1.2", clientAuth: true }],
  ["TLS 1.2 behind a session of TLS 1.3", { resumed: "sealed", server: { versions: ["tls1.2"] } }],
  ["a resumption of TLS 1.2 by a ticket", { version: "tls1.2", resumed: "sealed" }],
  ["one of TLS 1.2 by what is stored, of both certificates", { version: "tls1.2", resumed: "stored", clientAuth: true }],
];

const ended = new Error("ended");
interface Met {
  /** Those that the role came by. */
  readonly stages: readonly string[];
  readonly memory: SecretMemory;
  /** Of the role; undefined: the handshake has ended before. */
  readonly connection: Connection | undefined;
}
/** @param ending at which of the role's stages the handshake ends; undefined: at none */
function met(role: "client" | "server", options: PairOptions, ending?: number): Met {
  let memory: SecretMemory | undefined;
  let connection: Connection | undefined;
  const stages: string[] = [];
  const all: PairOptions = {
    ...options,
    provider: (seed) => {
      const plain = seededNode(seed);
      if (seed !== `pair/${role}`) return plain;
      memory = keepSecrets(plain);
      return memory.provider;
    },
    atStart: () => memory?.forget(),
    watch: (stage, of) => {
      if (of !== role) return;
      stages.push(stage.kind);
      if (stage.kind === "established") connection = stage.connection;
      if (stages.length <= (ending ?? Number.POSITIVE_INFINITY)) return;
      if (stage.kind !== "failed") stage.abort("cancelled");
      throw ended;
    },
  };
  try {
    converse(makePair(all));
  } catch (thrown) {
    if (thrown !== ended) throw thrown;
  }
  if (memory === undefined) throw new Error("a config asks for a provider");
  return { stages, memory, connection };
}

describe.each(["client", "server"] as const)("of the %s, nothing is left in memory", (role) => {
  describe.each(handshakes)("%s:", (_, options) => {
    test.each([true, false])("where it ends, at whatever stage, with answers that are waited for: %s", (asynchronous) => {
      const { stages } = met(role, { ...options, asynchronous });
      expect(stages.length).toBeGreaterThan(1);
      for (const [ending, stage] of stages.entries()) {
        const { memory, stages } = met(role, { ...options, asynchronous }, ending);
        expect(stages.at(-1)).toBe(stage);
        expect(memory.left(), `ended at ${stage}`).toEqual([]);
      }
    });

    test("once it is established, but the keys; and nothing once that ends", () => {
      const { memory, connection } = met(role, options);
      expect(memory.made).toBeGreaterThan(5);
      expect(
        memory
          .left()
          .map((what) => what.replace(/ \(.*/, ""))
          .sort(),
      ).toEqual(["a key that opens", "a key that seals"]);
      connection?.abort("cancelled");
      expect(memory.left()).toEqual([]);
    });
  });
});
