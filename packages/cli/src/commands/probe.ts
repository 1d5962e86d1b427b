import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { registered, type RegistryName } from "@sallyport/core";
import { alertInWords } from "@sallyport/explain";
import { type Command, type ExitCode, flag, type Given, hostAndPort, type Io, number } from "../command.ts";
import { type Asked, ask } from "../hello/ask.ts";
import { alpn, encodeHello, type HelloParts, listOf16, serverName, u16, vector, withExtension } from "../hello/edit.ts";

export const probeCommand: Command = {
  name: "probe",
  takes: "HOST:PORT",
  summary: "what a server accepts: versions, suites, groups, and the alerts that it gives",
  options: {
    timeout: { type: "string", takes: "<ms>", help: "for each answer (default 3000)" },
    json: { type: "boolean", help: "the outcome as JSON" },
  },
  run,
};

export interface Probed {
  readonly versions: readonly string[];
  /** In the order in which the server takes them. */
  readonly suites: { readonly "tls1.3": readonly string[]; readonly "tls1.2": readonly string[] };
  readonly groups: { readonly "tls1.3": readonly string[]; readonly "tls1.2": readonly string[] };
  /** What it says to what it can't take. */
  readonly answers: Readonly<Record<string, string>>;
  readonly connections: number;
}

/** Nothing is proven and no key is made: only hellos are sent, and what the server says first is read. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  const { host, port } = hostAndPort(given.positionals[0]);
  const timeoutMs = number(given, "timeout", 1, 600_000) ?? 3_000;
  let connections = 0;
  const send = (parts: HelloParts): Promise<Asked> => {
    connections++;
    io.note(".");
    return ask(encodeHello(parts), host, port, timeoutMs);
  };
  const versions: string[] = [];
  for (const [id, name] of [
    [0x0304, "tls1.3"],
    [0x0303, "tls1.2"],
    [0x0302, "tls1.1"],
    [0x0301, "tls1.0"],
  ] as const) {
    if ((await send(hello(host, { version: id }))).answer.serverHello?.version.id === id) versions.push(name);
  }
  const speaks = (name: string): boolean => versions.includes(name);
  const found = {
    suites: {
      "tls1.3": speaks("tls1.3")
        ? await chosen("suite", suites13, (suites) => send(hello(host, { version: 0x0304, suites })))
        : [],
      "tls1.2": speaks("tls1.2")
        ? await chosen("suite", suites12, (suites) => send(hello(host, { version: 0x0303, suites })))
        : [],
    },
    groups: {
      "tls1.3": speaks("tls1.3")
        ? await chosen("group", allGroups, (groups) => send(hello(host, { version: 0x0304, groups })))
        : [],
      "tls1.2": speaks("tls1.2")
        ? await chosen("group", classical, (groups) => send(hello(host, { version: 0x0303, suites: ecdhe, groups })))
        : [],
    },
  };
  const version = speaks("tls1.3") ? 0x0304 : 0x0303;
  const answers = {
    "an unknown name": told(await send(hello("nobody-of-that-name.invalid", { version }))),
    "no name": told(await send(hello("", { version }))),
    "an unknown application protocol": told(await send(withExtension(hello(host, { version }), 16, alpn(["sallyport-probe"])))),
    "no suite in common": told(await send(hello(host, { version, suites: [0x0000] }))),
    "no group in common": told(
      await send(hello(host, { version, suites: version === 0x0304 ? suites13 : ecdhe, groups: [0x0015] })),
    ),
  };
  const probed: Probed = { versions, ...found, answers, connections };
  io.print(flag(given, "json") ? JSON.stringify(probed, undefined, 2) : describe(probed));
  return versions.length > 0 ? 0 : 1;
}

/** What the server takes of `offered`, one after the other: what it took is left out of the next offer. */
async function chosen(
  what: "suite" | "group",
  offered: readonly number[],
  send: (rest: readonly number[]) => Promise<Asked>,
): Promise<readonly string[]> {
  const taken: number[] = [];
  while (taken.length < offered.length && taken.length < 40) {
    const { answer } = await send(offered.filter((id) => !taken.includes(id)));
    const id = what === "suite" ? answer.serverHello?.suite.id : (answer.serverHello?.group ?? answer.curve)?.id;
    // A server that takes what was not offered would be asked for ever.
    if (id === undefined || taken.includes(id) || !offered.includes(id)) break;
    taken.push(id);
  }
  return taken.map((id) => spelled(what, id));
}

