/** The style sheet of the demo's pages. */
export const style = `
:root {
  --paper: #f6f4ef; --card: #fffdf9; --ink: #22252b; --soft: #5d636e; --line: #ddd8cc;
  --accent: #0b6e5f; --accent-ink: #ffffff; --clear: #fbe3bd; --clear-ink: #6b4300; --sealed: #cfeae1; --sealed-ink: #0a4a40;
  --grease: #ece8f6; --grease-ink: #5a4690;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2126; --ink: #e6e4df; --soft: #a0a6ae; --line: #333a42;
    --accent: #4fc3ac; --accent-ink: #0d1a17; --clear: #57421d; --clear-ink: #fbe3bd; --sealed: #17453c; --sealed-ink: #cdeee5;
    --grease: #352d52; --grease-ink: #d6cdf5;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 58rem; margin: 0 auto; padding: 2.5rem 1.25rem 1rem; }
a { color: var(--accent); }
header { display: flex; gap: 1.5rem; align-items: flex-start; }
.gate { flex: none; width: 5rem; height: 5rem; margin-top: .4rem; }
.gate .wall { fill: var(--accent); } .gate .door { fill: var(--paper); } .gate .inner { fill: var(--accent); opacity: .55; }
h1 { font-size: clamp(1.7rem, 4.5vw, 2.5rem); line-height: 1.15; margin: .2rem 0 .6rem; letter-spacing: -.02em; }
h2 { font-size: 1.35rem; margin: 0 0 .4rem; letter-spacing: -.01em; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; } h4 { font-size: .8rem; margin: .8rem 0 .2rem; color: var(--soft); }
.lead { font-size: 1.08rem; color: var(--soft); margin: 0; }
.chips { display: flex; flex-wrap: wrap; gap: .4rem; list-style: none; padding: 0; margin: 1rem 0 0; }
.chips li { background: var(--accent); color: var(--accent-ink); border-radius: 99px; padding: .2rem .8rem; font-size: .88rem; font-weight: 600; }
nav { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: 1.8rem 0 1rem; font-size: .95rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 1.4rem 1.6rem; margin: 0 0 1.2rem; scroll-margin-top: 1rem; }
section > p { margin: .2rem 0 .8rem; color: var(--soft); }
section strong { color: var(--ink); }
figure { margin: 1rem 0 0; } figure svg { display: block; width: 100%; height: auto; max-width: 47.5rem; margin: 0 auto; }
svg text { font: 13px system-ui, "Segoe UI", Roboto, sans-serif; fill: var(--ink); }
svg .side { fill: var(--ink); } svg .side-name { fill: var(--card); text-anchor: middle; font-weight: 600; }
svg .life { stroke: var(--line); stroke-width: 2; }
svg .clear { fill: var(--clear); } svg .sealed { fill: var(--sealed); }
svg .clear + .message, svg .clear + .message + .size { fill: var(--clear-ink); }
svg .sealed + .message, svg .sealed + .message + .size { fill: var(--sealed-ink); }
svg .message { font-weight: 600; } svg .size { text-anchor: end; font-size: 12px; }
svg .arrow, svg .data { stroke: var(--soft); stroke-width: 1.6; fill: none; } svg .data { stroke-width: 3; }
svg .head { fill: var(--soft); } svg .time { fill: var(--soft); font-size: 12px; } svg .time.client { text-anchor: end; }
svg .data-name { text-anchor: middle; fill: var(--soft); }
dl { margin: 0; } dl > div { display: grid; grid-template-columns: 9rem 1fr; gap: .2rem 1.2rem; padding: .7rem 0; border-top: 1px solid var(--line); }
dt { font-weight: 600; } dd { margin: 0; min-width: 0; } dt p, dd p { margin: .15rem 0 0; color: var(--soft); font-weight: 400; font-size: .93rem; }
.fields > div { grid-template-columns: minmax(12rem, 22rem) 1fr; } .fields dt { overflow-wrap: anywhere; font-size: .93rem; }
.value { display: inline-block; border: 1px solid var(--line); border-radius: 6px; padding: .05rem .5rem; margin: 0 .25rem .3rem 0; font-size: .86rem; overflow-wrap: anywhere; }
.grease { background: var(--grease); color: var(--grease-ink); border-color: transparent; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: .84rem; }
code { overflow-wrap: anywhere; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .6rem .8rem; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.bytes { max-height: 16rem; overflow: auto; }
details { border-top: 1px solid var(--line); padding: .55rem 0; } summary { cursor: pointer; font-weight: 600; }
details p { margin: .4rem 0; color: var(--soft); }
.recipes { margin-top: 1rem; } small { color: var(--soft); }
footer { max-width: 58rem; margin: 0 auto; padding: .5rem 1.25rem 3rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 40rem) {
  header { display: block; } dl > div, .fields > div { grid-template-columns: 1fr; } section { padding: 1.1rem; }
}
`;
