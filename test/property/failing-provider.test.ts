import { describe, expect, test } from "vitest";
import type { ErrorAndAlert, TraceEvent } from "@sallyport/core";
import { alertIds } from "../../packages/core/src/alerts.ts";
import { type Fault, type Operation, operations, Workshop } from "../support/faulty.ts";
import { expectSticky, fatalAlertsOf, said } from "../support/outcome.ts";
import { converse, joined, makePair, type Pair, type PairOptions, type Side, type Stage } from "../support/pair.ts";
import { now, seededCredential, seededNode, trusting } from "../support/seeded.ts";

const roles = ["client", "server"] as const;
type RoleName = (typeof roles)[number];

/** A pair of which one side works in a workshop. It talks as long as it can: data, KeyUpdates, an exporter, close_notify. */
function talk(role: RoleName, options: Variant, fault: Fault | undefined): { pair: Pair; workshop: Workshop } {
  const workshop = new Workshop();
  const made = workshop.provider(seededNode(role));
  const clock = workshop.clock(now);
  const pair = makePair({
    ...options,
    server:
      role === "server"
        ? {
            provider: made,
            now: clock,
            credentials: [workshop.credential(seededCredential("server"))],
            ...(options.clientAuth ? { clientAuthentication: { mode: "required", verifier: workshop.verifier(trusting) } } : {}),
          }
        : {},
    client:
      role === "client"
        ? {
            provider: made,
            now: clock,
            verifier: workshop.verifier(trusting),
            ...(options.clientAuth ? { credentials: [workshop.credential(seededCredential("client"))] } : {}),
          }
        : {},
    // Configs are made, and try their provider once: what fails there is theirs to tell.
    atStart: () => {
      workshop.armed = true;
      workshop.fault = fault;
    },
  });
  converse(pair);
  const each = (speak: (side: Side) => void): void => {
    for (const side of [pair.client, pair.server]) {
      if (side.connection !== undefined && side.failure === undefined) speak(side);
      converse(pair);
    }
  };
  each((side) => side.send(said[side.role]));
  each((side) => {
    if (side.established.info.version === "tls1.3") side.sent(side.established.updateKeys({ requestPeer: true }));
  });
  each((side) => {
    const exported = side.established.exportKeyingMaterial("label", undefined, 20);
    if (exported.kind === "failed") side.sent(exported);
  });
  each((side) => side.sent(side.established.close()));
  return { pair, workshop };
}

type Variant = Pick<PairOptions, "retry" | "version" | "resumed" | "clientAuth" | "early">;
const countsOf = (role: RoleName, options: Variant): ReadonlyMap<Operation, number> =>
  talk(role, options, undefined).workshop.calls;

/** Every call of the operation that a whole connection makes. */
function* faults(role: RoleName, options: Variant, operation: Operation, instead: Fault["instead"]): Generator<Fault> {
  const count = countsOf(role, options).get(operation) ?? 0;
  for (let call = 1; call <= count; call++) yield { operation, call, instead };
}

function expectLocalFault({ pair, workshop }: ReturnType<typeof talk>, role: RoleName, fault: Fault): void {
  const where = `call ${fault.call} of ${fault.operation}`;
  const side = pair[role];
  const peer = role === "client" ? pair.server : pair.client;
  expect(workshop.calls.get(fault.operation), where).toBeGreaterThanOrEqual(fault.call);
  expect(side.failure?.error, where).toMatchObject({
    kind: "local-fault",
    fault: "us",
    context: { step: expect.stringMatching(/./) },
  });
  expectSticky(side);
  if (side.output.length === 0 && role === "client") {
    // Nobody was spoken to yet.
    return expect(side.failure?.alert, where).toEqual({ kind: "none", due: "internal_error", reason: "nothing was sent yet" });
  }
  if (side.failure?.alert.kind === "none") {
    return expect(side.failure.alert, where).toEqual({ kind: "none", due: "internal_error", reason: "own write side closed" });
  }
  expect(fatalAlertsOf(side), where).toEqual([{ level: 2, description: alertIds.internal_error }]);
  if (peer.closed) return;
  // The peer can read it, whatever keys were being changed.
  expect(peer.failure?.error, where).toMatchObject({
    kind: "alert-received",
    context: { description: { name: "internal_error" }, level: "fatal" },
  });
  const heard = joined(peer.data);
  expect(heard).toEqual(said[role].subarray(0, heard.length));
}

