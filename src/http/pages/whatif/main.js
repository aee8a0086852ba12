// The what-if page: asks which models there are and what this one is, or for a token, and begins.

import { ask, nameInPath, pathOf, Refusal, token } from "./api.js";
import { features as featuresOf } from "./features.js";
import { Page } from "./page.js";
import { cells, table } from "./rows.js";
import { links } from "./summary.js";
import { el, id, say, short } from "./dom.js";

const main = document.getElementById("main"),
  state = document.getElementById("state");
// Numbers to begin with where training's are not known: there is no logarithm of 0.
const PLAIN = [0, 1, 0.5, 10, -1];

const load = async () => {
  say(state, "Loading …");
  try {
    const { models } = await ask("models");
    const asked = nameInPath(),
      model = asked === null ? models.find(one => one.default) || models[0] : models.find(one => one.name === asked);
    document
      .getElementById("models")
      .replaceChildren(...links(models, model && model.name, document.documentElement.dataset.toRoot));
    if (!model) {
      say(
        state,
        models.length ? `No model is called ${short(asked)}; above are those that are served.` : "No model is loaded.",
      );
      return;
    }
    const details = await ask(pathOf(model.name, ""));
    const page = new Page(details, await offersOf(details), askForToken);
    say(state, "");
    main.replaceChildren(state, ...page.nodes);
    document.title = `${details.name}: what if · smartserve`;
    page.begin();
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) askForToken();
    else say(state, `This model cannot be shown: ${error.message}.`);
  }
};

const askForToken = () => {
  const wasWrong = token.get() !== "";
  token.set("");
  say(state, wasWrong ? "The server does not know this token." : "");
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
  main.replaceChildren(state, form);
  input.focus();
};

const startRow = (features, plain) =>
  new Map(
    features.map(feature => [
      feature.name,
      feature.isNumber && !feature.isDate && !feature.range && feature.start !== null ? plain : feature.start,
    ]),
  );

// What the server gives besides predictions, tried once: for each the reason why not, or none. `start` is a row that
// the model has an answer for.
const offersOf = async details => {
  const features = featuresOf(details),
    names = details.features.map(feature => feature.name);
  let start = startRow(features, PLAIN[0]);
  const send = query => ask(pathOf(details.name, "/predict" + query), table(names, [cells(names, start)]));
  for (const plain of features.some(feature => feature.isNumber && !feature.range) ? PLAIN : []) {
    start = startRow(features, plain);
    try {
      await send("");
      break;
    } catch (error) {
      if (![422, 500].includes(error.status)) throw error;
    }
  }
  const why = async query => {
    try {
      await send(query);
      return "";
    } catch (error) {
      return [400, 422].includes(error.status) ? error.message + "." : "";
    }
  };
  const [explain, interval] = await Promise.all([why("?explain=true"), why("?interval=0.9")]);
  return { features, names, start, explain, interval };
};

load();
