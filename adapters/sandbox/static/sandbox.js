"use strict";
const FAULTS = ["expired_token", "rate_limit", "drop_silently", "slow", "http_500", "duplicate_callback", "reorder_callbacks", "invalid_user", "flow_control", "attendance_stale", "no_permission", "ip_untrusted", "no_callback"];
const HOURS = [[], [["09:00", "18:00"]], [["09:00", "12:00"], ["13:30", "18:00"]], [["22:00", "06:00"]]];
const PAGE = /^(https?:\/\/|dingtalk:\/\/dingtalkclient\/page\/link\?)/i;
const RICH = /<a\s+href=["']([^"']+)["'][^>]*>([^<]*)<\/a>|\[([^\]\n]+)\]\(([^)\s]+)\)|\*\*([^*\n]+)\*\*|(https?:\/\/[\w\-.~:/?#@!$&'()*+,;=%]+)/g;
const $ = (id) => document.getElementById(id);
let language = localStorage.getItem("language") || "zh";
let seen = 0;
const drawn = new Map();
const word = (name) => WORDS[language][name] || name;

/* An element with text and children; text never becomes markup. */
function el(tag, className = "", text = "", ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  node.append(...children);
  return node;
}

function toast(text) {
  $("toast").textContent = text;
  $("toast").classList.add("on");
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => $("toast").classList.remove("on"), 2400);
}

async function call(what, body, method = "POST") {
  return told(await fetch(`/_sandbox/${what}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) }));
}

/* A picture, recording or file, sent as this phone. */
async function hand(person, file) {
  const form = new FormData(), kinds = { image: "image", audio: "voice", video: "video" };
  form.append("user", person.id);
  form.append("platform", person.platform);
  form.append("kind", kinds[file.type.split("/")[0]] || "file");
  form.append("file", file);
  return told(await fetch("/_sandbox/hand", { method: "POST", body: form }));
}

async function told(reply) {
  const answer = await reply.json();
  if (!reply.ok) toast(`${word("failed")}：${answer.message || reply.status}`);
  else if (answer.status === "held") toast(word("held"));
  else if ("status" in answer && answer.status !== 200) toast(`${word("nobot")} (${answer.status})`);
  await refresh();
  return answer;
}

/* A link of a message, followed as the phone it lies on. */
function opener(person, url) {
  return `/_sandbox/open?phone=${encodeURIComponent(`${person.platform}:${person.id}`)}&url=${encodeURIComponent(url)}`;
}

function anchor(person, url, label, className = "") {
  const node = el("a", className, label);
  if (PAGE.test(url)) node.href = opener(person, url);
  node.target = "_blank";
  node.rel = "noopener";
  return node;
}

/* Text with the few things both clients render: links and bold; whatever else is there stays text. */
function rich(person, text, node) {
  let from = 0;
  text = text.replace(/^#{1,6} /gm, "");
  for (const found of text.matchAll(RICH)) {
    const [whole, href, label, name, address, bold, bare] = found;
    node.append(text.slice(from, found.index));
    if (bold) node.append(el("b", "", bold));
    else node.append(PAGE.test(href || address || bare) ? anchor(person, href || address || bare, label || name || bare) : whole);
    from = found.index + whole.length;
  }
  node.append(text.slice(from));
  return node;
}

function card(person, bubble) {
  const view = bubble.card, box = el("article", `card ${bubble.state}`), title = el("h3");
  title.append(view.open ? anchor(person, view.open, view.title, "whole") : view.title);
  box.append(title);
  if (view.text) box.append(rich(person, view.text, el("p")));
  if (view.facts.length) {
    const list = el("dl");
    view.facts.forEach((fact) => list.append(el("dt", "", fact.label), rich(person, fact.value, el("dd"))));
    box.append(list);
  }
  if (view.quote) box.append(el("blockquote", "", view.quote));
  const row = el("div", view.across ? "buttons across" : "buttons");
  view.buttons.forEach((each) => row.append(each.url ? anchor(person, each.url, each.label, each.style) : button(person, bubble, each)));
  if (view.closed) row.append(el("span", "closed", view.closed));
  if (row.children.length) box.append(row);
  if (view.footer) box.append(el("footer", "", view.footer));
  return box;
}

function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1048576 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1048576).toFixed(1)} MB`;
}

function file(bubble) {
  const ending = (bubble.card.name.split(".").pop() || "").slice(0, 4).toUpperCase();
  const node = el("a", "file", "", el("span", "ending", ending), el("span", "", "", el("b", "", bubble.card.name), el("small", "", size(bubble.card.size))));
  node.href = bubble.card.url;
  node.download = bubble.card.name;
  return node;
}

function content(person, bubble) {
  if (bubble.kind === "card") return card(person, bubble);
  if (bubble.kind === "file") return file(bubble);
  return bubble.mine ? el("p", "bubble", bubble.text) : rich(person, bubble.text, el("p", "bubble"));
}

function button(person, bubble, each) {
  const node = el("button", each.style, each.label);
  node.addEventListener("click", async () => {
    node.parentElement.querySelectorAll("button").forEach((other) => { other.disabled = true; });
    await call("click", { user: person.id, platform: person.platform, bubble: bubble.id, key: each.key });
    node.parentElement.querySelectorAll("button").forEach((other) => { other.disabled = false; });
  });
  return node;
}

function bubbleNode(person, bubble) {
  const item = el("li", bubble.mine ? "mine" : "theirs");
  if (bubble.group) item.append(el("span", "group", bubble.group));
  item.append(bubble.state === "recalled" ? el("em", "recalled", word("recalled")) : content(person, bubble));
  const when = bubble.sent_at.slice(5, 16).replace("T", " ");
  const foot = el("time", "", bubble.state === "updated" ? `${when} · ${word("updated")}` : when);
  item.append(foot);
  if (!bubble.mine && bubble.state !== "recalled") foot.append(bubble.read ? ` · ${word("read")}` : opened(person, bubble));
  return item;
}

/* The person opens a message; DingTalk tells the bot, WeCom tells nobody. */
function opened(person, bubble) {
  const node = el("button", "open", word("open"));
  node.addEventListener("click", () => call("read", { user: person.id, platform: person.platform, bubble: bubble.id }));
  return node;
}

/* What came by SMS and by mail lies outside the chat. */
function drawLetters(box, person) {
  const rows = person.letters.slice().reverse().map((each) => {
    const head = el("summary", "", "", el("b", "", word(each.channel)), el("span", "", each.title || each.text), el("time", "", each.at.slice(5, 16).replace("T", " ")));
    return el("details", "letter", "", head, el("small", "", each.to), rich(person, each.text, el("p")));
  });
  box.hidden = !rows.length;
  box.querySelector("summary").textContent = `${word("letters")} (${rows.length})`;
  box.querySelector("div").replaceChildren(...rows);
}

function spell(times) {
  return times.map(([start, end]) => `${start}–${end}`).join(" ") || word("rest");
}

/* Today's hours; a choice holds for this one day. */
function hours(person) {
  const list = el("select", "hours");
  list.setAttribute("aria-label", `${person.name} ${word("hours")}`);
  list.addEventListener("change", async () => {
    const times = list.value === "rule" ? null : JSON.parse(list.value);
    const done = await call("shifts", { user: person.id, platform: person.platform, day: $("day").dataset.day, times });
    if (done.ok) toast(`${person.name} ${word("hours")}：${list.selectedOptions[0].textContent}`);
  });
  return list;
}

function drawHours(list, person, day) {
  const own = day in person.days, chosen = JSON.stringify(person.planned);
  const rows = own && !HOURS.some((each) => JSON.stringify(each) === chosen) ? [...HOURS, person.planned] : HOURS;
  const rule = el("option", "", own ? word("byRule") : spell(person.planned));
  rule.value = "rule";
  list.replaceChildren(rule, ...rows.map((each) => { const node = el("option", "", spell(each)); node.value = JSON.stringify(each); return node; }));
  list.value = own ? chosen : "rule";
}

/* A row of faces to jump by, where only one phone fits on the screen. */
function makeFace(person, phone) {
  const node = el("button", person.platform, "", el("span", "face", person.name.slice(0, 1)), el("small", "", person.name));
  node.addEventListener("click", () => phone.scrollIntoView({ behavior: "smooth", inline: "center", block: "nearest" }));
  return node;
}

function makePhone(person) {
  const phone = el("section", `phone ${person.platform}`);
  const punch = el("button", "punch", word("punch"));
  punch.addEventListener("click", async () => {
    const done = await call("punch", { user: person.id, platform: person.platform });
    if (done.ok) toast(`${person.name} ${word("punched")} ${done.at.slice(11, 16)}`);
  });
  const line = el("small", "", "", el("span", "", `${person.department || person.role} · ${word(person.platform)}`), hours(person));
  const who = el("div", "", "", el("b", "", person.name), line);
  const face = el("span", "face", person.name.slice(0, 1));
  const lose = el("button", "lose", "⊘");
  lose.setAttribute("aria-label", word("lose"));
  lose.title = `${word("lose")}（${word("drop_silently")}）`;
  lose.addEventListener("click", async () => { await call("faults", { kind: "drop_silently", match: person.id, times: 1 }); toast(`${person.name} ${word("drop_silently")}：${word("armed")}`); });
  phone.append(el("header", "", "", face, who, lose, punch), el("details", "letters", "", el("summary"), el("div")), el("ul", "chat"));
  const input = el("input");
  input.placeholder = word("reply");
  input.setAttribute("aria-label", `${person.name} ${word("reply")}`);
  const chosen = el("input"), attach = el("button", "attach", "＋");
  chosen.type = "file";
  chosen.hidden = true;
  chosen.addEventListener("change", () => { if (chosen.files[0]) hand(person, chosen.files[0]); chosen.value = ""; });
  attach.type = "button";
  attach.setAttribute("aria-label", `${person.name} ${word("attach")}`);
  attach.title = word("attach");
  attach.addEventListener("click", () => chosen.click());
  const form = el("form", "", "", attach, chosen, input, el("button", "", word("send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    if (text) call("say", { user: person.id, platform: person.platform, text });
  });
  phone.append(form);
  return phone;
}

function forget(key) {
  drawn.get(key).node.remove();
  drawn.get(key).face.remove();
  drawn.delete(key);
}

function drawPhones(people, day) {
  const keep = new Set(people.map((person) => `${person.platform}:${person.id}`));
  [...drawn.keys()].filter((key) => !keep.has(key)).forEach(forget);
  people.forEach((person) => {
    const key = `${person.platform}:${person.id}`, print = JSON.stringify([person.bubbles, person.letters, person.punches.length, person.planned, day]);
    if (!drawn.has(key)) {
      const node = makePhone(person);
      drawn.set(key, { node, face: makeFace(person, node), print: "" });
      $("phones").append(node);
      $("faces").append(drawn.get(key).face);
    }
    const entry = drawn.get(key);
    if (entry.print === print) return;
    entry.print = print;
    const chat = entry.node.querySelector(".chat");
    chat.replaceChildren(...person.bubbles.map((bubble) => bubbleNode(person, bubble)));
    if (!person.bubbles.length) chat.append(el("li", "empty", word("empty")));
    chat.scrollTop = chat.scrollHeight;
    const waiting = person.bubbles.filter((each) => each.kind === "card" && each.state !== "recalled" && each.card.buttons.some((one) => one.key)).length;
    entry.face.dataset.waiting = waiting || "";
    drawLetters(entry.node.querySelector(".letters"), person);
    drawHours(entry.node.querySelector(".hours"), person, day);
    const last = person.punches.at(-1);
    entry.node.querySelector(".punch").textContent = last ? `${word("punch")} · ${last.at.slice(11, 16)}` : word("punch");
  });
}

function wireRow(entry) {
  const bad = ![200, 101, 302].includes(entry.status) || (entry.response && entry.response.errcode);
  const head = el("summary", "", "", el("i", `dot ${entry.vendor}`), el("b", "", entry.method), el("span", "path", entry.path.replace(/^https?:\/\/[^/]+/, "→ ")));
  head.append(el("code", bad ? "bad" : "good", String((entry.response && entry.response.errcode) || entry.status)), el("time", "", entry.at.slice(11, 19)));
  const details = el("details", entry.direction, "", head);
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      const { query, request, response } = entry;
      details.append(el("pre", "", JSON.stringify({ ...(query && Object.keys(query).length ? { query } : {}), request, response }, null, 2)));
    }
  });
  return el("li", "", "", details);
}

function drawFaults(armed) {
  const left = {};
  armed.forEach((each) => { left[each.kind] = (left[each.kind] || 0) + each.times; });
  [...$("faults").children].forEach((node) => {
    const count = left[node.dataset.kind] || 0;
    node.classList.toggle("armed", count > 0);
    node.textContent = word(node.dataset.kind) + (count ? ` ×${count}` : "");
  });
}

async function refresh() {
  const [state, wire] = await Promise.all([fetch("/_sandbox/phones"), fetch(`/_sandbox/wire?after=${seen}`)].map((each) => each.then((reply) => reply.json())));
  $("now").textContent = state.now.slice(11, 16);
  $("day").textContent = `${state.now.slice(0, 10)} ${new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en", { weekday: "short", timeZone: "UTC" }).format(new Date(`${state.now.slice(0, 10)}T00:00Z`))}`;
  if (document.activeElement !== $("at") && !$("at").value) $("at").value = state.now.slice(0, 16);
  $("day").dataset.day = state.now.slice(0, 10);
  drawPhones(state.people, state.now.slice(0, 10));
  drawFaults(state.faults);
  wire.forEach((entry) => {
    if (entry.n <= seen) return;
    seen = entry.n;
    $("wire").prepend(wireRow(entry));
  });
  while ($("wire").children.length > 200) $("wire").lastChild.remove();
}

function speak() {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.querySelectorAll("[data-word]").forEach((node) => { node.textContent = word(node.dataset.word); });
  document.querySelectorAll("[data-label]").forEach((node) => node.setAttribute("aria-label", word(node.dataset.label)));
  $("language").textContent = word("languageName");
  $("wire").dataset.empty = word("quietWire");
  [...drawn.keys()].forEach(forget);
  return refresh();
}

FAULTS.forEach((kind) => {
  const node = el("button");
  node.dataset.kind = kind;
  node.addEventListener("click", async () => { await call("faults", { kind, times: 1 }); toast(`${word(kind)}：${word("armed")}`); });
  $("faults").append(node);
});
document.querySelectorAll("[data-advance]").forEach((node) => node.addEventListener("click", () => call("clock", { advance: Number(node.dataset.advance) })));
$("set").addEventListener("submit", (event) => { event.preventDefault(); call("clock", { at: $("at").value }); });
$("reset").addEventListener("click", async () => { $("wire").replaceChildren(); await call("reset", {}); });
$("quiet").addEventListener("click", () => $("wire").replaceChildren());
$("language").addEventListener("click", () => { language = language === "zh" ? "en" : "zh"; localStorage.setItem("language", language); speak(); });
speak();
setInterval(() => refresh().catch(() => toast(word("failed"))), 1000);
