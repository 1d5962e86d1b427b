import { inspect } from "node:util";
import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import {
  type AbortCause,
  ApiMisuse,
  type CryptoProvider,
  dangerousAssertVerified,
  type FatalAlert,
  type SyncGroup,
} from "@sallyport/core";
import { alertIds } from "../../packages/core/src/alerts.ts";
import { expectSticky } from "../support/outcome.ts";
import { converse, joined, makeConfigs, makePair, type Pair, type PairOptions, type Side, type Stage } from "../support/pair.ts";
import { ed25519Seed, seededCredential, seededNoble } from "../support/seeded.ts";
import { contentType, openAll, type OpenedRecord } from "../support/wiretap.ts";

const plaintext = Uint8Array.from({ length: 64 }, (_, at) => (at * 37 + 11) & 255);
/** With every pause that there is. */
const longest = {
  "tls1.3": { asynchronous: true, retry: true, clientAuth: true },
  "tls1.3, resumed": { asynchronous: true, retry: true, resumed: "stored" },
  "tls1.3, early data": { asynchronous: true, resumed: "stored", early: [plaintext], client: { reverifyOnResume: true } },
  "tls1.2": { asynchronous: true, version: "tls1.2", clientAuth: true },
  "tls1.2, resumed": { asynchronous: true, version: "tls1.2", resumed: "stored", client: { reverifyOnResume: true } },
} as const satisfies Record<string, PairOptions>;
const versions = ["tls1.3", "tls1.3, resumed", "tls1.3, early data", "tls1.2", "tls1.2, resumed"] as const;
const roles = ["client", "server"] as const;

/** A stage that one role shows in a handshake. */
interface Position {
  readonly version: keyof typeof longest;
  readonly role: "client" | "server";
  readonly kind: string;
  /** How many came before it. */
  readonly at: number;
}

/** The kinds of stages that one role shows, in order. */
function stagesOf(version: keyof typeof longest, role: "client" | "server"): readonly string[] {
  const pair = makePair(longest[version]);
  converse(pair);
  return pair[role].stages.map(({ kind }) => kind);
}
const positions: readonly Position[] = versions.flatMap((version) =>
  roles.flatMap((role) => stagesOf(version, role).map((kind, at) => ({ version, role, kind, at }))),
);

/** Runs the handshake, and calls `visit` at one stage. */
function visiting({ version, role, at }: Position, visit: (stage: Stage) => void): Pair {
  const count = { client: 0, server: 0 };
  const pair = makePair({
    ...longest[version],
    watch: (stage, of) => {
      if (of === role && count[of] === at) visit(stage);
      count[of]++;
    },
  });
  converse(pair);
  return pair;
}

/** Everything that a stage can be asked, but for `abort`. */
function callsOf(stage: Stage): (() => unknown)[] {
  switch (stage.kind) {
    case "needs-input":
      return [() => stage.receive(new Uint8Array(1)), () => stage.receiveEnd()];
    case "accepted":
      return [() => stage.choose(makeConfigs().server.config), () => stage.reject("access_denied")];
    case "needs-key-shares":
      return [() => stage.provide([])];
    case "needs-secret":
      return [() => stage.provide(undefined)];
    case "needs-session":
      return [() => stage.resume(undefined as never)];
    case "needs-credential":
      return [() => stage.present(undefined)];
    case "needs-single-use":
      return [() => stage.answer("fresh")];
    case "early-data":
      return [() => stage.next(), () => stage.exportEarlyKeyingMaterial("EXPORTER-x", undefined, 1)];
    case "early-data-end":
      return [() => stage.next()];
    case "needs-signature":
      return [() => stage.provide(new Uint8Array(64))];
    case "needs-signature-check":
      return [() => stage.answer(true)];
    case "needs-verdict":
      return [() => stage.trust(dangerousAssertVerified(stage.presented)), () => stage.distrust({ reason: "late" })];
    default:
      return [];
  }
}

