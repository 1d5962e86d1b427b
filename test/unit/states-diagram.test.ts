import { describe, expect, test } from "vitest";
import { edges as clientEdges } from "../../packages/core/src/handshake/client/edges.ts";
import { edgesTls12 as clientEdgesTls12 } from "../../packages/core/src/handshake/client/tls12/edges.ts";
import { edgesTls13 as clientEdgesTls13 } from "../../packages/core/src/handshake/client/tls13/edges.ts";
import { edges as serverEdges } from "../../packages/core/src/handshake/server/edges.ts";
import { edgesTls12 as serverEdgesTls12 } from "../../packages/core/src/handshake/server/tls12/edges.ts";
import { edgesTls13 as serverEdgesTls13 } from "../../packages/core/src/handshake/server/tls13/edges.ts";
import type { EdgeTable } from "../../packages/core/src/handshake/table.ts";
import { handshakeTypes } from "../../packages/core/src/wire/handshake.ts";

interface Machine {
  readonly title: string;
  readonly edges: EdgeTable;
  readonly start: readonly string[];
  readonly end: string;
  /** Where the other version goes on: the next picture. */
  readonly elsewhere: readonly string[];
}
const clientTls12 = ["expectCertificateTls12", "expectSessionTicketResumed", "expectChangeCipherSpecResumed"] as const;
const serverTls12 = ["lookUpSessionTls12", "startShare"] as const;
const client = { ...clientEdges, ...clientEdgesTls13 };
const server = { ...serverEdges, ...serverEdgesTls13 };
const machines: readonly Machine[] = [
  { title: "Client of TLS 1.3", edges: client, start: ["takeSession"], end: "connected", elsewhere: clientTls12 },
  {
    title: "Client of TLS 1.2, behind ServerHello",
    edges: clientEdgesTls12,
    start: clientTls12,
    end: "connectedTls12",
    elsewhere: [],
  },
  { title: "Server of TLS 1.3", edges: server, start: ["expectClientHello"], end: "connected", elsewhere: serverTls12 },
  {
    title: "Server of TLS 1.2, behind ClientHello",
    edges: serverEdgesTls12,
    start: serverTls12,
    end: "connectedTls12",
    elsewhere: [],
  },
];

test("STATES.md is drawn from the machines' tables", async () => {
  // A table that has changed: `npx vitest run --config test/vitest.config.ts states-diagram -u` draws it anew.
  await expect(document()).toMatchFileSnapshot("../../packages/core/STATES.md");
});

describe.each(machines)("$title", ({ edges, start, end, elsewhere }) => {
  test("every state but the first is reached, and every state leads to the end", () => {
    const reached = new Set(targets(edges));
    expect(Object.keys(edges).filter((state) => !start.includes(state) && !reached.has(state))).toEqual([]);
    const leads = new Set([end]);
    expect(reached.has(end)).toBe(true);
    expect([...reached].filter((state) => !Object.hasOwn(edges, state) && state !== end)).toEqual(elsewhere);
    for (let before = 0; before !== leads.size; ) {
      before = leads.size;
      for (const [state, inputs] of Object.entries(edges)) {
        if (Object.values(inputs).some((to) => to.some((each) => leads.has(each)))) leads.add(state);
      }
    }
    expect(Object.keys(edges).filter((state) => !leads.has(state))).toEqual([]);
  });

  test("a state waits for messages, or for one answer, and never for both", () => {
    for (const [state, inputs] of Object.entries(edges)) {
      const messages = Object.keys(inputs).filter(isMessage).length;
      expect([state, messages === 0 ? Object.keys(inputs).length === 1 : messages === Object.keys(inputs).length]).toEqual([
        state,
        true,
      ]);
    }
  });
});

function document(): string {
  const head = [
    "# States of the handshake",
    "",
    "Drawn by a test from the tables that the machines run on: `edges.ts` in the folders of `src/handshake/`. A name in small letters",
    "comes on the wire, one in parentheses is an answer: of a synchronous object at once, else of whoever drives the machine, by a",
    "stage. What no edge names is unexpected_message; every check that fails, and every `abort`, leads out of every state.",
    "",
  ];
  return [...head, ...machines.flatMap((machine) => [`## ${machine.title}`, "", ...diagram(machine), ""])].join("\n");
}

function diagram({ edges, start, end, elsewhere }: Machine): string[] {
  const arrows = Object.entries(edges).flatMap(([state, inputs]) =>
    Object.entries(inputs).flatMap(([input, to]) =>
      to.map((each) => `  ${state} --> ${each}: ${isMessage(input) ? input : `(${input})`}`),
    ),
  );
  const onward = elsewhere.map((state) => `  ${state}: TLS 1.2, below`);
  return [
    "```mermaid",
    "stateDiagram-v2",
    ...start.map((first) => `  [*] --> ${first}`),
    ...arrows,
    `  ${end} --> [*]`,
    ...onward,
    "```",
  ];
}

function targets(edges: EdgeTable): string[] {
  return Object.values(edges).flatMap((inputs) => Object.values(inputs).flat());
}

function isMessage(input: string): boolean {
  return Object.hasOwn(handshakeTypes, input) || input === "change_cipher_spec" || input === "application_data";
}