function told({ answer: { serverHello, alert }, end }: Asked): string {
  if (serverHello !== undefined) return "goes on";
  if (alert === undefined)
    return end === "silence" ? "nothing" : `the connection is ${end === "reset" ? "reset" : "closed"} without a word`;
  const name = spelled("alert", alert);
  const meaning = alertInWords(name);
  return `alert ${name} (${alert})${meaning === undefined ? "" : `: ${meaning}`}`;
}

function describe({ versions, suites, groups, answers, connections }: Probed): string {
  const list = (values: readonly string[]): string => (values.length === 0 ? "none" : values.join(", "));
  return [
    `versions: ${list(versions)}`,
    `suites of TLS 1.3: ${list(suites["tls1.3"])}`,
    `suites of TLS 1.2: ${list(suites["tls1.2"])}`,
    `groups in TLS 1.3: ${list(groups["tls1.3"])}`,
    `groups in TLS 1.2: ${list(groups["tls1.2"])}`,
    ...Object.entries(answers).map(([question, answer]) => `to ${question}: ${answer}`),
    `${connections} connections`,
  ].join("\n");
}

function spelled(registry: RegistryName, id: number): string {
  return registered(registry, id).name ?? `0x${id.toString(16).padStart(4, "0")}`;
}

interface Wish {
  readonly version: number;
  readonly suites?: readonly number[];
  readonly groups?: readonly number[];
}

/** key_share is empty in TLS 1.3: the server says by HelloRetryRequest which group it would have. */
function hello(
  name: string,
  { version, suites = version === 0x0304 ? suites13 : suites12, groups = version === 0x0304 ? allGroups : classical }: Wish,
): HelloParts {
  let parts: HelloParts = {
    legacyVersion: Math.min(version, 0x0303),
    random: randomBytes(32),
    sessionId: version === 0x0304 ? randomBytes(32) : new Uint8Array(0),
    suites: version === 0x0304 ? suites : [...suites, 0x00ff],
    compressions: [0],
    extensions: [],
  };
  if (name !== "" && isIP(name) === 0) parts = withExtension(parts, 0, serverName(name));
  parts = withExtension(parts, 10, listOf16(groups));
  parts = withExtension(parts, 11, [1, 0]);
  if (version >= 0x0303) parts = withExtension(parts, 13, listOf16(schemes));
  parts = withExtension(parts, 23, []);
  if (version !== 0x0304) return parts;
  return withExtension(withExtension(withExtension(parts, 43, vector(1, u16(0x0304))), 45, [1, 1]), 51, vector(2, []));
}

const suites13 = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];
const ecdhe = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0xc023, 0xc027, 0xc024, 0xc028];
const suites12 = [
  ...ecdhe,
  0x009e,
  0x009f,
  0xccaa,
  0x0033,
  0x0039,
  0x0067,
  0x006b,
  0x009c,
  0x009d,
  0x002f,
  0x0035,
  0x003c,
  0x003d,
  0x000a,
  0xc012,
  0xc008,
  0x0005,
  0x0004,
];
const classical = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e];
const allGroups = [0x11ec, 0x11eb, 0x11ed, ...classical, 0x0100, 0x0101, 0x0102];
const schemes = [
  0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0904, 0x0905,
  0x0906, 0x0203, 0x0201,
];