describe("a spent stage", () => {
  test.each(versions)("throws ApiMisuse at every call, and disturbs nothing (%s)", (version) => {
    const shown: Record<string, Stage[]> = { client: [], server: [] };
    let refused = 0;
    const pair = makePair({
      ...longest[version],
      watch: (stage, role) => {
        for (const call of (shown[role] ?? []).flatMap(callsOf)) {
          expect(codeOf(call)).toBe("spent-stage");
          refused++;
        }
        shown[role]?.push(stage);
      },
    });
    converse(pair);
    expect([pair.client.stage.kind, pair.server.stage.kind]).toEqual(["established", "established"]);
    expect(refused).toBeGreaterThan(version === "tls1.2, resumed" ? 20 : 50);
    // The handshake is over: all its stages are spent.
    for (const { stages } of [pair.client, pair.server]) {
      for (const call of stages.flatMap(callsOf)) expect(codeOf(call)).toBe("spent-stage");
    }
  });

  test.each(positions)("can still abort: the $role's $kind (number $at, $version)", (position) => {
    let early: Stage | undefined;
    const pair = visiting(position, (stage) => {
      early = stage;
    });
    const failure = early?.abort({ alert: "access_denied", reason: "too late for that" });
    expect(failure?.alert).toEqual({ kind: "alert", level: "fatal", description: "access_denied" });
    expectSticky(Object.assign(pair[position.role], { failure }));
  });
});

describe("a mistake of the caller", () => {
  test.each(positions)("is thrown at the $role's $kind (number $at, $version), and spends nothing", (position) => {
    const codes: unknown[] = [];
    const pair = visiting(position, (stage) => codes.push(...mistakes(stage).map(codeOf)));
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(codes)).toEqual(new Set(["bad-argument"]));
    expect([pair.client.stage.kind, pair.server.stage.kind]).toEqual(["established", "established"]);
  });

  // What callers without types, and those with casts, manage.
  function mistakes(stage: Stage): (() => unknown)[] {
    const wrong: readonly never[] = [undefined, null, 1, "text", {}, []].map((value) => value as never);
    const causes = [...wrong, { alert: "close_notify", reason: "" } as never, { alert: "user_canceled", reason: "" } as never];
    const aborts = [...causes, { alert: "toString", reason: "" } as never, { alert: "access_denied" } as never].map(
      (cause) => () => stage.abort(cause),
    );
    switch (stage.kind) {
      case "needs-input":
        return [...aborts, ...wrong.map((value) => () => stage.receive(value))];
      case "accepted":
        return [...aborts, ...wrong.map((value) => () => stage.choose(value)), () => stage.reject("close_notify" as FatalAlert)];
      case "needs-key-shares": {
        const [group] = stage.groups.map(({ name }) => name);
        const share = { group: group ?? "x25519", share: new Uint8Array(3), key: 1 };
        return [
          ...aborts,
          ...wrong.map((value) => () => stage.provide(value)),
          () => stage.provide([share, share]),
          () => stage.provide([share]),
        ];
      }
      case "needs-secret": {
        const short = { secret: new Uint8Array(32), share: new Uint8Array(3) };
        const answers: readonly unknown[] = [null, 1, {}, { secret: "text" }, { secret: new Uint8Array(0) }];
        const shares: readonly unknown[] = stage.started === undefined ? [short, { secret: short.secret }] : [];
        return [...aborts, ...[...answers, ...shares].map((value) => () => stage.provide(value as never))];
      }
      case "needs-session": {
        const isClient = "key" in stage;
        // Without a session there is a full handshake, at both.
        const given = wrong.filter((value) => (isClient ? value !== undefined : !Array.isArray(value)));
        const lists: readonly unknown[] = isClient
          ? [{ state: "text" }]
          : [[null], [1], [{}], [{ index: 9, state: new Uint8Array(1) }], [{ index: 0, state: 1 }]];
        return [...aborts, ...[...given, ...lists].map((value) => () => stage.resume(value as never))];
      }
      case "needs-credential": {
        const own = seededCredential("client");
        const unusable: readonly unknown[] = [
          { ...own, chain: [] },
          { ...own, signer: undefined },
          { ...own, signer: { ...own.signer, schemes: [] } },
        ];
        return [...aborts, ...[...wrong.slice(1), ...unusable].map((value) => () => stage.present(value as never))];
      }
      case "needs-signature":
        return [
          ...aborts,
          ...[...wrong, new Uint8Array(0) as never, new Uint8Array(65536) as never].map((value) => () => stage.provide(value)),
        ];
      case "needs-single-use":
        return [...aborts, ...[...wrong, true as never].map((value) => () => stage.answer(value))];
      case "early-data": {
        const exports = wrong
          .filter((value) => value !== undefined)
          .map((value) => () => stage.exportEarlyKeyingMaterial("EXPORTER-x", value, 1));
        return [
          ...aborts,
          ...exports,
          () => stage.exportEarlyKeyingMaterial("", undefined, 1),
          () => stage.exportEarlyKeyingMaterial("x", undefined, 0),
        ];
      }
      case "needs-signature-check":
        return [...aborts, ...wrong.map((value) => () => stage.answer(value))];
      case "needs-verdict": {
        const others = dangerousAssertVerified({ ...stage.presented });
        const reasons = [...wrong, { reason: 1 } as never, { reason: "", alert: "decode_error" } as never];
        return [
          ...aborts,
          ...[...wrong, others as never].map((value) => () => stage.trust(value)),
          ...reasons.map((value) => () => stage.distrust(value)),
        ];
      }
      default:
        return aborts;
    }
  }
});

