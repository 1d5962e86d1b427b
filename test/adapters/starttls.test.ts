// STARTTLS against small servers that follow their RFCs: to the end of a handshake, in pieces, refused, and with words injected.
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { sallyport } from "../support/command-line.ts";
import { makePki } from "../support/pki.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-starttls-"));
const listening: Server[] = [];
afterAll(() => {
  for (const server of listening) server.close();
  rmSync(folder, { recursive: true, force: true });
});
const pki = await makePki();
const { chainPem, keyPem } = await pki.leaf();
const ca = join(folder, "ca.pem");
writeFileSync(ca, pki.ca.pem);

/** A text is what it must begin with. */
type Heard = RegExp | string;

/** What the server says in turn, and what it must hear before each of it but the first. */
interface Script {
  readonly greeting?: string;
  readonly turns: readonly { readonly hears: Heard; readonly says: string }[];
}

const mysqlGreeting = (capabilities: number): string => {
  const plugin = `${"\0".repeat(10)}123456789012\0caching_sha2_password\0`;
  const body = `\u000a8.4.3\0${"\u0001\0\0\0"}12345678\0${String.fromCharCode(capabilities & 0xff, capabilities >> 8)}\u002d\u0002\0\0\0\u0015${plugin}`;
  return `${String.fromCharCode(body.length)}\0\0\0${body}`;
};
/** CLIENT_LONG_PASSWORD, CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION. */
const withoutSsl = 0x8201;
const clientSsl = 0x0800;
const sslRequest = `\u0020\0\0\u0001\0\u008a\0\0\0\0\0\u0001\u002d${"\0".repeat(23)}`;
const extendedRequest = "\u0030\u001d\u0002\u0001\u0001\u0077\u0018\u0080\u00161.3.6.1.4.1.1466.20037";
const extendedResponse = (code: number): string =>
  `\u0030\u000c\u0002\u0001\u0001\u0078\u0007\u000a\u0001${String.fromCharCode(code)}\u0004\0\u0004\0`;
const features = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const xmppHeader =
  "<?xml version='1.0'?><stream:stream from='localhost' id='1' xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const proceed = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

