import { writeFile } from "node:fs/promises";
import { AuthorityError, type LocalAuthority, openAuthority, readAuthority, removeAuthority } from "../ca/local-authority.ts";
import { permittedInWords } from "../ca/names.ts";
import { folderOfAuthority } from "../ca/place.ts";
import { isHere, quoted, trustRecipes } from "../ca/trust.ts";
import { type Command, type ExitCode, flag, type Given, type Io, Misuse, text } from "../command.ts";
import { type Paint, painter } from "../terminal.ts";

export const caCommand: Command = {
  name: "ca",
  takes: "",
  summary: "the CA of this machine, by which serve is trusted: where it lies, how to trust and to remove it",
  options: {
    export: { type: "string", takes: "<file>|-", help: "writes its certificate there, without the key" },
    new: { type: "boolean", help: "makes another, and forgets this one" },
    remove: { type: "boolean", help: "deletes it with its key" },
    json: { type: "boolean", help: "as JSON" },
  },
  run,
};

/** 1: there was none to be removed. */
async function run(given: Given, io: Io): Promise<ExitCode> {
  if (given.positionals.length > 0) throw new Misuse("ca takes options alone");
  const folder = folderOfAuthority();
  const paint = painter(io.colour);
  if (flag(given, "remove") || flag(given, "new")) {
    const old = await readAuthority(folder).catch((error: unknown) => unusable(error));
    await removeAuthority(folder);
    if (flag(given, "remove")) return told(old, paint, io);
    if (old !== undefined && old !== "unusable") io.complain(`${howToRemove(old, paint)}\n`);
  }
  const authority = await openAuthority(folder).catch((error: unknown) => {
    throw error instanceof AuthorityError ? new Misuse(error.message) : error;
  });
  const target = text(given, "export");
  if (target === "-") {
    io.print(authority.pem);
    return 0;
  }
  if (target !== undefined) await writeFile(target, authority.pem);
  const { name, fingerprint, file, keyFile, validTo, isNew } = authority;
  if (flag(given, "json")) {
    io.print(JSON.stringify({ name, fingerprint, file, keyFile, validTo, isNew, goodFor: permittedInWords }, undefined, 2));
    return 0;
  }
  io.print(
    `${paint("verdict", name)}${isNew ? ", made just now" : ""}\n` +
      `  until ${validTo.toISOString().slice(0, 10)}, for ${permittedInWords}`,
  );
  io.print(`  SHA-256 ${fingerprint}\n  certificate: ${file}\n  its key, which only you can read: ${keyFile}\n`);
  io.print(howToTrust(authority, paint));
  return 0;
}

function told(old: LocalAuthority | "unusable" | undefined, paint: Paint, io: Io): ExitCode {
  if (old === undefined) {
    io.complain("sallyport: there is no local CA");
    return 1;
  }
  io.print(
    old === "unusable" ? "What lay there is deleted." : `${old.name} and its key are deleted.\n${howToRemove(old, paint)}`,
  );
  return 0;
}

/** It can be deleted all the same. */
function unusable(error: unknown): "unusable" {
  if (error instanceof AuthorityError) return "unusable";
  throw error;
}

/** On this system, and in Firefox. */
export function howToTrust(authority: LocalAuthority, paint: Paint): string {
  const lines = recipesFor(authority).flatMap(({ where, note, trust, remove }) => [
    paint("heading", where),
    ...(note === undefined ? [] : [paint("quiet", `  ${note}`)]),
    `  trust:  ${trust}`,
    `  remove: ${remove}`,
  ]);
  return [
    `To trust it, and to take that back (curl needs neither: curl --cacert ${quoted(authority.file)} …):`,
    ...lines,
    "",
  ].join("\n");
}

function howToRemove(authority: LocalAuthority, paint: Paint): string {
  const lines = recipesFor(authority).map(({ where, remove }) => `  ${paint("heading", where)}: ${remove}`);
  return [`Where ${authority.name} was trusted, remove it:`, ...lines].join("\n");
}

const recipesFor = ({ name, fingerprint, file }: LocalAuthority) =>
  trustRecipes({ name, fingerprint, file: quoted(file), nickname: "sallyport-local" }).filter((recipe) => isHere(recipe));