describe("abort", () => {
  const causes: readonly AbortCause[] = [
    "cancelled",
    "timeout",
    "reset",
    { alert: "internal_error", reason: "the database is away" },
    { alert: "access_denied", reason: "no" },
  ];
  test.each(positions.flatMap((position) => causes.map((cause) => ({ ...position, cause, name: JSON.stringify(cause) }))))(
    "at the $role's $kind (number $at, $version) with $name sends just what it must",
    ({ cause, ...position }) => {
      const { version, role, kind } = position;
      let output = new Uint8Array(0);
      let error: unknown;
      const pair = visiting(position, (stage) => {
        const failure = stage.abort(cause);
        output = Uint8Array.from(failure.output);
        error = failure.error;
        const again = stage.abort("cancelled");
        expect([again.output.length, again.error, again.alert]).toEqual([0, failure.error, failure.alert]);
      });
      const side = pair[role];
      const first = positions.find((each) => each.version === version && each.role === "client" && each.kind === "needs-input");
      const isSilence = cause === "timeout" && role === "client" && kind === "needs-input" && position.at === first?.at;
      expect(error).toMatchObject(
        isSilence ? { kind: "no-answer-to-client-hello" } : { kind: "aborted", context: { by: cause } },
      );
      const before = openAll(role, side.output, side.keyLog, side.heard);
      const records = openAll(role, joined([side.output, output]), side.keyLog, side.heard).slice(before.length);
      const saysNothing = cause === "reset" || (role === "client" && side.output.length === 0);
      const [canceled, closed] = [Uint8Array.of(1, alertIds.user_canceled), Uint8Array.of(1, alertIds.close_notify)];
      const expected = saysNothing
        ? []
        : typeof cause === "object"
          ? [Uint8Array.of(2, alertIds[cause.alert])]
          : kind === "established"
            ? [closed]
            : saysFinished(before)
              ? [Uint8Array.of(2, alertIds.internal_error)]
              : [canceled, closed];
      expect(records.map(({ type }) => type)).toEqual(expected.map(() => 21));
      expect(records.map(({ content }) => Uint8Array.from(content))).toEqual(expected);
      // Under the keys that the peer reads with at that moment.
      const hasKeys = version.startsWith("tls1.2")
        ? before.some(({ type }) => type === contentType.changeCipherSpec)
        : side.keyLog.length > 0;
      expect(records.every(({ isProtected }) => isProtected === hasKeys)).toBe(true);
    },
  );
});

/** Behind it the peer may be established. */
function saysFinished(sent: readonly OpenedRecord[]): boolean {
  const flight = joined(sent.filter(({ type }) => type === contentType.handshake).map(({ content }) => content));
  const types: number[] = [];
  for (let at = 0; at < flight.length; ) {
    types.push(flight[at] ?? 0);
    at += 4 + (((flight[at + 1] ?? 0) << 16) | ((flight[at + 2] ?? 0) << 8) | (flight[at + 3] ?? 0));
  }
  return types.includes(20);
}