const scripts: Readonly<Record<string, Script>> = {
  smtp: {
    greeting: "220-mail.test\r\n220 ESMTP\r\n",
    turns: [
      { hears: /^EHLO [\w.]+\r\n$/, says: "250-mail.test\r\n250-PIPELINING\r\n250 STARTTLS\r\n" },
      { hears: /^STARTTLS\r\n$/, says: "220 go ahead\r\n" },
    ],
  },
  imap: {
    greeting: "* OK [CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED] ready\r\n",
    turns: [{ hears: /^a STARTTLS\r\n$/, says: "* CAPABILITY IMAP4rev2\r\na OK Begin TLS negotiation now\r\n" }],
  },
  pop3: { greeting: "+OK POP3 ready\r\n", turns: [{ hears: /^STLS\r\n$/, says: "+OK Begin TLS negotiation\r\n" }] },
  postgres: { turns: [{ hears: "\0\0\0\u0008\u0004\u00d2\u0016\u002f", says: "S" }] },
  mysql: { greeting: mysqlGreeting(withoutSsl | clientSsl), turns: [{ hears: sslRequest, says: "" }] },
  ldap: { turns: [{ hears: extendedRequest, says: extendedResponse(0) }] },
  xmpp: {
    turns: [
      { hears: /^<stream:stream [^<>]*to='localhost' version='1.0'>$/, says: `${xmppHeader}${features}` },
      { hears: /^<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'\/>$/, says: proceed },
    ],
  },
};

/** @param inPieces every byte in a packet of its own @returns its port */
async function serve({ greeting = "", turns }: Script, inPieces = false): Promise<number> {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => {});
    void converse(socket, greeting, turns, inPieces);
  });
  listening.push(server.listen(0, "127.0.0.1"));
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function converse(socket: Socket, greeting: string, turns: Script["turns"], inPieces: boolean): Promise<void> {
  const say = async (words: string): Promise<void> => {
    const pieces = inPieces ? [...words] : [words];
    for (const piece of pieces) {
      if (piece !== "") socket.write(Buffer.from(piece, "latin1"));
      if (inPieces) await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  await say(greeting);
  for (const { hears, says } of turns) {
    let heard = "";
    for (;;) {
      const next = once(socket, "data");
      socket.resume();
      const [chunk] = await next;
      heard += (chunk as Buffer).toString("latin1");
      const end = endOf(hears, heard);
      if (end === undefined && heard.length > 3000) return void socket.destroy(); // not what its RFC says
      if (end === undefined) continue;
      socket.pause();
      // MySQL's client waits for no answer.
      const rest = heard.slice(end);
      if (rest !== "") socket.unshift(Buffer.from(rest, "latin1"));
      break;
    }
    await say(says);
  }
  const secure = new TLSSocket(socket, { isServer: true, cert: chainPem, key: keyPem });
  secure.on("error", () => {}).resume();
}

/** undefined: more must come. */
function endOf(hears: Heard, heard: string): number | undefined {
  if (typeof hears === "string") return heard.startsWith(hears) ? hears.length : undefined;
  const match = hears.exec(heard);
  return match === null ? undefined : match.index + match[0].length;
}

function connect(protocol: string, port: number): ReturnType<typeof sallyport> {
  const trusting = ["--servername", "localhost", "--cafile", ca, "--timeout", "8000"];
  return sallyport("connect", `127.0.0.1:${port}`, "--starttls", protocol, ...trusting, "--json");
}

describe.each(Object.entries(scripts))("%s", (protocol, script) => {
  test("is upgraded, to the end of the handshake", async () => {
    const { code, output } = await connect(protocol, await serve(script));
    expect(JSON.parse(output)).toMatchObject({ agreed: { version: "tls1.3" } });
    expect(code).toBe(0);
  });

  test("is upgraded where each byte comes for itself: nothing of the dialogue is left to TLS", async () => {
    const { code } = await connect(protocol, await serve(script, true));
    expect(code).toBe(0);
  });

  test("is refused where the server says more behind its consent, which anybody between could have said", async () => {
    const last = script.turns.length - 1;
    const turns = script.turns.map((turn, at) => (at === last ? { ...turn, says: `${turn.says}injected\r\n` } : turn));
    // MySQL consents by its greeting: what is injected stands behind that.
    const injected = protocol === "mysql" ? { ...script, greeting: `${script.greeting}injected` } : { ...script, turns };
    const { code, output } = await connect(protocol, await serve(injected));
    expect(output).toMatch(/injected/);
    expect(code).toBe(1);
  });

  test("ends soon where the server ends", async () => {
    const server = createServer((socket) => void socket.on("error", () => {}).end(protocol === "mysql" ? "\u0001" : ""));
    listening.push(server.listen(0, "127.0.0.1"));
    await once(server, "listening");
    const { code, output } = await connect(protocol, (server.address() as AddressInfo).port);
    expect(output).toMatch(/^[\n -~]*$/);
    expect(code).toBe(1);
  });
});

test.each([
  ["smtp", { greeting: "554 no service\u001b[2J\r\n", turns: [] }, /554 no service/],
  [
    "smtp",
    {
      greeting: "220 x\r\n",
      turns: [
        { hears: /^EHLO .*\r\n$/, says: "250 x\r\n" },
        { hears: /STARTTLS/, says: "454 TLS not available\r\n" },
      ],
    },
    /454 TLS not available/,
  ],
  ["imap", { greeting: "* PREAUTH welcome\r\n", turns: [] }, /PREAUTH/],
  ["imap", { greeting: "* OK x\r\n", turns: [{ hears: /STARTTLS/, says: "a BAD unknown\r\n" }] }, /BAD unknown/],
  ["pop3", { greeting: "+OK x\r\n", turns: [{ hears: /STLS/, says: "-ERR no\r\n" }] }, /-ERR no/],
  ["postgres", { turns: [{ hears: "\0\0\0\u0008", says: "N" }] }, /does not begin TLS/],
  ["mysql", { greeting: mysqlGreeting(withoutSsl), turns: [] }, /does not begin TLS/],
  ["mysql", { greeting: "\u0011\0\0\0\u00ff\u006a\u0004Host is blocked", turns: [] }, /Host is blocked/],
  ["mysql", { greeting: "\u00ff\u00ff\u00ff\0\u000a", turns: [] }, /does not begin TLS/],
  ["ldap", { turns: [{ hears: extendedRequest, says: extendedResponse(2) }] }, /does not begin TLS/],
  ["ldap", { turns: [{ hears: extendedRequest, says: "\u0030\u0084\u007f\u00ff\u00ff\u00ff" }] }, /does not begin TLS/],
  ["ldap", { turns: [{ hears: extendedRequest, says: "HTTP/1.1 400 Bad Request\r\n\r\n" }] }, /does not begin TLS/],
  [
    "xmpp",
    { turns: [{ hears: /version='1.0'>$/, says: `${xmppHeader}<stream:features><bind/></stream:features>` }] },
    /does not begin TLS/,
  ],
  [
    "xmpp",
    { turns: [{ hears: /version='1.0'>$/, says: `${xmppHeader}<stream:error><host-unknown/></stream:error></stream:stream>` }] },
    /does not begin TLS/,
  ],
  [
    "xmpp",
    {
      turns: [
        { hears: /version='1.0'>$/, says: `${xmppHeader}${features}` },
        { hears: /<starttls/, says: "<failure/></stream:stream>" },
      ],
    },
    /does not begin TLS/,
  ],
] as const)(
  "a server of %s that refuses is quoted at once, its control characters as numbers: %j",
  async (protocol, script, words) => {
    const since = performance.now();
    const { code, output } = await connect(protocol, await serve(script));
    expect(output).toMatch(words);
    expect(output).toMatch(/^[\n -~]*$/);
    expect(code).toBe(1);
    expect(performance.now() - since).toBeLessThan(7_000);
  },
);
