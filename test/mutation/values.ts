// Most changes are of a condition, and can only be seen where the condition comes out differently. So sources tell the values of what
// may be changed, and a change is tried in no other test than one in which it makes a difference: a fraction of those that reach it.
import { pathToFileURL } from "node:url";
import { type Mutant, root } from "./plan.ts";

/** As @babel/parser gives them. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}
interface Parser {
  parse(code: string, options: { readonly sourceType: "module"; readonly plugins: readonly string[] }): Node;
}

/** When a change makes a difference: by the value that is there without it, or always, or by its own, which is free to ask for. */
export type When = "unless-true" | "unless-false" | "nullish" | "always" | "other";

/** Of instrumented code, which asks `active(id) ? changed : (covered(id, …), original)`. */
export async function tellValues(code: string, mutants: ReadonlyMap<string, Mutant>): Promise<string> {
  const parser: Parser = await import(pathToFileURL(`${root}node_modules/@babel/parser/lib/index.js`).href);
  const edits: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  const chainOf = (node: Node, changed: Map<string, Node>): void => {
    const id = idOfTest(node);
    if (id === undefined) return;
    changed.set(id, node["consequent"] as Node); // of a ConditionalExpression
    const otherwise = node["alternate"] as Node;
    if (otherwise.type !== "SequenceExpression") return chainOf(otherwise, changed);
    const [covered, original] = otherwise["expressions"] as readonly [Node, Node];
    if (nameOfCall(covered) !== "stryCov_9fa48") return;
    const whens = [...changed].map(([id, other]) => {
      const when = whenOf(mutants.get(id), original, other);
      return `"${id}": ${when === "other" ? `() => (${code.slice(other.start, other.end)})` : `"${when}"`}`;
    });
    const comma = code.indexOf(",", covered.end);
    edits.push({ from: covered.start, to: comma + 1, text: `globalThis.__stryker__.value({ ${whens.join(", ")} },` });
    edits.push({ from: otherwise.end, to: otherwise.end, text: ")" });
  };
  const seen = new Set<Node>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) walk(each);
    else if (isNode(value)) {
      if (value.type === "ConditionalExpression" && !seen.has(value)) {
        for (let at = value; idOfTest(at) !== undefined; at = at["alternate"] as Node) seen.add(at);
        chainOf(value, new Map());
      }
      for (const [field, each] of Object.entries(value)) if (field !== "loc" && field !== "extra") walk(each);
    }
  };
  walk(parser.parse(code, { sourceType: "module", plugins: ["typescript"] }));
  let told = code;
  // Of two edits at one place the inner one's parenthesis comes first; they were found from the outside.
  const ordered = edits
    .map((edit, at) => ({ edit, at }))
    .sort((one, other) => other.edit.from - one.edit.from || one.at - other.at);
  for (const { edit } of ordered) told = told.slice(0, edit.from) + edit.text + told.slice(edit.to);
  return told;
}

function whenOf(mutant: Mutant | undefined, original: Node, changed: Node): When {
  if (mutant === undefined) return "always";
  const { mutatorName, replacement } = mutant;
  if (mutatorName === "ConditionalExpression") {
    return replacement === "true" ? "unless-true" : replacement === "false" ? "unless-false" : "always";
  }
  if (mutatorName === "OptionalChaining") return "nullish";
  if (isFree(original) && isFree(changed)) return "other";
  const { operator } = changed;
  if (mutatorName === "LogicalOperator") return operator === "||" ? "unless-true" : "always";
  return mutatorName === "EqualityOperator" && (operator === "<=" || operator === ">=") ? "unless-true" : "always";
}

/** May be evaluated once more: it calls nothing, and sets nothing. */
function isFree(node: Node): boolean {
  const parts = (...names: readonly string[]): boolean => names.every((name) => isFree(node[name] as Node));
  switch (node.type) {
    case "Identifier":
    case "ThisExpression":
    case "NumericLiteral":
    case "StringLiteral":
    case "BooleanLiteral":
    case "NullLiteral":
    case "PrivateName":
      return true;
    case "MemberExpression":
    case "OptionalMemberExpression":
      return parts("object", "property");
    case "BinaryExpression":
    case "LogicalExpression":
      return parts("left", "right");
    case "UnaryExpression":
      return node["operator"] !== "delete" && parts("argument");
    case "ParenthesizedExpression":
    case "TSAsExpression":
      return parts("expression");
    default:
      return false;
  }
}

function idOfTest(node: Node): string | undefined {
  const test = node["test"];
  if (node.type !== "ConditionalExpression" || !isNode(test) || nameOfCall(test) !== "stryMutAct_9fa48") return undefined;
  const [id] = test["arguments"] as readonly { readonly value: string }[]; // of a call
  return id?.value;
}
function nameOfCall(node: Node): unknown {
  const callee = node["callee"];
  return node.type === "CallExpression" && isNode(callee) ? callee["name"] : undefined;
}
function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value;
}
