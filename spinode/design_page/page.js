// What is typed goes to the calculator, one question at a time; the answer is shown as text, never as markup.
"use strict";

const PAUSE = 250; // milliseconds without a key before the numbers follow
const SLOW = 400; // milliseconds before a calculation is announced
const at = (id) => document.getElementById(id);
const form = at("spec"), array = at("array");
let timer = 0, busy = false, again = false, marked = null, entered = false;

const question = () => ({
  values: Object.fromEntries(new FormData(form)),
  width: Math.floor(array.getBoundingClientRect().width),
});

const ask = (path, body) => fetch(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

function changed(pause) {
  document.body.dataset.state = "busy";
  clearTimeout(timer);
  timer = setTimeout(calculate, pause);
}

async function calculate() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  array.setAttribute("aria-busy", "true");
  const slow = setTimeout(() => say("Calculating …"), SLOW);
  let state;
  do { // the closed forms first; the yield only of what is still wanted then
    again = false;
    state = await answered(false);
    clearTimeout(slow);
    if (state === "shown" && !again) {
      array.setAttribute("aria-busy", "false");
      state = await answered(true);
    }
  } while (again);
  array.setAttribute("aria-busy", "false");
  busy = false;
  entered = false;
  document.body.dataset.state = state;
}

async function answered(whole) {
  try {
    const response = await ask("design", { ...question(), whole });
    if (!response.ok) {
      refuse(await reason(response));
      return "refused";
    }
    show(await response.json());
    at("later").hidden = whole;
    return "shown";
  } catch {
    refuse({ error: "The calculator does not answer; is 'spinode design --serve' still running?", field: null });
    return "refused";
  }
}

async function reason(response) {
  if ((response.headers.get("Content-Type") || "").startsWith("application/json")) {
    return response.json();
  }
  return { error: (await response.text()).trim(), field: null };
}

function say(text) {
  if (at("status").textContent !== text) { // or it would be read aloud again
    at("status").textContent = text;
  }
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function clearErrors() {
  for (const place of document.querySelectorAll("p.error[id]")) {
    place.hidden = true;
    place.replaceChildren();
  }
  marked?.removeAttribute("aria-invalid");
  marked = null;
}

function refuse(answer) {
  clearErrors();
  at("result").hidden = true;
  const field = answer.field && at(answer.field);
  const place = field ? at(`${answer.field}-error`) : at("error");
  place.append(element("span", answer.error), ...(answer.offers || []).map(offer));
  place.hidden = false;
  say(field ? `No such array: see ${form.querySelector(`label[for="${answer.field}"]`).textContent}.` : answer.error);
  if (field) {
    marked = field;
    field.setAttribute("aria-invalid", "true");
    field.closest("details").open = true;
    if (entered) {
      field.focus();
    }
  }
}

function offer(each) {
  const button = element("button", `${each.label} ${each.text}`);
  button.type = "button";
  button.addEventListener("click", () => {
    const field = at(each.field);
    field.value = each.value;
    field.closest("details").open = true;
    field.focus();
    changed(0);
  });
  return button;
}

function show(answer) {
  clearErrors();
  say(`${answer.verdict.split(". ")[0]}.`);
  at("verdict").textContent = answer.verdict;
  const picture = new DOMParser().parseFromString(answer.figure, "image/svg+xml").documentElement;
  at("figure").replaceChildren(document.importNode(picture, true));
  table("rows", ["name", "value", "formula", "source"], answer.rows.map((r) => [r.name, r.text, r.formula, r.source]));
  table("limits", ["limit", "value", "at"], answer.limits.map((each) => [each.name, each.text, each.where]));
  table("oscillators", answer.columns.map((column) => column[0]), answer.oscillators);
  at("shown").textContent = answer.oscillators.length === answer.count
    ? `All ${answer.count}, from the lowest frequency up.`
    : `${answer.oscillators.length} of ${answer.count}; the CSV file has all.`;
  at("result").hidden = false;
}

function table(id, heads, rows) {
  const head = document.createElement("tr");
  for (const name of heads) {
    const cell = element("th", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = document.createElement("tbody");
  for (const row of rows) {
    const line = document.createElement("tr");
    row.forEach((text, column) => {
      const cell = element(column ? "td" : "th", text);
      if (!column) {
        cell.scope = "row";
      }
      line.append(cell);
    });
    body.append(line);
  }
  const top = document.createElement("thead");
  top.append(head);
  at(id).replaceChildren(top, body);
}

async function download(name) {
  const response = await ask(name, question());
  if (!response.ok) {
    refuse(await reason(response));
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

form.addEventListener("input", () => changed(PAUSE));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  entered = true;
  changed(0);
});
form.addEventListener("reset", () => setTimeout(() => changed(0))); // the values change after the event
for (const button of document.querySelectorAll("button[data-file]")) {
  button.addEventListener("click", () => download(button.dataset.file).catch(() => calculate()));
}
let width = window.innerWidth;
window.addEventListener("resize", () => {
  if (window.innerWidth !== width) { // a phone's keyboard changes the height alone
    width = window.innerWidth;
    changed(PAUSE);
  }
});
if (window.matchMedia("(max-width: 40rem)").matches) { // the array would be far below
  form.querySelectorAll("details:not(:first-of-type)").forEach((group) => { group.open = false; });
}
calculate();
