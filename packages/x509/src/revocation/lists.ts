// The lists that a verifier goes by, which may be replaced while it is in use.
import { ConfigError, type ConfigProblem } from "@sallyport/core";
import { DerError } from "../der.ts";
import { derOf } from "../pem.ts";
import { parseRevocationList, type RevocationList } from "./crl.ts";
import { listsByIssuer } from "./judge-crl.ts";

/**
 * Certificate revocation lists that can be replaced: lists end within days, and a verifier lives longer. Whose verdict went by
 * other lists is not resumed: a full handshake judges anew.
 * @throws ConfigError naming each list that can't be used, and why: it is malformed, indirect, a delta, without a number…
 * @example const lists = new RevocationLists(await readFile("crls.pem", "utf8")); // later: lists.replace(fresh)
 */
export class RevocationLists {
  #byIssuer: ReadonlyMap<string, readonly RevocationList[]>;
  #lists: readonly RevocationList[];

  /** @param lists PEM text (`X509 CRL`), or DER. */
  constructor(lists: string | readonly Uint8Array[]) {
    this.#lists = readLists(lists, "lists");
    this.#byIssuer = listsByIssuer(this.#lists);
  }

  /** All at once; on an error the old ones stay. @throws ConfigError */
  replace(lists: string | readonly Uint8Array[]): void {
    const read = readLists(lists, "lists");
    this.#lists = read;
    this.#byIssuer = listsByIssuer(read);
  }

  /** Of one issuer, by the DER of its name, one character an octet. @internal */
  of(issuer: string): readonly RevocationList[] {
    return this.#byIssuer.get(issuer) ?? [];
  }
  /** @internal */
  get all(): readonly RevocationList[] {
    return this.#lists;
  }
}

/** @throws ConfigError */
export function readLists(input: string | readonly Uint8Array[], path: string): readonly RevocationList[] {
  const problems: ConfigProblem[] = [];
  const lists: RevocationList[] = [];
  for (const [at, der] of derOf(input, path, problems, "CRL").entries()) {
    try {
      lists.push(parseRevocationList(der));
    } catch (thrown) {
      if (!(thrown instanceof DerError)) throw thrown;
      problems.push({
        kind: "crl-malformed",
        path: `${path}[${at}]`,
        problem: `no usable CRL: ${thrown.message}`,
        remedy: "have it issued anew, or leave it out",
      });
    }
  }
  const [first, ...more] = problems;
  if (first !== undefined) throw new ConfigError([first, ...more]);
  return lists;
}