describe("printing", () => {
  const printed = [
    ["noble", "tls1.3", 10],
    ["node", "tls1.3", 10],
    ["noble", "tls1.3, resumed", 10],
    ["node", "tls1.3, resumed", 10],
    ["noble", "tls1.3, early data", 14],
    ["node", "tls1.3, early data", 14],
    ["noble", "tls1.2", 2],
    ["node", "tls1.2", 2],
    ["noble", "tls1.2, resumed", 2],
  ] as const;
  test.each(printed)("shows neither a secret nor a plaintext, whatever is printed (%s, %s)", (name, version, secretCount) => {
    const privateKeys: Uint8Array[] = [ed25519Seed("server"), ed25519Seed("client")];
    const options: PairOptions = {
      ...longest[version],
      ...(name === "noble" ? { provider: (seed) => spying(seededNoble(seed), privateKeys) } : {}),
    };
    const texts: string[] = [];
    const print = (value: unknown): void =>
      void texts.push(inspect(value, { depth: 10, maxArrayLength: null }), JSON.stringify(value) ?? "");
    const pair = makePair({ ...options, watch: print });
    converse(pair);
    pair.client.send(plaintext);
    if (!version.startsWith("tls1.2")) pair.server.sent(pair.server.established.updateKeys({ requestPeer: true }));
    // The server hears the client's data and what its own abort makes of it.
    converse(pair);
    const { client, server } = makeConfigs(options);
    for (const value of [client.config, server.config, pair.client.established, pair.server.established]) print(value);
    for (const side of [pair.client, pair.server]) side.stages.forEach(print);
    const failing = failedWithData(plaintext);
    print(failing);
    print(failing.failure?.error);
    const text = texts.map(bare).join("\n");
    const secrets = [...pair.client.keyLog, ...pair.server.keyLog].map(
      (line) => new Uint8Array(Buffer.from(line.split(" ")[2] ?? "", "hex")),
    );
    expect(secrets.length).toBe(secretCount);
    for (const secret of [...secrets, ...privateKeys, plaintext]) {
      for (const part of [secret.subarray(0, 8), secret.subarray(-8)]) {
        expect(text).not.toContain([...part].join());
        expect(text).not.toContain(Buffer.from(part).toString("hex"));
        expect(text).not.toContain(Buffer.from(part.subarray(0, 6)).toString("base64"));
      }
    }
    // The looking itself works: what is public is found.
    const random = Buffer.from(pair.client.keyLog[0]?.split(" ")[1] ?? "", "hex");
    expect(text).toContain([...random.subarray(0, 8)].join());
  });

  /** Digits and commas as they were: how bytes are laid out differs between printers. */
  function bare(text: string): string {
    return text.replaceAll(/"\d+":/g, "").replaceAll(/[\s[\]{}]/g, "");
  }
  function spying(provider: CryptoProvider, privateKeys: Uint8Array[]): CryptoProvider {
    const spied = (group: SyncGroup): SyncGroup => ({
      ...group,
      start: () => {
        const started = group.start();
        if (started.key instanceof Uint8Array) privateKeys.push(Uint8Array.from(started.key));
        return started;
      },
    });
    return { ...provider, groups: provider.groups.map((group) => ("start" in group ? spied(group) : group)) };
  }
  /** A side whose last step gave data, and then failed. */
  function failedWithData(plaintext: Uint8Array): Side {
    const pair = makePair();
    converse(pair);
    pair.client.send(plaintext);
    pair.server.hear(new Uint8Array(Buffer.concat([pair.client.take(), Uint8Array.of(23, 3, 3, 0, 17), new Uint8Array(17)])));
    expect([pair.server.failure?.error.kind, pair.server.data.length]).toEqual(["bad-record-mac", 1]);
    // What the side itself took down is the test's, not the machine's.
    return Object.assign(pair.server, { data: [] });
  }
});

test.prop([fc.constantFrom(...positions), fc.constantFrom("cancelled", "reset") as fc.Arbitrary<AbortCause>])(
  "once a stage was aborted every stage of that connection gives the same failure",
  (position, cause) => {
    const shown: Stage[] = [];
    const pair = visiting(position, (stage) => {
      const failure = stage.abort(cause);
      shown.push(failure);
    });
    const [failure] = shown;
    if (failure?.kind !== "failed") throw new Error("the stage was visited");
    expectSticky(Object.assign(pair[position.role], { failure }));
  },
);

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof ApiMisuse) return thrown.code;
    throw thrown;
  }
  return "nothing was thrown";
}
