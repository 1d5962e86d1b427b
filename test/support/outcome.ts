// What must hold of two machines when all is said, whatever happened on the way.
import { expect } from "vitest";
import { alertIds } from "../../packages/core/src/alerts.ts";
import { joined, type Pair, type Side } from "./pair.ts";
import { alertsIn, contentType, openAll, type OpenedRecord, secretOf, type WireAlert } from "./wiretap.ts";

/** What each is given to say, in two parts. */
export const said = {
  client: Uint8Array.from({ length: 70 }, (_, at) => at),
  server: Uint8Array.from({ length: 90 }, (_, at) => 255 - at),
};

/** Between the one that says it and the one that hears it; what it gives is heard. */
export type Wire = (from: "client" | "server", bytes: Uint8Array) => Uint8Array;

/** A whole connection: data, KeyUpdates and close_notify both ways, by whoever can still speak; then both transports end. */
export function converseThrough(pair: Pair, wire: Wire): Pair {
  const { client, server } = pair;
  const carry = (): void => {
    for (let turn = 0; turn < 50; turn++) {
      const fromClient = client.take();
      const fromServer = server.take();
      if (fromClient.length + fromServer.length === 0) return;
      server.hear(wire("client", fromClient));
      client.hear(wire("server", fromServer));
    }
    throw new Error("two machines that never fall silent");
  };
  carry();
  const each = (speak: (side: Side) => void): void => {
    for (const side of [client, server]) {
      if (side.connection !== undefined && side.failure === undefined) speak(side);
      carry();
    }
  };
  each((side) => side.send(said[side.role].subarray(0, 50)));
  each((side) => {
    if (side.established.info.version === "tls1.3") side.sent(side.established.updateKeys({ requestPeer: true }));
  });
  each((side) => side.send(said[side.role].subarray(50)));
  each((side) => side.sent(side.established.close()));
  client.hearEnd();
  server.hearEnd();
  return pair;
}

/** All that a side said, opened by its own key log. */
export function recordsOf({ role, output, keyLog, heard }: Side): OpenedRecord[] {
  return openAll(role, output, keyLog, heard);
}

export function fatalAlertsOf(side: Side): WireAlert[] {
  return alertsIn(recordsOf(side)).filter(({ level }) => level === 2);
}

/**
 * Each is established and closed in order, or failed; who fails by itself says so exactly once, and the other reports it; nobody
 * hears what was not said; and two that are both established agree in everything.
 */
export function expectSoundEnd(pair: Pair): void {
  const { client, server } = pair;
  for (const [side, peer] of [
    [client, server],
    [server, client],
  ] as const) {
    expect(side.failure !== undefined || side.closed).toBe(true);
    const heard = joined(side.data);
    expect(heard).toEqual(said[peer.role].subarray(0, heard.length));
    expectOneAlert(side, peer);
    if (side.failure !== undefined) expectSticky(side);
  }
  if (client.connection !== undefined && server.connection !== undefined) expectAgreement(client, server);
}

function expectOneAlert(side: Side, peer: Side): void {
  const { failure } = side;
  const fatal = fatalAlertsOf(side);
  if (failure === undefined) return expect(fatal).toEqual([]);
  const { error, alert } = failure;
  if (error.kind === "alert-received" && error.context.level === "fatal") {
    expect(fatal).toEqual([]);
    return expect(alert).toMatchObject({ kind: "none", reason: "the peer sent a fatal alert" });
  }
  if (error.kind === "truncated" || error.kind === "closed-early") {
    expect(fatal).toEqual([]);
    return expect(alert).toMatchObject({ kind: "none", reason: "the peer has ended" });
  }
  if (alert.kind !== "alert") {
    // Nothing is said behind one's own close_notify.
    expect(alert).toMatchObject({ kind: "none", reason: "own write side closed" });
    return expect(fatal).toEqual([]);
  }
  expect(fatal).toEqual([{ level: 2, description: alertIds[alert.description] }]);
  expect(recordsOf(side).at(-1)?.type).toBe(contentType.alert);
  if (peer.closed) return;
  expect(peer.failure).toBeDefined();
  // Where the change lies in what the handshake keys hash the two have no keys in common, and each fails by itself.
  if (!shareHandshakeKeys(side, peer)) return;
  expect(peer.failure?.error).toMatchObject({ kind: "alert-received", context: { description: { name: alert.description } } });
}

function shareHandshakeKeys(one: Side, other: Side): boolean {
  const label = "SERVER_HANDSHAKE_TRAFFIC_SECRET";
  return ["CLIENT_RANDOM", label].every((name) => String(secretOf(one.keyLog, name)) === String(secretOf(other.keyLog, name)));
}

/** Every later call gives the same failure, and nothing to send. */
export function expectSticky({ stages, connection, failure }: Side): void {
  const again = [
    ...stages.flatMap((stage) => [
      stage.abort("cancelled"),
      ...(stage.kind === "needs-input" ? [stage.receive(Uint8Array.of(22)), stage.receiveEnd()] : []),
    ]),
    ...(connection === undefined
      ? []
      : [
          connection.receive(Uint8Array.of(23, 3, 3)),
          connection.receiveEnd(),
          connection.abort("timeout"),
          connection.close(),
          connection.updateKeys(),
          connection.send(Uint8Array.of(1)),
          connection.sendInto(Uint8Array.of(1), new Uint8Array(100)),
          connection.exportKeyingMaterial("label", undefined, 16),
        ]),
  ];
  for (const result of again) {
    if (result.kind !== "failed") throw new Error(`${result.kind} on a failed connection`);
    expect(result.error).toBe(failure?.error);
    expect(result.alert).toBe(failure?.alert);
    expect([result.output.length, result.data.length, result.events.length]).toEqual([0, 0, 0]);
  }
}

export function expectAgreement(one: Side, other: Side): void {
  const { version } = one.established.info;
  for (const label of secretLabels[version]) {
    expect(secretOf(one.keyLog, label)).toEqual(secretOf(other.keyLog, label));
  }
  const { suite, alpn, group, serverName, handshakeKind, extendedMasterSecret } = one.established.info;
  expect(other.established.info).toMatchObject({ version, suite, alpn, group, serverName, handshakeKind, extendedMasterSecret });
}
const secretLabels = {
  "tls1.3": ["SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET"],
  "tls1.2": ["CLIENT_RANDOM"],
} as const;