const handshakes: readonly { readonly name: string; readonly options: Variant }[] = [
  { name: "at once", options: {} },
  { name: "with a retry", options: { retry: true } },
  { name: "in TLS 1.2", options: { version: "tls1.2" } },
  { name: "in a resumption by a sealed ticket", options: { resumed: "sealed" } },
  { name: "in a resumption with early data", options: { resumed: "stored", early: [new Uint8Array(20)] } },
  { name: "in a resumption of TLS 1.2 by a ticket", options: { version: "tls1.2", resumed: "sealed" } },
  { name: "where both show certificates", options: { clientAuth: true } },
  { name: "where both show certificates in TLS 1.2", options: { clientAuth: true, version: "tls1.2" } },
];
const variants = roles.flatMap((role) => handshakes.map((handshake) => ({ role, ...handshake })));

/** A pair whose one side watches itself with something that throws at its n-th call; undefined: it was not called that often. */
function watched(role: RoleName, call: number, option: "trace" | "dangerousKeyLog", thrown: unknown): Pair | undefined {
  let calls = 0;
  const throwing = (): void => {
    if (++calls === call) throw thrown;
  };
  const pair = makePair({ [role]: { [option]: throwing } });
  converse(pair);
  return calls < call ? undefined : pair;
}

describe.each(roles)("what watches the %s and throws", (role) => {
  test.each(["trace", "dangerousKeyLog"] as const)("is a local fault: %s", (option) => {
    const cause = new Error("the disk is full");
    let call = 1;
    for (; ; call++) {
      const pair = watched(role, call, option, cause);
      if (pair === undefined) break;
      const { failure, output } = pair[role];
      expect(failure?.error).toMatchObject({ kind: "local-fault", cause });
      const peer = role === "client" ? pair.server : pair.client;
      if (output.length > 0)
        expect(peer.failure?.error).toMatchObject({
          kind: "alert-received",
          context: { description: { name: "internal_error" } },
        });
    }
    expect(call).toBeGreaterThan(option === "trace" ? 5 : 4);
  });

  test("may throw while an alert is written, and the alert is sent all the same", () => {
    const pair = makePair({
      [role]: {
        trace: (event: TraceEvent) => {
          if (event.kind === "alert") throw new Error("the disk is full");
        },
      },
    });
    converse(pair);
    pair[role].hear(Uint8Array.of(23, 3, 3, 0, 17, ...new Uint8Array(17)));
    expect(pair[role].failure?.error.kind).toBe("bad-record-mac");
    expect(fatalAlertsOf(pair[role])).toHaveLength(1);
  });
});

describe.each(roles)("an answerer of the %s", (role) => {
  test("that throws the TlsError of another connection makes a local fault of it, and no alert of the other's", () => {
    const elsewhere = makePair();
    converse(elsewhere);
    elsewhere.client.hear(Uint8Array.of(23, 3, 3, 0, 17, ...new Uint8Array(17)));
    const theirs = elsewhere.client.failure?.error;
    const before = { ...theirs };
    const credential = seededCredential("server");
    const throwing = (): never => {
      throw theirs;
    };
    const pair = makePair(
      role === "client"
        ? { client: { verifier: { ...trusting, verify: throwing } } }
        : { server: { credentials: [{ ...credential, signer: { ...credential.signer, sign: throwing } }] } },
    );
    converse(pair);
    expect(pair[role].failure?.error).toMatchObject({ kind: "local-fault", cause: theirs });
    expect(pair[role].failure?.alert).toMatchObject({ description: "internal_error" });
    expect({ ...theirs }).toEqual(before);
  });

  test("that aborts its own connection ends it by that, and nothing else is said", () => {
    const credential = seededCredential("server");
    const stages: Stage[] = [];
    let aborted: ErrorAndAlert | undefined;
    const aborting = (): void => {
      aborted = stages.at(-1)?.abort({ alert: "access_denied", reason: "on second thoughts" });
    };
    const pair = makePair({
      watch: (stage, of) => {
        if (of === role) stages.push(stage);
      },
      client: {
        verifier: {
          ...trusting,
          verify: (presented) => (role === "client" ? aborting() : undefined, trusting.verify(presented)),
        },
      },
      server: {
        credentials: [
          {
            ...credential,
            signer: {
              ...credential.signer,
              sign: (scheme, message) => (role === "server" ? aborting() : undefined, credential.signer.sign(scheme, message)),
            },
          },
        ],
      },
    });
    converse(pair);
    expect(aborted?.alert).toEqual({ kind: "alert", level: "fatal", description: "access_denied" });
    expect(pair[role].failure?.error).toBe(aborted?.error);
    expectSticky(pair[role]);
  });
});

