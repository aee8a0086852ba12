// Rows as texts: the body of a request, the link's state after #, an imported line of CSV or JSON.

// Keys that would make one record another form of body.
const KEYS = ["columns", "data", "index", "instances", "inputs", "parameters", "dataframe_split", "dataframe_records"];

// An object's text, member by member: an object would lose the key __proto__.
export const record = (names, row) =>
  "{" + names.map(name => JSON.stringify(name) + ":" + JSON.stringify(row.get(name))).join(",") + "}";

// One row as a person would send it.
export const body = (names, row) =>
  names.some(name => KEYS.includes(name))
    ? table(names, [names.map(name => JSON.stringify(row.get(name)))])
    : record(names, row);

// Rows of cells, which are JSON already, in the form that no name can be mistaken in.
export const table = (names, rows) =>
  '{"columns":' + JSON.stringify(names) + ',"data":[' + rows.map(cells => "[" + cells.join(",") + "]").join(",") + "]}";

export const cells = (names, row) => names.map(name => JSON.stringify(row.get(name)));

// --- the state in the link ---

export const toHash = (names, state, version) => {
  const part = (key, row) => (row ? [key + "=" + encodeURIComponent(record(names, row))] : []);
  const on = state.b && state.active === "b" ? ["on=b"] : [];
  return "#" + [...part("a", state.a), ...part("b", state.b), ...on, "version=" + version].join("&");
};

// The state of a link: values by scenario, its version; none where there is no state in it.
export const fromHash = hash => {
  const parts = new Map(
    hash
      .replace(/^#/, "")
      .split("&")
      .map(part => {
        const at = part.indexOf("=");
        return [part.slice(0, at), part.slice(at + 1)];
      }),
  );
  const values = key => {
    if (!parts.has(key)) return null;
    try {
      const parsed = JSON.parse(decodeURIComponent(parts.get(key)));
      return parsed && typeof parsed === "object" ? Object.entries(parsed) : null;
    } catch {
      return null;
    }
  };
  const a = values("a");
  return a && { a, b: values("b"), active: parts.get("on") === "b" ? "b" : "a", version: parts.get("version") || "" };
};

// Puts [name, value] pairs into a copy of `row`. Tells what it could not take, each by a sentence.
export const take = (features, row, pairs) => {
  const byName = new Map(features.map(feature => [feature.name, feature]));
  const taken = new Map(row),
    seen = new Set(),
    told = [];
  for (const [name, given] of pairs) {
    const feature = byName.get(name) || byName.get(name.trim());
    if (!feature) {
      told.push({ kind: "extra", name });
      continue;
    }
    seen.add(feature.name);
    const value = valueOf(feature, given);
    if (value === undefined) told.push({ kind: "unfit", name: feature.name, given });
    else taken.set(feature.name, value);
  }
  for (const feature of features) if (!seen.has(feature.name)) told.push({ kind: "absent", name: feature.name });
  return { row: taken, told };
};

// The value that a cell stands for; undefined where the feature cannot take it.
const valueOf = (feature, given) => {
  const text = typeof given === "string" ? given.trim() : given;
  if (text === "" || text === null || text === undefined) return feature.takesMissing ? null : undefined;
  if (feature.isDate) return typeof text === "string" ? text : undefined;
  if (feature.isNumber) {
    const value = typeof text === "boolean" ? Number(text) : typeof text === "number" ? text : Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const near = [String(text)];
  if (typeof text === "boolean") near.push(text ? "True" : "False", text ? "TRUE" : "FALSE", text ? "1" : "0");
  const known = near.find(one => feature.categories.includes(one));
  return known ?? (feature.takesUnknown ? String(text) : undefined);
};

// --- importing ---

// The rows of a text of CSV or JSON, each as [name, cell] pairs. An Error says what is wrong with it.
export const parse = (text, names) => {
  const trimmed = text.replace(/^\uFEFF/, "").trim();
  if (!trimmed) throw new Error("There is nothing to read: paste a header line and a row");
  if (trimmed[0] === "{" || trimmed[0] === "[") return ofJson(trimmed);
  const delimiter = [",", ";", "\t"].reduce((best, one) =>
    firstLine(trimmed).split(one).length > firstLine(trimmed).split(best).length ? one : best,
  );
  const lines = ofCsv(trimmed, delimiter);
  const isHeader = lines[0].some(cell => names.includes(cell.trim()));
  if (!isHeader && lines[0].length !== names.length) {
    throw new Error("The first line names none of the features: it must be the header");
  }
  const header = isHeader ? lines[0] : names,
    rows = isHeader ? lines.slice(1) : lines;
  if (!rows.length) throw new Error("There is a header, and no row below it");
  return rows.map(row => header.map((name, i) => [name, row[i] ?? ""]));
};

const firstLine = text => text.split("\n", 1)[0];

const ofJson = text => {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error("This is no JSON: " + error.message);
  }
  const list = Array.isArray(value) ? value : [value];
  const isCell = cell => cell === null || typeof cell !== "object";
  if (!list.length || !list.every(one => one && typeof one === "object" && Object.values(one).every(isCell))) {
    throw new Error("JSON must be one object of features and values, or a list of such objects");
  }
  return list.map(one => Object.entries(one));
};

// RFC 4180: cells in quotes may hold delimiters, line ends and doubled quotes.
const ofCsv = (text, delimiter) => {
  const lines = [[]];
  let cell = "",
    isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (isQuoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') cell += text[++i];
      else isQuoted = false;
    } else if (c === '"' && cell.trim() === "") {
      cell = "";
      isQuoted = true;
    } else if (c === delimiter || c === "\n") {
      lines.at(-1).push(cell.replace(/\r$/, ""));
      cell = "";
      if (c === "\n") lines.push([]);
    } else cell += c;
  }
  lines.at(-1).push(cell.replace(/\r$/, ""));
  return lines.filter(line => line.length > 1 || line[0] !== "");
};
