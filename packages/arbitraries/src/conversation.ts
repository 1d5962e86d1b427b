// A peer and a TLS under test, from the first byte to the end of the transport, and what no TLS may do in between.
import type { Bytes } from "@sallyport/core";
import { bodyOf } from "./fields.ts";
import { mustNotComplete, mustNotGoOn, oversized } from "./model.ts";
import { alertNames, contentTypes, extensionTypes, handshakeTypes } from "./numbers.ts";
import { copyOf, join } from "./octets.ts";
import type { Peer } from "./peer.ts";
import type { Epoch } from "./record-keys.ts";
import { contentsOf, type Spoken } from "./spoken.ts";

/** How bytes come to the subject. */
export interface TransportScript {
  /** Sizes of chunks, over and over; empty: as they were written. */
  readonly chunks: readonly number[];
  /** After so many bytes the transport ends. */
  readonly endsAfter: number | undefined;
}

/** A TLS that answers at once. */
export interface Subject {
  /** What it says first. */
  begin(): Uint8Array;
  /** @param chunk lent until it returns, and written over then. */
  receive(chunk: Uint8Array): Uint8Array;
  receiveEnd(): Uint8Array;
  readonly state: "waiting" | "established" | "closed" | "failed";
  /** Application data that it read. */
  readonly data: readonly Uint8Array[];
  /** The handshake was completed, whatever came then. */
  readonly wasEstablished: boolean;
  /** What its own log says, for the report. */
  readonly told?: string | undefined;
}

/** How far it came. */
export type Reach = "before ServerHello" | "after keys" | "after Finished" | "established";

export interface Account {
  readonly peer: Peer;
  readonly reach: Reach;
  readonly violations: readonly string[];
  /** Of both, on the wire. */
  readonly written: { readonly peer: number; readonly subject: number };
}

