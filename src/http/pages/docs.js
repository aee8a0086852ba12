"use strict";
// Shows openapi.json. Everything of the document goes in as text, nothing as markup.
(() => {
  const main = document.getElementById("main"), contents = document.getElementById("contents");
  const state = document.getElementById("state");
  let api = {}, token = "";

  // An element: its attributes, listeners under on…, then children; text stays text.
  const el = (name, attributes, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
      else if (value !== false && value != null) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.flat(Infinity).filter(child => child != null && child !== false));
    return element;
  };
  // `code` and **nothing else** of Markdown.
  const prose = text => (text || "").split("`").map((part, i) => i % 2 ? el("code", {}, part) : part);
  const unescaped = step => decodeURIComponent(step).replace(/~1/g, "/").replace(/~0/g, "~");
  const deref = value => {
    for (let i = 0; value && value.$ref && i < 20; i++) {
      value = value.$ref.slice(2).split("/").reduce((at, step) => at && at[unescaped(step)], api);
    }
    return value || {};
  };
  const refName = value => value && value.$ref ? unescaped(value.$ref.split("/").pop()) : "";
  const pretty = value => typeof value === "string" ? value : spaced(value, "");
  // JSON on lines of at most 76 characters, broken only where it must be.
  const spaced = (value, indent) => {
    const flat = JSON.stringify(value, null, 1).replace(/\n\s*/g, " ").replace(/([[{]) | ([\]}])/g, "$1$2");
    if (value === null || typeof value !== "object" || indent.length + flat.length < 76) return flat;
    const inner = indent + "  ", isList = Array.isArray(value);
    const members = Object.entries(value).map(([key, v]) =>
      inner + (isList ? "" : JSON.stringify(key) + ": ") + spaced(v, inner));
    return (isList ? "[\n" : "{\n") + members.join(",\n") + "\n" + indent + (isList ? "]" : "}");
  };
  const table = (heads, rows) => el("div", { class: "scroll" }, el("table", {},
    el("thead", {}, el("tr", {}, heads.map(head => el("th", { scope: "col" }, head)))),
    el("tbody", {}, rows.map(row => el("tr", {}, row.map(cell => cell instanceof Node && cell.tagName === "TD"
      ? cell : el("td", {}, cell)))))));

  // --- models ---
  const rounded = x => typeof x === "number" ? String(Number(x.toPrecision(5))) : "";
  const trained = seen => {
    if (!seen || seen.min == null) return [];
    const at = seen.max > seen.min ? (seen.median - seen.min) / (seen.max - seen.min) * 100 : 50;
    const mark = el("i"), bar = el("span", { class: "range", title: "median " + rounded(seen.median) }, mark);
    mark.style.left = at + "%";
    return [rounded(seen.min), " to ", rounded(seen.max), bar];
  };
  const feature = (name, schema) => {
    const words = (schema.enum || []).filter(word => typeof word === "string");
    const isNullable = [].concat(schema.type, schema.enum).includes(null) || [].concat(schema.type).includes("null");
    const kind = words.length ? "one of " + words.slice(0, 12).join(", ") + (words.length > 12 ? ", …" : "") : "number";
    const badges = [isNullable && "null allowed", schema["x-sensitive"] && "sensitive"].filter(Boolean);
    return [el("td", {}, el("code", {}, name)), kind + (schema["x-unit"] ? ", " + schema["x-unit"] : ""),
      el("td", { class: "number" }, trained(schema["x-training"])),
      badges.map(badge => [el("span", { class: "badge" }, badge), " "])];
  };
  const model = name => {
    const record = deref({ $ref: "#/components/schemas/" + name + ".Record" });
    const answer = deref({ $ref: "#/components/schemas/" + name + ".Answer" });
    const about = deref(((api.paths["/models/" + name + "/predict"] || {}).post));
    const answers = (answer.properties || {}).prediction || {};
    return el("section", { id: "model:" + name }, el("h2", {}, "Features of ", name), el("p", {}, prose(about.description)),
      el("p", {}, "Answers ", answers.items && answers.items.enum ? "one of " + answers.items.enum.join(", ") : "a number",
        ". Every row needs these features:"),
      table(["feature", "kind", "values seen", ""], record.required.map(key => feature(key, record.properties[key]))));
  };

  // --- operations ---
  const send = async (request, out, button) => {
    button.disabled = true;
    const begun = performance.now();
    try {
      const response = await fetch(request.url, request);
      const text = await response.text(), took = Math.round(performance.now() - begun);
      let shown = text;
      try { shown = pretty(JSON.parse(text)); } catch { /* not JSON: as it is */ }
      const timing = response.headers.get("server-timing");
      out.replaceChildren(
        el("p", {}, el("span", { class: "status " + (response.ok ? "good" : "bad") }, response.status + " " + response.statusText),
          el("small", {}, " " + took + " ms" + (timing ? " · " + timing : "") + " · " + (response.headers.get("x-request-id") || ""))),
        el("pre", { tabindex: 0 }, shown.length > 20000 ? shown.slice(0, 20000) + "\n…" : shown));
    } catch (error) {
      out.replaceChildren(el("p", { class: "bad" }, "No answer: " + error.message));
    }
    button.disabled = false;
  };
  const quoted = text => "'" + text.replace(/'/g, "'\\''") + "'";
  const tryIt = (method, path, operation) => {
    const examples = [], body = deref(operation.requestBody);
    for (const [type, content] of Object.entries(body.content || {})) {
      for (const [name, example] of Object.entries(content.examples || {})) {
        examples.push({ type, name, summary: example.summary || name, text: pretty(example.value) });
      }
    }
    let type = "application/json";
    const text = el("textarea", { "aria-label": "Body", spellcheck: "false", oninput: () => tell() });
    const choose = example => {
      type = example.type;
      text.value = example.text;
      text.rows = Math.min(example.text.split("\n").length + 1, 24);
      tell();
    };
    const names = (operation.parameters || []).map(deref).filter(parameter => parameter.in === "path");
    const fields = names.map(parameter => el("input", { "aria-label": parameter.name, placeholder: parameter.name,
      value: ((parameter.schema || {}).enum || [])[0], oninput: () => tell() }));
    const where = () => names.reduce((url, parameter, i) =>
      url.replace("{" + parameter.name + "}", encodeURIComponent(fields[i].value || parameter.name)), path).slice(1) || "./";
    const line = el("pre", { tabindex: 0 });
    const tell = () => {
      const head = token ? " -H " + quoted("Authorization: Bearer …") : "";
      const sent = method === "post" ? " -H " + quoted("Content-Type: " + type) + " --data-binary " + quoted(text.value) : "";
      line.textContent = "curl" + head + sent + " " + new URL(where(), location.href);
    };
    const out = el("div", { role: "status" }), button = el("button", { type: "submit" }, "Send");
    const ask = event => {
      event.preventDefault();
      const headers = token ? { Authorization: "Bearer " + token } : {};
      if (method === "post") headers["Content-Type"] = type;
      send({ url: where(), method: method.toUpperCase(), headers, body: method === "post" ? text.value : undefined }, out, button);
    };
    const picker = examples.length > 1 && el("select", { "aria-label": "Example", onchange: event => choose(examples[event.target.selectedIndex]) },
      examples.map(example => el("option", {}, example.summary)));
    if (examples.length) choose(examples[0]); else tell();
    return [el("h3", {}, "Try it"), el("form", { onsubmit: ask },
      picker && el("div", { class: "row" }, el("label", {}, "Body: ", picker)),
      fields.length > 0 && el("div", { class: "row" }, fields), method === "post" && text, el("div", { class: "row" }, button)),
      out, el("h3", {}, "With curl"), line];
  };
  const responses = operation => table(["status", "when"], Object.entries(operation.responses).map(([status, response]) =>
    [el("td", { class: "number" }, status), prose(deref(response).description)]));
  const exampleOf = operation => {
    const ok = deref((operation.responses || {})["200"]);
    const content = Object.values(ok.content || {})[0];
    if (!content || !content.example) return [];
    return [el("h3", {}, "An answer"), el("pre", { tabindex: 0 }, pretty(content.example))];
  };
  const operation = (path, method, about) => {
    const inner = el("div");
    const fill = () => {
      if (inner.childElementCount) return;
      const parameters = (about.parameters || []).map(deref);
      inner.append(...[about.description && el("p", {}, prose(about.description)),
        ...tryIt(method, path, about), ...exampleOf(about),
        parameters.length > 0 && el("h3", {}, "Parameters"), parameters.length > 0 && table(["name", "in", ""],
          parameters.map(p => [el("code", {}, p.name), p.in, prose(p.description)])),
        el("h3", {}, "Statuses"), responses(about)].filter(Boolean));
    };
    return el("details", { class: "operation", id: about.operationId, ontoggle: fill }, el("summary", {},
      el("span", { class: "method " + method }, method.toUpperCase()), el("span", { class: "path" }, path),
      el("span", { class: "about" }, about.summary)), inner);
  };

  // --- the page ---
  // A long path breaks behind its slashes.
  const broken = text => text.split(/(?<=\/)/).flatMap(part => [part, el("wbr")]);
  const link = (id, text, kind) => el("li", { class: kind }, el("a", { href: "#" + encodeURIComponent(id) }, broken(text)));
  const entry = (title, id, links) => el("section", {}, el("h2", {}, el("a", { href: "#" + encodeURIComponent(id) }, title)),
    el("ul", {}, links));
  const login = () => el("div", { class: "token row" }, el("label", { for: "token" }, "Token"),
    el("input", { id: "token", type: "password", autocomplete: "off", oninput: event => { token = event.target.value.trim(); } }),
    el("small", {}, "Kept in this page only, sent with what you try."));
  const openTarget = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") target.open = true;
    if (target) target.scrollIntoView();
  };
  const show = () => {
    document.getElementById("version").textContent = api.info.version;
    const all = Object.entries(api.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, about]) => ({ path, method, about })));
    const names = Object.keys(api.components.schemas).filter(name => name.endsWith(".Record")).map(name => name.slice(0, -7));
    if (api.components.securitySchemes) main.append(login());
    for (const tag of api.tags) {
      const those = all.filter(({ about }) => about.tags.includes(tag.name));
      if (!those.length) continue;
      main.append(el("section", { id: "tag:" + tag.name }, el("h2", {}, tag.name), el("p", {}, prose(tag.description)),
        those.map(({ path, method, about }) => operation(path, method, about))));
      contents.append(entry(tag.name, "tag:" + tag.name,
        those.map(({ path, method, about }) => link(about.operationId, method.toUpperCase() + " " + path, "operation"))));
      if (tag === api.tags[0]) {
        main.append(...names.map(model));
        if (names.length) contents.append(entry("features", "model:" + names[0], names.map(name => link("model:" + name, name, ""))));
      }
    }
    main.append(el("section", {}, el("h2", {}, "Every answer"), el("p", {}, prose(api.info.description))));
    const first = main.querySelector("details.operation");
    if (first && !location.hash) first.open = true;
    addEventListener("hashchange", openTarget);
    openTarget();
  };
  state.textContent = "Loading openapi.json …";
  fetch("openapi.json").then(response => response.ok ? response.json() : Promise.reject(new Error(response.status)))
    .then(document => { api = document; state.textContent = ""; show(); })
    .catch(error => { state.textContent = "openapi.json cannot be shown: " + error.message; });
})();
