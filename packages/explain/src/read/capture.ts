// A capture as evidence of one connection: the first that failed, else the last with TLS in it.
import { type Evidence, nothing, together } from "../evidence.ts";
import type { KeyLog } from "./key-log.ts";
import { inTimeOrder } from "./order.ts";
import { type Conversation, readCapture } from "./pcap.ts";
import { readBytes } from "./records.ts";
import { readOpened, type Unsealer } from "./unseal.ts";

export function readConversations(bytes: Uint8Array, keys: KeyLog): Evidence {
  const all = readCapture(bytes).map((conversation) => ({
    conversation,
    evidence: readOpened((unsealer) => evidenceOf(conversation, unsealer), keys),
  }));
  const withTls = all.filter(
    ({ evidence }) => evidence.hellos.length + evidence.alerts.length + evidence.errors.length + evidence.notTls.length > 0,
  );
  const failed = withTls.find(({ evidence, conversation }) => hasFailed(evidence, conversation));
  const chosen = failed ?? withTls.at(-1);
  if (chosen === undefined)
    return {
      ...nothing,
      seen: [`a capture of ${all.length} TCP connections`],
      remarks: ["no connection in the capture begins with TLS"],
    };
  const { client, server } = chosen.conversation;
  const others =
    withTls.length === 1 ? [] : [`the capture has ${withTls.length} connections of TLS; this is ${client} to ${server}`];
  return {
    ...chosen.evidence,
    remarks: [...chosen.evidence.remarks, ...others],
    seen: [`a connection from ${client} to ${server}`, ...chosen.evidence.seen],
  };
}

function evidenceOf(
  { fromClient, fromServer, incomplete, reset, turns }: Conversation,
  unsealer: Unsealer | undefined,
): Evidence {
  const isSilent = fromClient.length > 0 && fromServer.length === 0;
  const evidence = together([
    fromClient.length > 0 ? readBytes(fromClient, "client", unsealer?.("client")) : nothing,
    fromServer.length > 0 ? readBytes(fromServer, "server", unsealer?.("server")) : nothing,
    {
      ...nothing,
      remarks: incomplete ? ["bytes are missing from the capture"] : [],
      signs:
        reset && !isSilent ? [{ stack: undefined, cause: "connection-reset", strength: "symptom", what: "a TCP reset" }] : [],
      silent: isSilent,
    },
  ]);
  return { ...evidence, units: inTimeOrder(evidence.units, turns), inOrder: true };
}

function hasFailed({ alerts, hellos, serverHellos, errors, notTls }: Evidence, { reset }: Conversation): boolean {
  const fatal = alerts.some(({ level, number }) => level === "fatal" || (level === "warning" && number !== 0));
  return (
    fatal ||
    errors.length > 0 ||
    notTls.length > 0 ||
    (hellos.length > 0 && serverHellos.length === 0) ||
    (reset && hellos.length > 0)
  );
}
