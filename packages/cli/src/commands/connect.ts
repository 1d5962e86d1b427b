import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import {
  clientConfig,
  type DistrustReason,
  type Info,
  type PresentedIdentity,
  TlsError,
  type TraceEvent,
  type VerifiedIdentity,
} from "@sallyport/core";
import { node } from "@sallyport/crypto-node";
import { explain, printable, toText } from "@sallyport/explain";
import { connect } from "@sallyport/node";
import { serverVerifier, trustAnchors } from "@sallyport/x509";
import { type Command, type ExitCode, flag, type Given, hostAndPort, type Io, Misuse, number, text } from "../command.ts";
import { rootsOf } from "../roots.ts";
import { isStartTls, startTls, startTlsPorts, startTlsProtocols } from "../starttls.ts";
import { openTcp } from "../tcp.ts";
import { painter } from "../terminal.ts";

export const connectCommand: Command = {
  name: "connect",
  takes: "HOST:PORT",
  summary: "shakes hands and shows it: flights, certificates, times, and why not",
  options: {
    servername: { type: "string", takes: "<name>", help: "whom to ask for (default HOST)" },
    cafile: { type: "string", takes: "<file>", help: "roots to trust, in PEM (default: the platform's)" },
    alpn: { type: "string", takes: "<list>", help: "application protocols, such as h2,http/1.1" },
    starttls: { type: "string", takes: "<protocol>", help: startTlsProtocols.join("|") },
    timeout: { type: "string", takes: "<ms>", help: "for the handshake (default 10000)" },
    explain: { type: "boolean", help: "explain a failure (always, unless --json says otherwise)" },
    json: { type: "boolean", help: "the outcome as JSON" },
  },
  run,
};

interface Step {
  readonly ms: number;
  readonly direction: "in" | "out";
  readonly what: string;
  readonly bytes: number | undefined;
}

async function run(given: Given, io: Io): Promise<ExitCode> {
  const protocol = text(given, "starttls");
  if (protocol !== undefined && !isStartTls(protocol))
    throw new Misuse(`--starttls takes one of ${startTlsProtocols.join(", ")}`);
  const { host, port } = hostAndPort(given.positionals[0], protocol === undefined ? 443 : startTlsPorts[protocol]);
  const timeoutMs = number(given, "timeout", 1, 600_000) ?? 10_000;
  const steps: Step[] = [];
  let shown: PresentedIdentity | undefined;
  const since = performance.now();
  const inner = serverVerifier({ provider: node, anchors: trustAnchors(await rootsOf(given)) });
  const verifier = {
    ...inner,
    verify: (presented: PresentedIdentity): VerifiedIdentity | DistrustReason => {
      shown = presented;
      return inner.verify(presented);
    },
  };
  const alpn = text(given, "alpn")?.split(",");
  const config = clientConfig({
    provider: node,
    now: Date.now,
    verifier,
    trace: (event) => void steps.push(...stepsOf(event, since)),
    ...(alpn && { alpn }),
  });
  const servername = text(given, "servername") ?? host;
  let outcome: { readonly info: Info } | { readonly error: unknown };
  let socket: Socket | undefined;
  try {
    socket = await openTcp(host, port, timeoutMs);
    if (protocol !== undefined) await startTls(protocol, socket, servername);
    const tls = connect({ config, socket, servername, handshakeTimeoutMs: timeoutMs });
    outcome = await new Promise((resolve) => {
      tls.once("error", (error) => resolve({ error }));
      tls.once("secureConnect", () => {
        const { info } = tls;
        resolve(info === undefined ? { error: new Error("the connection is gone") } : { info });
        // With close_notify, and not waiting for a server that doesn't end.
        tls.destroy();
      });
    });
  } catch (error) {
    socket?.destroy();
    outcome = { error };
  }
  return show(given, io, { host, port, steps, shown, tookMs: performance.now() - since, outcome });
}

interface Seen {
  readonly host: string;
  readonly port: number;
  readonly steps: readonly Step[];
  readonly shown: PresentedIdentity | undefined;
  readonly tookMs: number;
  readonly outcome: { readonly info: Info } | { readonly error: unknown };
}

function show(given: Given, io: Io, { host, port, steps, shown, tookMs, outcome }: Seen): ExitCode {
  const chain = (shown?.type === "x509" ? shown.chain : []).map(describeCertificate);
  const failed = "error" in outcome;
  const report = failed
    ? explain(outcome.error instanceof TlsError ? outcome.error : String(outcome.error), { role: "client" })
    : undefined;
  if (flag(given, "json")) {
    const agreed = failed ? undefined : agreement(outcome.info);
    const failure = failed
      ? printable(outcome.error instanceof Error ? outcome.error.message : String(outcome.error))
      : undefined;
    const shownAll = { host, port, tookMs: Math.round(tookMs), steps, certificates: chain, agreed, failure, report };
    io.print(JSON.stringify(shownAll, undefined, 2));
    return failed ? 1 : 0;
  }
  const paint = painter(io.colour);
  io.print(paint("heading", `${printable(host)}:${port}`));
  for (const { ms, direction, what, bytes } of steps) {
    io.print(
      `  ${ms.toFixed(1).padStart(8)} ms  ${direction === "out" ? "-->" : "<--"}  ${what}${bytes === undefined ? "" : paint("quiet", `, ${bytes} bytes`)}`,
    );
  }
  for (const [at, { subject, issuer, names, from, to, key }] of chain.entries()) {
    io.print(
      `  certificate ${at}: ${subject}\n      by ${issuer}\n      ${key}, valid from ${from} to ${to}${names === undefined ? "" : `\n      for ${names}`}`,
    );
  }
  if (failed && report !== undefined) {
    if (report.causes.length === 0)
      io.complain(`sallyport: ${printable(outcome.error instanceof Error ? outcome.error.message : String(outcome.error))}`);
    else io.print(`\n${toText(report, { paint })}`);
    return 1;
  }
  if (!failed) for (const [name, value] of Object.entries(agreement(outcome.info))) io.print(`  ${name}: ${value}`);
  return 0;
}

function agreement({ version, suite, group, alpn, peerSignatureScheme, handshakeKind }: Info): Readonly<Record<string, string>> {
  return {
    version,
    suite,
    group: group ?? "none",
    "application protocol": alpn ?? "none",
    signature: peerSignatureScheme ?? "none",
    handshake: handshakeKind,
  };
}

function stepsOf(event: TraceEvent, since: number): readonly Step[] {
  const ms = performance.now() - since;
  if (event.kind === "message") return [{ ms, direction: event.direction, what: event.type, bytes: event.length }];
  return event.kind === "alert"
    ? [{ ms, direction: event.direction, what: `alert ${event.description.name ?? event.description.id}`, bytes: undefined }]
    : [];
}

function describeCertificate(der: Uint8Array) {
  try {
    const { subject, issuer, subjectAltName, validFrom, validTo, publicKey } = new X509Certificate(der);
    const { namedCurve, modulusLength } = publicKey.asymmetricKeyDetails ?? {};
    const line = (value: string | undefined): string => printable((value ?? "").replaceAll("\n", ", "));
    return {
      subject: line(subject),
      issuer: line(issuer),
      names: subjectAltName === undefined ? undefined : line(subjectAltName),
      from: validFrom,
      to: validTo,
      key: `${publicKey.asymmetricKeyType ?? "key"} ${namedCurve ?? modulusLength ?? ""}`.trim(),
    };
  } catch {
    return { subject: "can't be read", issuer: "unknown", names: undefined, from: "?", to: "?", key: "?" };
  }
}
