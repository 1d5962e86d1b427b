import { hostname } from "node:os";
import { printable } from "@sallyport/explain";
import { AuthorityError, type LocalAuthority, openAuthority } from "../ca/local-authority.ts";
import { isPermitted, permittedInWords } from "../ca/names.ts";
import { folderOfAuthority } from "../ca/place.ts";
import { type Command, type ExitCode, flag, type Given, type Io, interrupted, Misuse, number, text } from "../command.ts";
import { openSite, type Site } from "../serve/site.ts";
import { painter } from "../terminal.ts";
import { howToTrust } from "./ca.ts";

export const serveCommand: Command = {
  name: "serve",
  takes: "[DIR]",
  summary: "a folder over HTTPS, with a certificate by a CA of this machine",
  options: {
    host: { type: "string", takes: "<address>", help: "where to listen (default 127.0.0.1: this machine alone)" },
    port: { type: "string", takes: "<n>", help: "default 8443, or a free port if that is taken" },
    name: { type: "string", takes: "<list>", help: `beside localhost: ${permittedInWords}` },
    quiet: { type: "boolean", help: "no line a request" },
    json: { type: "boolean", help: "where it listens and what it is known by, as JSON" },
  },
  run,
};

/** Until it is interrupted. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  const [folder = ".", ...more] = given.positionals;
  if (more.length > 0) throw new Misuse("serve takes one folder");
  const host = text(given, "host") ?? "127.0.0.1";
  const names = namesFor(given, host);
  const authority = await opened();
  const log = flag(given, "quiet") || flag(given, "json") ? (): void => {} : io.print;
  const identity = await authority.issue(names);
  const port = number(given, "port", 0, 65_535);
  const open = (at: number): Promise<Site> => openSite({ folder, identity, host, port: at, log });
  const site = await open(port ?? 8443).catch((error: unknown) => {
    if (port === undefined && error instanceof Error && "code" in error && error.code === "EADDRINUSE") return open(0);
    throw error;
  });
  // From the first line on it can be ended.
  const end = interrupted();
  tell(site, authority, names, folder, given, io);
  await end;
  site.close();
  return 0;
}

function tell(site: Site, authority: LocalAuthority, names: readonly string[], folder: string, given: Given, io: Io): void {
  // Of this machine itself one is enough.
  const urls = names
    .filter((name) => name !== "127.0.0.1" && name !== "::1")
    .map((name) => `https://${name.includes(":") ? `[${name}]` : name}:${site.port}/`);
  const { name, fingerprint, file, isNew } = authority;
  if (flag(given, "json")) {
    io.print(JSON.stringify({ folder, urls, ca: { name, fingerprint, file } }, undefined, 2));
    return;
  }
  const paint = painter(io.colour);
  io.print(`${printable(folder)} is served at ${urls.map((url) => paint("verdict", url)).join("  ")}`);
  io.print(`by a certificate of ${name}${isNew ? ", made just now" : ""}\nSHA-256 ${fingerprint}\n`);
  io.print(howToTrust(authority, paint));
  io.print(
    "Ctrl-C ends it. The CA is good for nothing beyond this machine and its network; `sallyport ca --remove` deletes it.\n",
  );
}

/** @throws Misuse */
function namesFor(given: Given, host: string): readonly [string, ...string[]] {
  const wanted = (text(given, "name") ?? "")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  const stranger = wanted.find((name) => !isPermitted(name));
  if (stranger !== undefined) throw new Misuse(`the local CA is not good for ${stranger}; it is for ${permittedInWords}`);
  // Where others can come, they come by the machine's own name or by the address.
  const own = host === "127.0.0.1" || host === "localhost" ? [] : [`${hostname().toLowerCase()}.local`, host].filter(isPermitted);
  return ["localhost", ...new Set(["127.0.0.1", "::1", ...own, ...wanted].filter((name) => name !== "localhost"))];
}

async function opened(): Promise<LocalAuthority> {
  try {
    return await openAuthority(folderOfAuthority());
  } catch (error) {
    throw error instanceof AuthorityError ? new Misuse(error.message) : error;
  }
}
