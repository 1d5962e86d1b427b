// A client's config against servers: its own Connector makes the hello, and `negotiate` takes it in each server's place.
import { type ClientConfig, type ClientHello, type ClientStage, Connector, readClientHello } from "@sallyport/core";
import { catalogue } from "../causes/catalogue.ts";
import { notesOnHello } from "../causes/notes.ts";
import { judge } from "../profiles/judge.ts";
import type { ServerProfile } from "../profiles/servers.ts";
import { refusalBy } from "../words.ts";
import { type Connection, outcomeOf, Remarks } from "./gather.ts";
import type { LintOutcome, Remark } from "./report.ts";

export interface ClientLinted {
  readonly outcomes: readonly LintOutcome[];
  readonly remarks: Remarks;
}

/** Nothing is sent, no session is taken, and whoever answers asynchronously is not asked. */
export function lintClient(config: ClientConfig, profiles: readonly ServerProfile[], serverName: string): ClientLinted {
  const remarks = new Remarks([serverName]);
  const made = helloOf(config, serverName);
  if ("failure" in made) {
    const clause = `the ClientHello can't be made: ${made.failure}`;
    const remark: Remark = {
      id: "no-hello",
      severity: "failure",
      clause,
      remedy: "look at the provider: it fails before a byte is sent",
    };
    remarks.add(remark);
    return {
      outcomes: profiles.map((profile) => outcomeOf(profile, [{ name: serverName, agreed: undefined, said: [remark] }])),
      remarks,
    };
  }
  const { clientHello, wireBytes } = made;
  for (const { id, severity, what } of notesOnHello({ clientHello, wireBytes }))
    remarks.add({ id, severity, clause: what.replace(/\.$/, "") });
  const outcomes = profiles.map((profile) => {
    const connection = meet(clientHello, profile, serverName);
    for (const remark of connection.said) remarks.add(remark, profile.title, serverName);
    return outcomeOf(profile, [connection]);
  });
  return { outcomes, remarks };
}

function meet(hello: ClientHello, profile: ServerProfile, name: string): Connection {
  const judgement = judge(hello, profile);
  if (judgement.kind === "taken") return { name, agreed: judgement.by, said: [] };
  const said = judgement.reasons.map(
    (reason): Remark => ({
      id: reason.kind,
      severity: "failure",
      clause: refusalBy("the server", reason).replace(/\.$/, ""),
      remedy: catalogue[reason.kind].advice[0],
    }),
  );
  return { name, agreed: undefined, said };
}

type Made = { readonly clientHello: ClientHello; readonly wireBytes: number } | { readonly failure: string };

function helloOf(config: ClientConfig, serverName: string): Made {
  // A partition of its own: a real session would count as used.
  const connector = new Connector(config, serverName, { sessionPartition: "sallyport lint" });
  let stage: ClientStage = connector.start();
  if (stage.kind === "needs-session") stage = stage.resume(undefined);
  if (stage.kind === "needs-key-shares") {
    // The length is all that shows, and nobody will complete the exchange.
    stage = stage.provide(
      stage.groups.map(({ name, shareLength }) => ({ group: name, share: new Uint8Array(shareLength.client), key: undefined })),
    );
  }
  if (stage.kind !== "needs-input")
    return { failure: stage.kind === "failed" ? stage.error.message : `a stage ${stage.kind} comes first` };
  const { output } = stage;
  stage.abort("cancelled");
  const read = readClientHello(messageIn(output));
  if (read.kind === "malformed") return { failure: read.error.message };
  return { clientHello: read.clientHello, wireBytes: output.length };
}

/** What the records hold: a config may cut its hello into small ones. */
function messageIn(records: Uint8Array): Uint8Array {
  const parts: number[] = [];
  for (let at = 0; at + 5 <= records.length; ) {
    const length = ((records[at + 3] ?? 0) << 8) | (records[at + 4] ?? 0);
    parts.push(...records.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return Uint8Array.from(parts);
}
