"use strict";
const FAULTS = ["expired_token", "rate_limit", "drop_silently", "slow", "http_500", "duplicate_callback", "reorder_callbacks", "invalid_user", "attendance_stale"];
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
  const reply = await fetch(`/_sandbox/${what}`, { method, headers: { "Content-Type": "application/json" }, body: body && JSON.stringify(body) });
  const answer = await reply.json();
  if (!reply.ok) toast(`${word("failed")}：${answer.message || reply.status}`);
  else if (answer.status === "held") toast(word("held"));
  else if ("status" in answer && answer.status !== 200) toast(`${word("nobot")} (${answer.status})`);
  await refresh();
  return answer;
}

function card(person, bubble) {
  const view = bubble.card, box = el("article", `card ${bubble.state}`);
  box.append(el("h3", "", view.title));
  if (view.text) box.append(el("p", "", view.text));
  if (view.facts.length) {
    const list = el("dl");
    view.facts.forEach((fact) => list.append(el("dt", "", fact.label), el("dd", "", fact.value)));
    box.append(list);
  }
  if (view.quote) box.append(el("blockquote", "", view.quote));
  const row = el("div", "buttons");
  view.buttons.forEach((each) => row.append(each.url ? link(each) : button(person, bubble, each)));
  if (view.closed) row.append(el("span", "closed", view.closed));
  if (row.children.length) box.append(row);
  if (view.footer) box.append(el("footer", "", view.footer));
  return box;
}

function link(each) {
  const node = el("a", each.style, each.label);
  if (/^https?:/.test(each.url)) node.href = each.url;
  node.target = "_blank";
  node.rel = "noopener";
  return node;
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
  if (bubble.state === "recalled") item.append(el("em", "recalled", word("recalled")));
  else item.append(bubble.kind === "card" ? card(person, bubble) : el("p", "bubble", bubble.text));
  const when = bubble.sent_at.slice(5, 16).replace("T", " ");
  item.append(el("time", "", bubble.state === "updated" ? `${when} · ${word("updated")}` : when));
  return item;
}

function makePhone(person) {
  const phone = el("section", `phone ${person.platform}`);
  const punch = el("button", "punch", word("punch"));
  punch.addEventListener("click", async () => {
    const done = await call("punch", { user: person.id, platform: person.platform });
    if (done.ok) toast(`${person.name} ${word("punched")} ${done.at.slice(11, 16)}`);
  });
  const who = el("div", "", "", el("b", "", person.name), el("small", "", `${person.department || person.role} · ${word(person.platform)}`));
  const face = el("span", "face", person.name.slice(0, 1));
  phone.append(el("header", "", "", face, who, punch), el("ul", "chat"));
  const input = el("input");
  input.placeholder = word("reply");
  input.setAttribute("aria-label", `${person.name} ${word("reply")}`);
  const form = el("form", "", "", input, el("button", "", word("send")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = "";
    if (text) call("say", { user: person.id, platform: person.platform, text });
  });
  phone.append(form);
  return phone;
}

function drawPhones(people) {
  const keep = new Set(people.map((person) => `${person.platform}:${person.id}`));
  [...drawn.keys()].filter((key) => !keep.has(key)).forEach((key) => { drawn.get(key).node.remove(); drawn.delete(key); });
  people.forEach((person) => {
    const key = `${person.platform}:${person.id}`, print = JSON.stringify([person.bubbles, person.punches.length]);
    if (!drawn.has(key)) {
      drawn.set(key, { node: makePhone(person), print: "" });
      $("phones").append(drawn.get(key).node);
    }
    const entry = drawn.get(key);
    if (entry.print === print) return;
    entry.print = print;
    const chat = entry.node.querySelector(".chat");
    chat.replaceChildren(...person.bubbles.map((bubble) => bubbleNode(person, bubble)));
    if (!person.bubbles.length) chat.append(el("li", "empty", word("empty")));
    chat.scrollTop = chat.scrollHeight;
    const last = person.punches.at(-1);
    entry.node.querySelector(".punch").textContent = last ? `${word("punch")} · ${last.at.slice(11, 16)}` : word("punch");
  });
}

function wireRow(entry) {
  const bad = entry.status !== 200 && entry.status !== 101 || (entry.response && entry.response.errcode);
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
  drawPhones(state.people);
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
  drawn.forEach((entry) => entry.node.remove());
  drawn.clear();
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