/** @param epochsMatter false with a provider that opens everything. */
export function converse(peer: Peer, subject: Subject, transport: TransportScript, epochsMatter = true): Account {
  const written = { peer: 0, subject: 0 };
  const violations: string[] = [];
  let isCut = false;
  let wentOn = false;
  const hear = (bytes: Uint8Array): void => {
    written.subject += bytes.length;
    peer.hear(bytes);
    if (peer.unread > 0) violations.push("the subject wrote a part of a record");
  };
  try {
    hear(subject.begin());
    for (let turn = 0; !isCut; turn++) {
      const flight = peer.speak();
      if (flight === undefined) break;
      const room = (transport.endsAfter ?? Number.POSITIVE_INFINITY) - written.peer;
      isCut = flight.bytes.length > room;
      const bytes = isCut ? flight.bytes.subarray(0, room) : flight.bytes;
      written.peer += bytes.length;
      for (const chunk of cut(bytes, transport.chunks, turn)) {
        hear(subject.receive(chunk));
        // It was lent: who goes on reading it reads this.
        chunk.fill(0xdd);
      }
    }
    const before = stateOf(subject);
    wentOn = before === "established" || before === "closed";
    hear(subject.receiveEnd());
    const after = stateOf(subject);
    if (after === "waiting" || after === "established") violations.push("the transport has ended, and the subject waits on");
    if (before === "established" && after === "closed" && !saidClose(peer))
      violations.push("the bare end of the transport passes for close_notify");
  } catch (thrown) {
    violations.push(`threw ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
  }
  violations.push(...judge(peer, subject, { isCut, wentOn, epochsMatter }));
  if (written.subject > 40_000 + 20 * written.peer) violations.push(`${written.subject} bytes were written for ${written.peer}`);
  return { peer, reach: reachOf(peer, subject), violations, written };
}

/** What the records that were opened say against the subject. For any TLS, over any transport. */
export function judgePeer(peer: Peer): string[] {
  const violations = [...peer.complaints];
  if (peer.alerts.length > 1) violations.push(`${peer.alerts.length} fatal alerts: ${peer.alerts.map(nameOf).join(", ")}`);
  if (peer.alerts.includes(80)) violations.push("internal_error, for what is the peer's fault");
  return violations;
}

interface Course {
  /** Not all was said. */
  readonly isCut: boolean;
  /** When all was said, the subject had no complaint. */
  readonly wentOn: boolean;
  readonly epochsMatter: boolean;
}

function judge(peer: Peer, subject: Subject, { isCut, wentOn, epochsMatter }: Course): string[] {
  const violations = judgePeer(peer);
  if (peer.isLost) {
    if (peer.reached.size === 0 && subject.wasEstablished)
      violations.push("nothing is wrong, and yet the two have no keys in common");
    return violations;
  }
  const read = join(...subject.data);
  const said = join(...dataSaid(peer, epochsMatter));
  const isReadRight = read.every((byte, at) => byte === said[at]);
  // Behind a fault on the wire, or a cut, nobody knows what the subject read; but it reads nothing of another connection.
  if (peer.wireSpoiled) {
    const isSpliced = epochsMatter && [...peer.reached].every(({ layer, act }) => layer !== "wire" || act === "splice");
    return isSpliced && !isReadRight ? [...violations, "data of another connection was read"] : violations;
  }
  // What opens everything takes what is in clear for what is sealed.
  if (!epochsMatter && [...peer.reached].some(({ layer, act }) => layer === "record" && act === "clear")) return violations;
  if (subject.wasEstablished) {
    const facts = {
      subject: peer.role === "client" ? "server" : "client",
      mayResume: peer.mayResume,
      epochsMatter,
    } as const;
    const why = mustNotComplete(peer.spoken, facts);
    if (why !== undefined) violations.push(`established in spite of ${why}`);
    const whyNot = wentOn && !isCut ? mustNotGoOn(peer.spoken, facts) : undefined;
    if (whyNot !== undefined) violations.push(`went on in spite of ${whyNot}`);
    const tooLong = oversized(peer.spoken, facts);
    if (tooLong !== undefined) violations.push(tooLong);
  }
  if (!isReadRight) violations.push("data that was read is not what was said");
  if (peer.reached.size === 0 && !isCut) {
    if (subject.state === "established" && read.length !== said.length)
      violations.push(`${read.length} of ${said.length} bytes of data were read`);
  }
  return violations;
}

/** What opens everything takes what stands between two copies of a Finished, under the handshake's keys, for the application's. */
function dataSaid({ spoken }: Peer, epochsMatter: boolean): Bytes[] {
  const isOwn = ({ by, type }: Spoken): boolean => by === "peer" && type === contentTypes.data;
  const finished = spoken.findIndex(
    ({ by, type, content }) => by === "peer" && type === contentTypes.handshake && content[0] === handshakeTypes.finished,
  );
  const from = epochsMatter || finished === -1 ? Number.POSITIVE_INFINITY : finished;
  // Nothing is read behind close_notify, unless it is skipped with the early data that is not taken.
  const counts = (epoch: Epoch): boolean => epoch !== "early" || takesEarly(spoken);
  const closes = spoken.findIndex(
    ({ by, type, content, epoch }) =>
      by === "peer" && type === contentTypes.alert && content.length === 2 && content[1] === 0 && counts(epoch),
  );
  const to = closes === -1 ? spoken.length : closes;
  const isSaid = ({ epoch }: Spoken, at: number): boolean =>
    at < to && (epoch === "application" || (at > from && epoch === "handshake"));
  return spoken.filter((each, at) => isOwn(each) && isSaid(each, at)).map(({ content }) => content);
}

function takesEarly(spoken: readonly Spoken[]): boolean {
  return contentsOf(spoken).some(
    ({ by, type, content }) =>
      by === "subject" &&
      type === contentTypes.handshake &&
      content[0] === handshakeTypes.encrypted_extensions &&
      bodyOf(content, extensionTypes.early_data) !== undefined,
  );
}

/** No fault was reached, nothing was cut: then it must be complete. */
export function expectComplete({ peer }: Account, subject: Subject): string[] {
  if (peer.reached.size > 0 || subject.wasEstablished) return [];
  return [`nothing is wrong, and yet: ${subject.told ?? subject.state}`];
}

/** Calls change it, which the compiler can't know. */
function stateOf({ state }: Subject): Subject["state"] {
  return state;
}
function saidClose(peer: Peer): boolean {
  return (
    peer.spoken.some(({ by, type, content }) => by === "peer" && type === contentTypes.alert && content.at(-1) === 0) ||
    peer.wireSpoiled
  );
}

function reachOf(peer: Peer, { wasEstablished }: Subject): Reach {
  return reachSeen(peer, wasEstablished);
}
export function reachSeen(peer: Peer, wasEstablished: boolean): Reach {
  if (wasEstablished) return "established";
  const heard = (by: "peer" | "subject", type: number): boolean =>
    peer.spoken.some((spoken) => spoken.by === by && spoken.type === contentTypes.handshake && spoken.content[0] === type);
  if (peer.finishedHeard) return "after Finished";
  const server = peer.role === "server" ? "peer" : "subject";
  return heard(server, handshakeTypes.server_hello) ? "after keys" : "before ServerHello";
}

export function* cut(bytes: Uint8Array, sizes: readonly number[], from: number): Generator<Bytes, void, void> {
  if (bytes.length === 0) return;
  if (sizes.length === 0) return yield copyOf(bytes);
  for (let at = 0, turn = from; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    yield copyOf(bytes.subarray(at, at + size));
    at += size;
  }
}

function nameOf(description: number): string {
  return alertNames.get(description) ?? String(description);
}
