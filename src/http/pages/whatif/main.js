// The what-if page: asks what its model is, or for a token, and begins.

import { ask, nameInPath, pathOf, Refusal, token } from "./api.js";
import { el, id, say, short } from "./dom.js";
import { startOf } from "./features.js";
import { drawn, pause } from "./live.js";
import { Page } from "./page.js";
import { links } from "./summary.js";

// What the server is asked waits for nothing; this script may come before the rest of the page.
const parsed = new Promise(done =>
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", done) : done(),
);
const part = id => document.getElementById(id);
// Says what is under way, or why nothing is shown.
const tell = text => say(part("state"), text);

const listed = async () => (await ask("models")).models;

// None where there is no such model.
const detailsOf = async name => {
  try {
    return await ask(pathOf(name, ""));
  } catch (error) {
    if (error.status === 404) return null;
    throw error;
  }
};

const load = async () => {
  // Not at once: drawing it takes as long as most models' details.
  const waiting = setTimeout(() => parsed.then(() => tell("Loading …")), 300);
  try {
    // The server does not say which it is before it has seen a token.
    const known = nameInPath() ?? document.documentElement.dataset.model;
    let models = known === undefined && (await listed());
    const name = known ?? (models.find(one => one.default) || models[0])?.name;
    const details = name !== undefined && (await detailsOf(name));
    if (!details) models ||= await listed();
    let isRefused = false;
    const refuse = async () => {
      isRefused = true;
      await parsed;
      askForToken();
    };
    const page = details && new Page(details, startOf(details), refuse);
    // With the answer in it, where that comes soon, the page is laid out and drawn once.
    if (page) await Promise.race([page.begin(), pause(100)]);
    await parsed;
    clearTimeout(waiting);
    const link = models => {
      const { toRoot } = document.documentElement.dataset;
      part("models").replaceChildren(...links(models, details && details.name, toRoot));
    };
    link(models || [details]);
    if (!details) {
      tell(
        models.length ? `No model is called ${short(name)}; above are those that are served.` : "No model is loaded.",
      );
      return;
    }
    if (isRefused) return;
    tell("");
    part("main").replaceChildren(part("state"), ...page.nodes);
    document.title = `${details.name}: what if · smartserve`;
    // What stands below comes after that: it takes as long to make as the rest.
    await drawn();
    part("main").append(...page.below());
    // The page is of use without the links to the other models.
    if (!models) listed().then(link, () => {});
  } catch (error) {
    clearTimeout(waiting);
    await parsed;
    if (error instanceof Refusal && error.status === 401) askForToken();
    else tell(`This model cannot be shown: ${error.message}.`);
  }
};

const askForToken = () => {
  const wasWrong = token.get() !== "";
  token.set("");
  tell(wasWrong ? "The server does not know this token." : "");
  const input = el("input", { id: id(), type: "password", autocomplete: "off", required: true });
  const form = el(
    "form",
    {
      class: "token",
      onsubmit: event => {
        event.preventDefault();
        token.set(input.value.trim());
        form.remove();
        load();
      },
    },
    el("p", {}, "This server asks for a token. It is kept for this tab alone, and sent to this server alone."),
    el(
      "div",
      { class: "row" },
      el("label", { for: input.id }, "Token "),
      input,
      el("button", { type: "submit" }, "Show the models"),
    ),
  );
  part("main").replaceChildren(part("state"), form);
  input.focus();
};

load();
