// Generates as many key shares of a group as it is told, and keeps some of them, so that collections come at any moment.
import { node } from "@sallyport/crypto-node";

const [name, count] = process.argv.slice(2);
const group = node.groups.find((each) => each.name === name);
if (group === undefined || !("start" in group)) throw new Error(`no group ${name}`);
let kept: unknown[] = [];
for (let made = 0; made < Number(count); made++) {
  kept.push(group.start());
  if (kept.length > 1000) kept = [];
}
console.log("done");
