// A conversation over a transport, with a TLS of which nothing is known but what it writes.
import { type Account, cut, judgePeer, reachSeen, type TransportScript } from "./conversation.ts";
import { mustNotComplete } from "./model.ts";
import { contentTypes } from "./numbers.ts";
import type { Peer } from "./peer.ts";

export interface Over {
  readonly write: (bytes: Uint8Array) => void;
  /** Half-closes. */
  readonly end: () => void;
  /** Settles when an answer would have come: a timer. */
  readonly patience: () => Promise<unknown>;
  readonly transport?: TransportScript;
  /** With a provider that opens everything epochs can't be told apart. Default true. */
  readonly epochsMatter?: boolean;
}

/** @param chunks what the subject writes, until it ends; a transport that breaks throws. */
export async function converseOver(peer: Peer, chunks: AsyncIterable<Uint8Array>, over: Over): Promise<Account> {
  const { write, end, patience, transport = { chunks: [], endsAfter: undefined }, epochsMatter = true } = over;
  const written = { peer: 0, subject: 0 };
  let ended: "no" | "in order" | "broken" = "no";
  let stir = (): void => {};
  const reading = (async (): Promise<void> => {
    try {
      for await (const chunk of chunks) {
        written.subject += chunk.length;
        peer.hear(chunk);
        stir();
      }
      ended = "in order";
    } catch {
      ended = "broken";
    }
    stir();
  })();
  const until = async (done: () => boolean): Promise<void> => {
    while (!done() && ended === "no") {
      const stirred = new Promise<"stirred">((resolve) => {
        stir = () => resolve("stirred");
      });
      if ((await Promise.race([stirred, patience().then(() => "silence" as const)])) === "silence") return;
    }
  };
  if (peer.role === "server") await until(() => peer.spoken.length > 0);
  let room = transport.endsAfter ?? Number.POSITIVE_INFINITY;
  for (let turn = 0; room > 0 && ended === "no"; turn++) {
    const flight = peer.speak();
    if (flight === undefined) break;
    const bytes = flight.bytes.subarray(0, room);
    room -= bytes.length;
    written.peer += bytes.length;
    for (const chunk of cut(bytes, transport.chunks, turn)) write(chunk);
    await until(() => flight.answered() || peer.alerts.length > 0);
  }
  end();
  await Promise.race([reading, patience()]);
  const violations = [...judgePeer(peer), ...judgeEnd(peer, ended), ...judgeOrder(peer, epochsMatter)];
  return { peer, reach: reachSeen(peer, completed(peer)), violations, written };
}

function judgeEnd(peer: Peer, ended: "no" | "in order" | "broken"): string[] {
  if (peer.isLost || peer.wireSpoiled) return [];
  if (ended === "no") return ["the transport has ended, and the subject says nothing"];
  if (peer.unread > 0) return ["it ended inside a record"];
  const saidWhy = peer.closed || peer.alerts.length > 0;
  // Where we have said that we go, or just went, nobody owes us a word.
  if (saidWhy || completed(peer) || peer.reached.size === 0) return [];
  return [ended === "broken" ? "the connection was reset without an alert" : "the connection was closed without an alert"];
}

function judgeOrder(peer: Peer, epochsMatter: boolean): string[] {
  if (peer.isLost || peer.wireSpoiled || !completed(peer)) return [];
  const subject = peer.role === "client" ? "server" : "client";
  const why = mustNotComplete(peer.spoken, { subject, mayResume: peer.mayResume, epochsMatter });
  return why === undefined ? [] : [`went on as if the handshake were complete, in spite of ${why}`];
}

/** It said what only a completed handshake says: our Finished was taken. */
function completed(peer: Peer): boolean {
  if (!peer.finishedHeard) return false;
  const lastFinished = peer.spoken.findLastIndex(
    ({ by, type, content }) => by === "peer" && type === contentTypes.handshake && content[0] === 20,
  );
  return peer.spoken.some(
    ({ by, type, epoch }, at) =>
      by === "subject" &&
      at > lastFinished &&
      lastFinished >= 0 &&
      type !== contentTypes.alert &&
      type !== contentTypes.changeCipherSpec &&
      epoch === "application",
  );
}
