//===- HtmlPage.cpp - The page that shows an engine -------------------------------------===//
//
// Part of the Reckon project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------------===//
//
// No other file and no network: style, script and data are in the page.
//
//===----------------------------------------------------------------------------===//

#include "HtmlReport.h"

const char reckon::tools::htmlPage[] = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>%TITLE%</title>
<style>
body { font: 13px/1.4 system-ui, sans-serif; margin: 0; color: #222; background: #fff; display: flex; flex-direction: column; height: 100vh; overflow: hidden; }
header { padding: 8px 12px; border-bottom: 1px solid #ccc; display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap; }
h1 { font-size: 15px; margin: 0; }
nav button { border: 0; background: none; padding: 4px 8px; cursor: pointer; font: inherit; }
nav button.on { border-bottom: 2px solid #2563eb; font-weight: 600; }
main { display: flex; flex: 1; min-height: 0; }
.view { flex: 1; overflow: auto; display: none; }
.view.on { display: block; }
svg { width: 100%; height: 100%; display: block; cursor: grab; }
aside { width: 240px; border-left: 1px solid #ccc; padding: 8px 12px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 8px; }
th, td { border: 1px solid #ddd; padding: 2px 8px; text-align: right; vertical-align: top; }
th { background: #f3f4f6; position: sticky; top: 0; }
td.text, th.text { text-align: left; overflow-wrap: break-word; max-width: 380px; }
td { white-space: nowrap; }
td.text { white-space: normal; }
.node rect { stroke: #555; rx: 3; }
.node text { font-size: 11px; pointer-events: none; }
.node.hit rect { stroke: #dc2626; stroke-width: 3; }
.node.chosen rect { stroke: #2563eb; stroke-width: 3; }
.node.covers rect { stroke-dasharray: 4 3; }
.edge { fill: none; stroke: #999; }
.bar { background: #93c5fd; height: 8px; display: inline-block; }
.hit td { background: #fee2e2; }
</style>
</head>
<body>
<header>
<h1>%TITLE%</h1><span id="facts"></span>
<select id="program"></select>
<nav id="tabs"></nav>
<input id="search" type="search" placeholder="search: node, layer, kernel, table">
<span id="hits"></span>
</header>
<main>
<div class="view" id="before"></div>
<div class="view" id="after"></div>
<div class="view" id="kernels"></div>
<div class="view" id="arena"></div>
<div class="view" id="tables"></div>
<aside id="details">Choose a node. Drag to move, turn the wheel to zoom.</aside>
</main>
<script type="application/json" id="data">%DATA%</script>
<script type="application/json" id="times">%PROFILE%</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const profile = JSON.parse(document.getElementById("times").textContent);
const views = {before: "Before fusion", after: "After fusion", kernels: "Kernels", arena: "Memory", tables: "Tables"};
const byId = id => document.getElementById(id);
const colours = {lookup: "#bfdbfe", gemm: "#fde68a", rows: "#bbf7d0", whole: "#e9d5ff", input: "#f3f4f6", output: "#fecaca"};
let program = data.programs[0];

function element(name, attributes, parent, text) {
  const svg = ["svg", "g", "rect", "text", "path", "title", "line"].includes(name) && parent && (parent.namespaceURI || "").includes("svg");
  const made = svg || name === "svg" ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}
function scaled(value, unit) {
  if (value === undefined || value === null || value < 0) return "";
  let at = 0;
  for (; value >= 1000 && at < 4; ++at) value /= 1000;
  return (at === 0 ? value : value.toPrecision(3)) + " " + ["", "k", "M", "G", "T"][at] + unit;
}
/* What the profile says of a dispatch of the program that is shown. */
function timesOf(index) {
  const device = profile && profile.device ? profile.device.split(":")[0] : "";
  if (!profile || device !== program.device) return {};
  const result = profile.results.find(each => each.batch === data.batch) || profile.results[0];
  const found = result && result.dispatches[index];
  return found ? {batch: result.batch, us: found.time_us.median, floor: found.floor_us, share: found.floor_share, by: found.floor_by} : {};
}

/* The two graphs: nodes {label, detail, kind, words, covers} and edges [from, to]. */
function graphAfter() {
  const nodes = [], edges = [];
  const inputs = data.inputs.map(each => nodes.push({label: each.name, kind: "input", words: each.name, detail: "input " + each.name + "\n" + each.type}) - 1);
  const first = nodes.length;
  program.dispatches.forEach((dispatch, index) => {
    const kernel = program.kernels[dispatch.kernel], times = timesOf(index);
    nodes.push({label: kernel.symbol, kind: kernel.kind, covers: dispatch.covers.length > 0,
      words: [kernel.symbol, ...kernel.nodes, ...kernel.layers.map(each => each.op)].join(" "),
      detail: "dispatch " + index + ", chain " + dispatch.chain + "\nkernel " + kernel.symbol + " (" + kernel.kind + ")\n" + dispatch.rows + " rows\n" +
        scaled(dispatch.bytes, "B") + " moved, " + scaled(dispatch.flops, "operations") +
        (kernel.registers ? "\n" + kernel.registers + " registers, " + kernel.threads + " threads, " + kernel.shared + " B shared" : "") +
        (times.us !== undefined ? "\n" + times.us.toFixed(2) + " us at batch " + times.batch : "") +
        (times.share !== undefined ? ", floor " + times.floor.toFixed(2) + " us (" + (100 * times.share).toFixed(0) + " %, " + times.by + ")" : "") +
        (dispatch.covers.length ? "\nfor some numbers of rows in place of dispatches " + dispatch.covers.join(", ") : "") +
        "\n\nnodes:\n" + kernel.nodes.join("\n") + "\n\nlayers:\n" + kernel.layers.map(each => each.op + "  " + each.results.join(", ")).join("\n")});
  });
  const outputs = data.outputs.map(each => nodes.push({label: each.name, kind: "output", words: each.name, detail: "output " + each.name + "\n" + each.type}) - 1);
  program.dispatches.forEach((dispatch, index) => {
    dispatch.from.forEach(([writer]) => edges.push([first + writer, first + index]));
    dispatch.operands.forEach((operand, at) => {
      if (operand.space === "input") edges.push([inputs[operand.index], first + index]);
      if (operand.space === "output" && at >= dispatch.operands.length - dispatch.outputs) edges.push([first + index, outputs[operand.index]]);
    });
  });
  return {nodes, edges};
}
function graphBefore() {
  const nodes = [], edges = [], written = [];
  const inputs = data.inputs.map(each => nodes.push({label: each.name, kind: "input", words: each.name, detail: "input " + each.name + "\n" + each.type}) - 1);
  const outputs = [];
  program.dispatches.forEach((dispatch, index) => {
    const kernel = program.kernels[dispatch.kernel], inputsEnd = dispatch.operands.length - dispatch.outputs, results = [];
    written.push([]);
    if (dispatch.covers.length) return; // what it covers is there
    const sources = operand => {
      const from = dispatch.from.filter(([, at]) => at === operand).flatMap(([writer]) => written[writer]);
      const place = dispatch.operands[operand];
      return place && place.space === "input" ? [inputs[place.index]] : from;
    };
    for (const layer of kernel.layers) {
      const from = layer.inputs.flatMap(input => input < 0 ? results[-1 - input] || [] : input < inputsEnd ? sources(input) : []);
      if (layer.op === "yield") {
        layer.inputs.forEach((input, at) => {
          const made = input < 0 ? results[-1 - input] || [] : sources(input);
          const place = dispatch.operands[inputsEnd + at];
          written[index].push(...made);
          if (place && place.space === "output") outputs.push([place.index, made]);
        });
        continue;
      }
      if (layer.op === "constant") { layer.results.forEach(() => results.push([])); continue; }
      const me = nodes.push({label: layer.op, kind: kernel.kind, words: [layer.op, ...layer.nodes, kernel.symbol].join(" "),
        detail: layer.op + "\n" + layer.results.join("\n") + "\n\nnodes:\n" + layer.nodes.join("\n") + "\n\nin dispatch " + index + ", kernel " + kernel.symbol}) - 1;
      layer.results.forEach(() => results.push([me]));
      from.forEach(source => edges.push([source, me]));
    }
  });
  data.outputs.forEach((each, index) => {
    const me = nodes.push({label: each.name, kind: "output", words: each.name, detail: "output " + each.name + "\n" + each.type}) - 1;
    outputs.filter(([at]) => at === index).forEach(([, from]) => from.forEach(source => edges.push([source, me])));
  });
  return {nodes, edges};
}

/* Rows by the longest way from an input; within a row near what a node comes from. */
function place(graph) {
  const {nodes, edges} = graph, before = nodes.map(() => []);
  const unique = new Set(edges.filter(([a, b]) => a !== b).map(each => each.join(" ")));
  graph.edges = [...unique].map(each => each.split(" ").map(Number));
  graph.edges.forEach(([a, b]) => before[b].push(a));
  const rank = nodes.map(() => 0);
  for (let round = 0, changed = true; changed && round < nodes.length; ++round) {
    changed = false;
    for (const [a, b] of graph.edges)
      if (rank[b] <= rank[a]) { rank[b] = rank[a] + 1; changed = true; }
  }
  const rows = [];
  nodes.forEach((node, index) => {
    node.width = Math.max(60, 7 * node.label.length + 16);
    (rows[rank[index]] = rows[rank[index]] || []).push(index);
  });
  const centre = nodes.map(() => 0);
  rows.forEach((row, at) => {
    const wish = index => before[index].length ? before[index].reduce((sum, each) => sum + centre[each], 0) / before[index].length : 0;
    const wishes = new Map(row.map((index, order) => [index, at === 0 ? order : wish(index)]));
    row.sort((a, b) => wishes.get(a) - wishes.get(b));
    const total = row.reduce((sum, index) => sum + nodes[index].width + 20, 0);
    let x = -total / 2;
    for (const index of row) {
      nodes[index].x = x;
      nodes[index].y = at * 70;
      centre[index] = x + nodes[index].width / 2;
      x += nodes[index].width + 20;
    }
  });
}
function draw(view, graph) {
  view.textContent = "";
  place(graph);
  const svg = element("svg", {}, view), {nodes, edges} = graph;
  const left = Math.min(...nodes.map(n => n.x), 0) - 20, right = Math.max(...nodes.map(n => n.x + n.width), 100) + 20;
  const bottom = Math.max(...nodes.map(n => n.y), 0) + 60;
  const box = {x: left, y: -20, w: right - left, h: bottom + 20};
  const show = () => svg.setAttribute("viewBox", [box.x, box.y, box.w, box.h].join(" "));
  for (const [a, b] of edges) {
    const from = nodes[a], to = nodes[b], x1 = from.x + from.width / 2, y1 = from.y + 28, x2 = to.x + to.width / 2, y2 = to.y;
    element("path", {class: "edge", d: `M${x1} ${y1}C${x1} ${y1 + 25} ${x2} ${y2 - 25} ${x2} ${y2}`}, svg);
  }
  for (const node of nodes) {
    const group = element("g", {class: "node" + (node.covers ? " covers" : "")}, svg);
    element("rect", {x: node.x, y: node.y, width: node.width, height: 28, fill: colours[node.kind] || "#fff"}, group);
    element("text", {x: node.x + 8, y: node.y + 18}, group, node.label);
    element("title", {}, group, node.detail);
    group.addEventListener("click", () => {
      document.querySelectorAll(".chosen").forEach(each => each.classList.remove("chosen"));
      group.classList.add("chosen");
      byId("details").textContent = node.detail;
    });
    node.group = group;
  }
  const at = event => {
    const frame = svg.getBoundingClientRect(), scale = Math.max(box.w / frame.width, box.h / frame.height);
    return {scale, x: box.x + box.w / 2 + (event.clientX - frame.left - frame.width / 2) * scale, y: box.y + box.h / 2 + (event.clientY - frame.top - frame.height / 2) * scale};
  };
  svg.addEventListener("wheel", event => {
    event.preventDefault();
    const point = at(event), factor = event.deltaY > 0 ? 1.2 : 1 / 1.2;
    box.x = point.x - (point.x - box.x) * factor;
    box.y = point.y - (point.y - box.y) * factor;
    box.w *= factor;
    box.h *= factor;
    show();
  }, {passive: false});
  let last = null;
  svg.addEventListener("pointerdown", event => { last = event; });
  window.addEventListener("pointerup", () => { last = null; });
  svg.addEventListener("pointermove", event => {
    if (!last) return;
    const {scale} = at(event);
    box.x -= (event.clientX - last.clientX) * scale;
    box.y -= (event.clientY - last.clientY) * scale;
    last = event;
    show();
  });
  graph.centre = node => { box.x = node.x + node.width / 2 - box.w / 2; box.y = node.y - box.h / 2; show(); };
  show();
}

function table(view, heads, rows) {
  const made = element("table", {}, view), head = element("tr", {}, element("thead", {}, made)), body = element("tbody", {}, made);
  heads.forEach(([name, isText]) => element("th", isText ? {class: "text"} : {}, head, name));
  rows.forEach(row => {
    const line = element("tr", {}, body);
    row.forEach((value, at) => {
      // A long list is cut; all of it is in the tip.
      const words = String(value).split(", "), isLong = words.length > 8;
      element("td", {...(heads[at][1] ? {class: "text"} : {}), ...(isLong ? {title: value} : {})}, line,
        isLong ? words.slice(0, 6).join(", ") + " and " + (words.length - 6) + " more" : value);
    });
  });
  return made;
}
function drawKernels(view) {
  view.textContent = "";
  const rows = program.dispatches.map((dispatch, index) => {
    const kernel = program.kernels[dispatch.kernel], times = timesOf(index);
    return [index, kernel.symbol, kernel.kind, kernel.nodes.join(", "), kernel.layers.filter(each => !["yield", "constant"].includes(each.op)).map(each => each.op).join(", "),
      dispatch.rows, scaled(dispatch.bytes, "B"), scaled(dispatch.flops, ""), kernel.registers || "",
      times.us === undefined ? "" : times.us.toFixed(2), times.floor === undefined ? "" : times.floor.toFixed(2), times.share === undefined ? "" : (100 * times.share).toFixed(0) + " %"];
  });
  table(view, [["dispatch"], ["kernel", true], ["kind", true], ["ONNX nodes", true], ["layers", true], ["rows"], ["bytes"], ["operations"], ["registers"],
    ["time, us"], ["floor, us"], ["share"]], rows);
  if (!profile) element("p", {}, view, "Times: reckon-bench --profile=F --roofline, then reckon-inspect --html --profile=F.");
}
/* Memory down, dispatches across. */
function drawMemory(view, memory, text) {
  const count = Math.max(program.dispatches.length, 1), width = 1000, height = 300;
  element("p", {style: "margin: 8px"}, view, text);
  const svg = element("svg", {viewBox: `-60 -10 ${width + 80} ${height + 40}`, style: "height: 45%; cursor: default"}, view);
  element("rect", {x: 0, y: 0, width, height, fill: "#f9fafb", stroke: "#ccc"}, svg);
  memory.stretches.forEach((each, index) => {
    const x = width * each.first / count, w = Math.max(width * (each.last + 1 - each.first) / count, 2);
    const y = memory.bytes ? height * each.offset / memory.bytes : 0, h = memory.bytes ? Math.max(height * each.bytes / memory.bytes, 1) : 1;
    const group = element("g", {class: "node"}, svg), kernel = program.kernels[program.dispatches[each.first].kernel];
    element("rect", {x, y, width: w, height: h, fill: `hsl(${index * 47 % 360} 60% 75%)`}, group);
    element("title", {}, group, "slot " + each.slot + ", " + scaled(each.bytes, "B") + " from " + each.offset + " on\nwritten by dispatch " + each.first + ", " + kernel.symbol + "\nlast used by dispatch " + each.last);
    group.addEventListener("click", () => { byId("details").textContent = group.querySelector("title").textContent; });
  });
  for (let d = 0; d < count; d += Math.ceil(count / 20)) element("text", {x: width * d / count, y: height + 16, "font-size": 11}, svg, d);
  element("text", {x: -56, y: 10, "font-size": 11}, svg, "0");
  element("text", {x: -56, y: height, "font-size": 11}, svg, scaled(memory.bytes, "B"));
}
function drawArena(view) {
  view.textContent = "";
  const axes = " Across: dispatches in order. Down: addresses.";
  if (program.arena.bytes) drawMemory(view, program.arena, "The arena: " + scaled(program.arena.bytes, "B") + " at batch " + data.batch + "; all results without sharing memory: " +
    scaled(program.arena.unshared, "B") + "." + axes);
  else element("p", {style: "margin: 8px"}, view, "There is no arena: nothing is handed from one chain to another.");
  if (program.local.stretches.length)
    drawMemory(view, program.local, "A thread's own memory, for a block of rows: " + scaled(program.local.bytes, "B") + "." + axes);
}
function drawTables(view) {
  view.textContent = "";
  const most = Math.max(...data.tables.map(each => each.bytes), 1);
  const made = table(view, [["table", true], ["rows"], ["dim"], ["format", true], ["bytes"], ["where", true], ["", true]],
    data.tables.map(each => [each.name, each.rows, each.dim, each.type + (each.encoding === "plain" ? "" : " " + each.encoding), scaled(each.bytes, "B"), each.where, ""]));
  made.querySelectorAll("tbody tr").forEach((line, at) => element("span", {class: "bar", style: `width: ${Math.max(1, 200 * data.tables[at].bytes / most)}px`}, line.lastChild));
  table(view, [["weight", true], ["type", true], ["packing", true], ["bytes"]], data.weights.map(each => [each.name, each.type, each.packing, scaled(each.bytes, "B")]));
}

let graphs = {}, current = "before";
function drawAll() {
  graphs = {before: graphBefore(), after: graphAfter()};
  draw(byId("before"), graphs.before);
  draw(byId("after"), graphs.after);
  drawKernels(byId("kernels"));
  drawArena(byId("arena"));
  drawTables(byId("tables"));
  search();
}
function choose(view) {
  current = view;
  document.querySelectorAll(".view").forEach(each => each.classList.toggle("on", each.id === view));
  document.querySelectorAll("#tabs button").forEach(each => each.classList.toggle("on", each.dataset.view === view));
  history.replaceState(null, "", "#view=" + view);
  search();
}
function search() {
  const word = byId("search").value.trim().toLowerCase();
  let hits = 0;
  document.querySelectorAll(".hit").forEach(each => each.classList.remove("hit"));
  if (word && graphs[current])
    for (const node of graphs[current].nodes)
      if (node.words.toLowerCase().includes(word)) {
        node.group.classList.add("hit");
        if (hits++ === 0) graphs[current].centre(node);
      }
  if (word && !graphs[current])
    byId(current).querySelectorAll("tbody tr").forEach(line => {
      if (line.textContent.toLowerCase().includes(word)) {
        line.classList.add("hit");
        if (hits++ === 0) line.scrollIntoView({block: "center"});
      }
    });
  byId("hits").textContent = word ? hits + " found" : "";
}
data.programs.forEach((each, at) => element("option", {value: at}, byId("program"), each.device + (each.cpu ? " " + each.cpu : "")));
byId("program").addEventListener("change", event => { program = data.programs[event.target.value]; drawAll(); });
for (const [view, name] of Object.entries(views))
  element("button", {"data-view": view}, byId("tabs"), name).addEventListener("click", () => choose(view));
byId("search").addEventListener("input", search);
byId("facts").textContent = scaled(data.bytes, "B") + ", " + data.tables.length + " tables, by " + data.producer + ", sizes for batch " + data.batch;
drawAll();
const wanted = location.hash.replace("#view=", "");
choose(views[wanted] ? wanted : "before");
document.body.dataset.drawn = graphs.before.nodes.length + " layers, " + graphs.after.nodes.length + " kernels";
</script>
</body>
</html>
)html";
