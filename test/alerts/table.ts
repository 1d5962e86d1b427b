// The alert conformance table, and what counts as a row that passed.
import { readFileSync } from "node:fs";
import type { Role } from "../support/scripted-peer.ts";

export interface Row {
  readonly id: string;
  readonly role: Role | "any";
  readonly version: readonly Version[];
  readonly stimulus: string;
  /** The preferred outcome first. */
  readonly allowed: readonly string[];
  /** A feature that is not built: the row is out of scope. */
  readonly needs?: string;
}
export type Version = "1.2" | "1.3";

/** What a test of a row has shown, once all its expectations held: `roles` are those of machines that got a stimulus. */
export interface Tried {
  readonly id: string;
  readonly version: Version;
  readonly roles: readonly Role[];
  /** Whether the outcome is one that the table allows, but doesn't prefer. */
  readonly deviates: boolean;
  /** Whether the table is wrong in our eyes (disputed.md), and what the RFC says was shown instead. */
  readonly disputed: boolean;
}
declare module "vitest" {
  interface TaskMeta {
    alertRow?: Tried;
  }
}

export interface Score {
  /** In scope, and tried in each role and version that the row names. */
  readonly passed: readonly Row[];
  /** Of these, with an outcome that is allowed but not preferred, in some version. */
  readonly deviating: readonly Row[];
  /** Of these, with what the RFC says instead of the table. */
  readonly disputed: readonly Row[];
  /** In scope, with what is missing: `1.3 client`. */
  readonly missing: ReadonlyMap<Row, readonly string[]>;
  readonly outOfScope: readonly Row[];
  readonly total: number;
}

export const rows: readonly Row[] = JSON.parse(readFileSync(new URL("data/alerts.json", import.meta.url), "utf8")).rows;

export function rolesOf({ role }: Row): readonly Role[] {
  return role === "any" ? ["client", "server"] : [role];
}

/** @param tried by tests that passed. */
export function scoreOf(table: readonly Row[], tried: readonly Tried[]): Score {
  const shown = new Set(tried.flatMap(({ id, version, roles }) => roles.map((role) => `${id} ${version} ${role}`)));
  const inScope = table.filter(({ needs }) => needs === undefined);
  const missing = new Map(
    inScope.flatMap((row) => {
      const cells = row.version.flatMap((version) => rolesOf(row).map((role) => `${version} ${role}`));
      const absent = cells.filter((cell) => !shown.has(`${row.id} ${cell}`));
      return absent.length > 0 || cells.length === 0 ? [[row, absent] as const] : [];
    }),
  );
  const passed = inScope.filter((row) => !missing.has(row));
  const deviant = new Set(tried.filter(({ deviates }) => deviates).map(({ id }) => id));
  const contested = new Set(tried.filter(({ disputed }) => disputed).map(({ id }) => id));
  return {
    passed,
    disputed: passed.filter(({ id }) => contested.has(id)),
    deviating: passed.filter(({ id }) => deviant.has(id)),
    missing,
    outOfScope: table.filter(({ needs }) => needs !== undefined),
    total: table.length,
  };
}

/** @param because why a row is not tried, if that is known. */
export function scoreText(
  { passed, deviating, disputed, missing, outOfScope, total }: Score,
  because: (id: string) => string | undefined,
): string[] {
  const list = (title: string, members: readonly (readonly [reason: string, id: string])[]): string[] =>
    [...new Set(members.map(([reason]) => reason))].map((reason) => {
      const ids = members.filter((member) => member[0] === reason).map(([, id]) => id);
      return `${title}, ${reason}: ${ids.join(" ")}`;
    });
  const inScope = passed.length + missing.size;
  return [
    ...list(
      "alert rows out of scope",
      outOfScope.map(({ needs = "", id }) => [`need ${needs}`, id]),
    ),
    ...list(
      "alert rows not passed",
      [...missing].map(([{ id }, cells]) => [because(id) ?? "failed or not run", `${id} (${cells.join(", ")})`]),
    ),
    ...list(
      "alert rows passed",
      deviating.map(({ id }) => ["with an outcome that is allowed, but not preferred", id]),
    ),
    ...list(
      "alert rows passed",
      disputed.map(({ id }) => ["as the RFC says instead of the table (test/alerts/disputed.md)", id]),
    ),
    `alert rows: ${passed.length} passed / ${inScope} in scope / ${total} in total`,
  ];
}
