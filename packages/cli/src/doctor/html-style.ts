/** At most so many lanes are drawn; who comes later shares the last one. */
export const mostLanes = 6

const lanes = Array.from({ length: mostLanes }, (_, index) => index + 1)

/** One rule for each pair of lanes: a page with this policy has no style but that of its sheet. */
const arrows = lanes.slice(1).map((lane) => `.to${lane}{grid-column:1/span ${lane}}`)
const grids = lanes.map((count) => `.lanes${count}{--lanes:${count}}`)

export const style: string = `
:root{color-scheme:light dark;--line:#8884;--ok:#18794e;--info:#0b68cb;--warning:#9a6700;--error:#cf222e;--soft:#8881}
@media(prefers-color-scheme:dark){:root{--ok:#4cc38a;--info:#6cb6ff;--warning:#e3b341;--error:#ff7b72}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:60rem;font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.4rem;line-height:1.25}h2{font-size:1.1rem;margin:2rem 0 .5rem}
code,.mono{font:.85em/1.4 ui-monospace,monospace}
ul,ol{list-style:none;margin:0;padding:0}
a{color:var(--info)}
.counts{display:flex;flex-wrap:wrap;gap:.5rem}
.counts li{padding:.1rem .7rem;border:1px solid;border-radius:1rem}
.ok{color:var(--ok)}.info{color:var(--info)}.warning{color:var(--warning)}.error{color:var(--error)}
.finding{padding:.4rem 0 .4rem .8rem;border-left:3px solid;margin:.3rem 0}
.finding>*{color:CanvasText;margin:0}
.finding .sign{color:inherit;font-weight:600}
.detail{background:var(--soft);padding:.2rem .5rem;border-radius:.3rem}
.note{opacity:.75}
.met{columns:18rem;font-size:.9rem}
.diagram{--lanes:2;position:relative}
${grids.join('')}
.heads,.row{display:grid;grid-template-columns:repeat(var(--lanes),1fr)}
.heads{position:sticky;top:0;background:Canvas;z-index:1;gap:.3rem;font-size:.75rem;text-align:center;padding:.3rem 0}
.heads li{border:1px solid var(--line);border-radius:.3rem;padding:.2rem}
.row{padding:.15rem 0;background:repeating-linear-gradient(to right,transparent 0 calc(50%/var(--lanes) - .5px),var(--line) calc(50%/var(--lanes) - .5px) calc(50%/var(--lanes) + .5px),transparent calc(50%/var(--lanes) + .5px) calc(100%/var(--lanes)))}
.label{grid-column:1/-1;margin:0;font-size:.75rem;text-align:center}
.label span{background:Canvas;padding:0 .3rem}
.arrow{position:relative;height:.7rem}
.arrow i{position:absolute;top:50%;left:calc(50%/var(--span));right:calc(50%/var(--span));border-top:1.5px solid}
.arrow i::after{content:"";position:absolute;top:-5px;border:4px solid transparent}
.there i::after{right:0;border-left-color:currentColor;border-right:0}
.back i{border-top-style:dashed}
.back i::after{left:0;border-right-color:currentColor;border-left:0}
${arrows.join('')}
${lanes.map((lane) => `.to${lane}{--span:${lane}}`).join('')}
`