describe.each(variants)("at the $role, $name,", ({ role, options }) => {
  test("nothing fails in a sound workshop, and all its tools are used", () => {
    const { pair, workshop } = talk(role, options, undefined);
    expect([pair.client.failure, pair.server.failure]).toEqual([undefined, undefined]);
    expect([joined(pair.client.data), joined(pair.server.data)]).toEqual([said.server, said.client]);
    const { version, resumed, clientAuth } = options;
    const initiates = (role === "client") !== (version === "tls1.2");
    const others: Operation[] = initiates ? ["respond"] : role === "client" ? ["complete"] : ["start", "complete"];
    if (version === "tls1.2" && role === "server") others.splice(0, others.length, "respond");
    // The client has offered TLS 1.3 as well, with a share.
    if (resumed !== undefined && version === "tls1.2")
      others.splice(0, others.length, "complete", "respond", ...(role === "server" ? (["start"] as const) : []));
    if (resumed !== undefined) others.push("sign", "verify", "judge");
    else if (!clientAuth) others.push(...(role === "client" ? (["sign"] as const) : (["verify", "judge", "now"] as const)));
    expect([...workshop.calls.keys()].sort()).toEqual(operations.filter((operation) => !others.includes(operation)).sort());
  });

  test.each(operations)(
    "whatever call of %s throws, the peer reads internal_error and the error keeps the cause",
    (operation) => {
      const cause = new Error("the tool broke");
      const broken = (): never => {
        throw cause;
      };
      for (const fault of faults(role, options, operation, broken)) {
        const done = talk(role, options, fault);
        expectLocalFault(done, role, fault);
        expect(done.pair[role].failure?.error.cause).toBe(cause);
      }
    },
  );

  const shorter = (result: unknown): unknown => (result instanceof Uint8Array ? result.slice(0, -1) : result);
  const longer = (result: unknown): unknown => (result instanceof Uint8Array ? joined([result, Uint8Array.of(0)]) : result);
  const wrongResults: Partial<Record<Operation, readonly ((result: unknown) => unknown)[]>> = {
    random: [shorter, longer, () => undefined, () => "text", (result) => [...(result as Uint8Array)]],
    hmac: [shorter, longer, () => undefined, () => new Uint8Array(0), () => "text"],
    digest: [shorter, longer, () => undefined, () => new Uint8Array(0), () => "text"],
    clone: [() => undefined, () => ({})],
    create: [() => undefined, () => ({})],
    start: [
      () => undefined,
      () => ({ share: "text", key: 1 }),
      (result) => ({ ...(result as object), share: new Uint8Array(3) }),
      (result) => ({ ...(result as object), share: new Array(32).fill(1) }),
    ],
    complete: [() => null, () => "text", () => new Uint8Array(0), () => ({})],
    respond: [
      () => null,
      () => ({}),
      (result) => ({ ...(result as object), secret: undefined }),
      (result) => ({ ...(result as object), secret: new Uint8Array(0) }),
      (result) => ({ ...(result as object), share: new Uint8Array(3) }),
      (result) => ({ ...(result as object), share: "text" }),
    ],
    sign: [() => undefined, () => "text", () => new Uint8Array(0), () => new Uint8Array(65536)],
    verify: [() => 1, () => "yes", () => undefined, () => ({}), () => Promise.resolve(true)],
    judge: [
      () => undefined,
      () => true,
      () => ({}),
      () => ({ reason: "no", alert: "decode_error" }),
      () => Promise.resolve(true),
    ],
    importSeal: [() => undefined],
    importOpen: [() => undefined],
    open: [shorter, longer, () => null, () => "text", () => new Uint8Array(0)],
  };
  test.each(Object.entries(wrongResults))(
    "whatever call of %s gives no sound result, nothing is built on it",
    (name, results) => {
      for (const instead of results) {
        for (const fault of faults(role, options, operations.find((operation) => operation === name) ?? "random", instead)) {
          expectLocalFault(talk(role, options, fault), role, fault);
        }
      }
    },
  );
});
