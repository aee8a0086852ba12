// Requests to this server, by relative paths: the page works behind any prefix. The token stays in sessionStorage.

export const root = new URL(document.documentElement.dataset.toRoot, location.href);

// The model in the page's path; none at the root, which is about the default model.
export const nameInPath = () => {
  if (document.documentElement.dataset.toRoot === "./") return null;
  const segment = location.pathname.split("/").at(-2);
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

export const pathOf = (name, rest) => "models/" + encodeURIComponent(name) + rest;

const KEY = "smartserve-token";
let inMemory = "";
// Whether one may be kept. To look takes a browser as long as an answer of the server: its processes ask each other.
let mayBeKept = document.documentElement.dataset.tokens !== undefined;

// Where a browser keeps nothing, this page does.
export const token = {
  get: () => {
    if (!mayBeKept) return "";
    try {
      return sessionStorage.getItem(KEY) || inMemory;
    } catch {
      return inMemory;
    }
  },
  set: value => {
    inMemory = value;
    mayBeKept = true;
    try {
      value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY);
    } catch {
      /* kept above */
    }
  },
};

// What the server or the network said instead of an answer.
export class Refusal extends Error {
  constructor(status, text, problem) {
    super(text);
    this.status = status;
    this.problem = problem || {};
  }

  // True of what every row of this question would get.
  get isOfQuestion() {
    return [400, 422].includes(this.status);
  }

  // What was said, and the first details where there are more.
  get whole() {
    const details = (this.problem.errors || []).map(one => one.detail).filter(detail => detail !== this.message);
    return [this.message, ...details.slice(0, 3)].join(". ") + ".";
  }
}

// The JSON of an answer; with a body, a POST of JSON.
export const ask = async (path, body, signal) => {
  const headers = { Accept: "application/json" },
    known = token.get();
  if (known) headers.Authorization = "Bearer " + known;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request = { method: body === undefined ? "GET" : "POST", headers, body, signal, cache: "no-store" };
  // What the browser was told to ask early (`Link`) it asked without a token. It gives that answer to the same question
  // whatever its headers are, but not to one with other credentials; for a server of the same origin these are the same.
  if (known) request.credentials = "include";
  let response, text;
  try {
    response = await fetch(new URL(path, root), request);
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The server does not answer (" + error.message + ")");
  }
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  if (response.ok && json) return json;
  // A proxy asks for one, of which this server does not know.
  if (response.status === 401 && !known) {
    mayBeKept = true;
    if (token.get()) return ask(path, body, signal);
  }
  const said = json && (json.detail || json.error || json.title);
  throw new Refusal(response.status, said || "The server answered " + response.status, json);
};
