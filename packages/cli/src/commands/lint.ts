import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  ClientConfig,
  ConfigError,
  type Credential,
  readPublicKey,
  schemesOf,
  ServerConfig,
  type ServerOptions,
  type SyncSigner,
} from "@sallyport/core";
import { node, signer } from "@sallyport/crypto-node";
import {
  clientProfiles,
  lint,
  type LintOptions,
  type LintSubject,
  printable,
  serverProfiles,
  toJson,
  toMarkdown,
  toText,
} from "@sallyport/explain";
import { platformRoots } from "@sallyport/node";
import { credential, parsePem } from "@sallyport/x509";
import { type Command, type ExitCode, flag, type Given, type Io, Misuse, text } from "../command.ts";
import { painter } from "../terminal.ts";

export const lintCommand: Command = {
  name: "lint",
  takes: "CERT [KEY] | FILE",
  summary: "for whom a certificate or a config will work, and for whom not: browsers, libraries, languages",
  options: {
    name: { type: "string", takes: "<list>", help: "names that clients ask for (default: those of the certificate)" },
    cafile: { type: "string", takes: "<file>", help: "roots that your clients trust beside the public ones, in PEM" },
    versions: { type: "string", takes: "<list>", help: "tls1.3,tls1.2 (the default), or one of them" },
    alpn: { type: "string", takes: "<list>", help: "application protocols, such as h2,http/1.1" },
    for: { type: "string", takes: "<list>", help: `whom to try: ${clientProfiles.map(({ id }) => id).join(", ")}` },
    json: { type: "boolean", help: "the report as JSON" },
    markdown: { type: "boolean", help: "the report as Markdown, for an issue" },
  },
  run,
};

/** 0: it works for all of them. 1: it fails for somebody, or the config is refused. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  const [file, keyFile, ...more] = given.positionals;
  if (file === undefined || more.length > 0)
    throw new Misuse("say what to lint: CERT and KEY in PEM, or a module whose default export is a config");
  const subject = isModule(file) ? await subjectOf(file) : await ofFiles(file, keyFile, given);
  const report = lint(subject, await optionsOf(given, subject));
  io.print(
    flag(given, "json")
      ? toJson(report)
      : flag(given, "markdown")
        ? toMarkdown(report)
        : toText(report, { paint: painter(io.colour) }),
  );
  return report.outcomes.length > 0 && report.outcomes.every(({ result }) => result === "works") ? 0 : 1;
}

async function optionsOf(given: Given, subject: LintSubject): Promise<LintOptions> {
  const profiles = listed(given, "for");
  const serverNames = listed(given, "name");
  const isClient = subject instanceof ClientConfig || "client" in subject;
  const known: readonly { readonly id: string }[] = isClient ? serverProfiles : clientProfiles;
  const unknown = profiles?.find((wanted) => !known.some(({ id }) => id === wanted));
  if (unknown !== undefined) throw new Misuse(`--for takes some of ${known.map(({ id }) => id).join(", ")}`);
  const cafile = text(given, "cafile");
  return {
    provider: node,
    now: Date.now,
    publicRoots: platformRoots(),
    ...(cafile === undefined ? {} : { privateRoots: await contents(cafile) }),
    ...(profiles && { profiles }),
    ...(serverNames && { serverNames }),
  };
}

async function ofFiles(file: string, keyFile: string | undefined, given: Given): Promise<LintSubject> {
  const chain = await contents(file);
  const key = keyFile === undefined ? chain : await contents(keyFile);
  const versions = listed(given, "versions");
  const alpn = listed(given, "alpn");
  try {
    const hasKey = parsePem(key).some(({ label }) => label.endsWith("PRIVATE KEY"));
    if (keyFile !== undefined && !hasKey) throw new Misuse(`${keyFile} holds no private key in PEM`);
    const shown = hasKey ? credential({ chain, signer: signer(onlyKey(key)) }) : withoutKey(chain);
    const options = {
      provider: node,
      now: Date.now,
      credentials: [shown] as const,
      ...(versions && { versions }),
      ...(alpn && { alpn }),
    };
    // What is no version's name is a problem of the config, and told as one.
    return { server: { ...options, servesAnyName: shown.names.length === 0 } as ServerOptions };
  } catch (error) {
    if (error instanceof Misuse) throw error;
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

/** Of a file with both: the key alone. */
function onlyKey(pem: string): string {
  return /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/.exec(pem)?.[0] ?? pem;
}

/** The certificate is judged by its key's kind; whether somebody has the private half is not looked at. */
function withoutKey(chain: string): Credential {
  const unsigned = {
    schemes: [],
    publicKey: new Uint8Array(0),
    sign: (): never => {
      throw new TypeError("nobody signs here");
    },
  };
  const shown = credential({ chain, signer: unsigned });
  const key = readPublicKey(shown.publicKey);
  const standIn: SyncSigner = { ...unsigned, publicKey: shown.publicKey, schemes: key === undefined ? [] : schemesOf(key) };
  return { ...shown, signer: standIn };
}

const isModule = (file: string): boolean => /\.[cm]?[jt]s$/.test(file);

/** Its default export: a ServerConfig, a ClientConfig, or `{ server }` or `{ client }` with the options of one. */
async function subjectOf(file: string): Promise<LintSubject> {
  let found: unknown;
  try {
    // The caller's own program: it runs.
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(file)).href);
    found = module.default;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new Misuse(`${file} can't be loaded: ${printable(error instanceof Error ? error.message : String(error))}`);
  }
  if (isSubject(found)) return found;
  throw new Misuse(
    `the default export of ${file} is no ServerConfig, no ClientConfig, and neither { server } nor { client } with options`,
  );
}
function isSubject(value: unknown): value is LintSubject {
  if (value instanceof ServerConfig || value instanceof ClientConfig) return true;
  if (typeof value !== "object" || value === null) return false;
  return "server" in value ? typeof value.server === "object" : "client" in value && typeof value.client === "object";
}

function listed(given: Given, name: string): readonly string[] | undefined {
  return text(given, name)
    ?.split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

async function contents(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new Misuse(`${file} can't be read: ${String(error instanceof Error && "code" in error ? error.code : error)}`);
  }
}
