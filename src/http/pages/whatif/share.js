// Taking the input elsewhere: as a curl command, JSON or a link; and bringing one in, from a row of CSV or JSON.

import { pathOf, root, token } from "./api.js";
import { body, parse } from "./rows.js";
import { el, id, say, set, short } from "./dom.js";

// Characters of a link at most: longer ones are cut by mail and chat, and refused by browsers from a million on.
export const LONGEST_LINK = 30_000;

const quoted = text => "'" + text.replace(/'/g, "'\\''") + "'";

const copy = async (text, from) => {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied.";
  } catch {
    // Only pages by https or of this machine may write to the clipboard.
    getSelection().selectAllChildren(from);
    return "Selected: copy it with Ctrl+C.";
  }
};

const copied = label => {
  const text = el("pre", { tabindex: 0, role: "region", "aria-label": label }),
    told = el("span", { class: "told", role: "status" });
  const button = el(
    "button",
    { type: "button", class: "plain", onclick: async () => say(told, await copy(text.textContent, text)) },
    "Copy",
  );
  return {
    text,
    node: el("div", { class: "copied" }, el("div", { class: "row" }, el("h3", {}, label), button, told), text),
  };
};

// The section of texts to copy.
export const exports = (details, names) => {
  const curl = copied("curl"),
    json = copied("JSON"),
    link = copied("Link to this state");
  const node = el(
    "details",
    { class: "box", ontoggle: () => node.open && renew() },
    el("summary", {}, "Copy this input"),
    curl.node,
    json.node,
    link.node,
  );
  let now = null;
  const renew = () => {
    if (!now || !node.open) return;
    const text = body(names, now.row),
      head = token.get() ? '-H "Authorization: Bearer $TOKEN" ' : "";
    say(json.text, text);
    say(
      curl.text,
      `curl ${head}-H 'Content-Type: application/json' -d ${quoted(text)} ${quoted(new URL(pathOf(details.name, "/predict"), root).href)}`,
    );
    const state = now.hash();
    say(
      link.text,
      state.length > LONGEST_LINK ? "This row is too long for a link." : new URL(state, location.href).href,
    );
  };
  return {
    node,
    update: (row, hash) => {
      now = { row, hash };
      renew();
    },
  };
};

// The section that takes a row in. `take(pairs)` puts it into the active scenario and gives what it could not take.
export const imports = (names, take) => {
  const area = el("textarea", {
    id: id(),
    rows: 4,
    spellcheck: "false",
    placeholder: names.slice(0, 3).join(",") + (names.length > 3 ? ",…" : ""),
  });
  const file = el("input", { type: "file", id: id(), accept: ".csv,.txt,.json,text/csv,application/json" });
  const which = el("input", { type: "number", id: id(), min: 1, value: 1, step: 1 });
  const told = el("p", { role: "status" });
  const use = () => {
    try {
      const rows = parse(area.value, names);
      set(which, { max: rows.length });
      const chosen = Math.min(Math.max(1, Math.round(Number(which.value)) || 1), rows.length);
      which.value = chosen;
      say(told, `Row ${chosen} of ${rows.length} is in. ` + sentences(take(rows[chosen - 1])));
      told.className = "note";
    } catch (error) {
      say(told, error.message + ".");
      told.className = "problem";
    }
  };
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    // What a person looks at: the first megabyte of a file.
    area.value = await file.files[0].slice(0, 1 << 20).text();
    use();
  });
  return el(
    "details",
    { class: "box" },
    el("summary", {}, "Bring a row in"),
    el(
      "p",
      { class: "note" },
      "CSV with a header line, or JSON. Columns are found by their names; nothing leaves this page but the row that you choose.",
    ),
    el("label", { for: area.id }, "Rows"),
    area,
    el("div", { class: "row" }, el("label", { for: file.id }, "or a file "), file),
    el(
      "div",
      { class: "row" },
      el("label", { for: which.id }, "Row "),
      which,
      el("button", { type: "button", onclick: use }, "Use it"),
    ),
    told,
  );
};

const list = names =>
  names
    .slice(0, 5)
    .map(name => short(name, 40))
    .join(", ") + (names.length > 5 ? ` and ${names.length - 5} more` : "");

// What was not taken of a row or a link, in sentences.
export const sentences = told => {
  const of = kind => told.filter(one => one.kind === kind);
  const [unfit, absent, extra] = [of("unfit"), of("absent"), of("extra")];
  return [
    unfit.length &&
      "Left as it was, because the model cannot take it: " +
        list(unfit.map(one => `${one.name} (${short(String(one.given ?? "empty"), 20)})`)) +
        ".",
    absent.length && "Not in it, left as it was: " + list(absent.map(one => one.name)) + ".",
    extra.length && "Not a feature of this model: " + list(extra.map(one => one.name)) + ".",
  ]
    .filter(Boolean)
    .join(" ");
};
