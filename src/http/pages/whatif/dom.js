// Elements and numbers. Every text goes in as text, never as markup: names and categories are strangers'.

// An element: its attributes, listeners under on…, then its children.
export const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

// An element of a picture.
export const svg = (name, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

const fill = (element, attributes, children) => {
  set(element, attributes || {});
  element.append(...children.flat(Infinity).filter(child => child != null && child !== false));
  return element;
};

// Sets attributes; false and none take one away.
export const set = (element, attributes) => {
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === false || value == null) element.removeAttribute(key);
    else element.setAttribute(key, value === true ? "" : value);
  }
};

// Variables of a style, such as { "--at": 0.5 }: a policy without inline styles allows this way alone.
export const vars = (element, values) => {
  for (const [key, value] of Object.entries(values)) element.style.setProperty(key, value);
  return element;
};

// Changes a text only where it differs: a live region is read out whenever it is written.
export const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

// A number for reading, with `digits` significant ones and a true minus. Other values as text.
export const show = (value, digits = 5) => {
  if (value === null || value === undefined) return "missing";
  if (typeof value !== "number") return String(value);
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(digits));
  const text = size !== 0 && (size >= 1e9 || size < 1e-4) ? rounded.toExponential() : String(rounded);
  return text.replace(/-/g, "−");
};

// The same with its sign.
export const signed = (value, digits = 4) => (value > 0 ? "+" : "") + show(value, digits);

// A share as per cent.
export const percent = share => {
  const of100 = share * 100;
  if (of100 > 0 && of100 < 0.1) return "< 0.1 %";
  if (of100 < 100 && of100 > 99.9) return "> 99.9 %";
  return of100.toFixed(1) + " %";
};

// A text cut where it is long, for labels in little room.
export const short = (text, most = 40) => (text.length > most ? text.slice(0, most - 1) + "…" : text);

// An id that no other element has.
let last = 0;
export const id = () => "e" + ++last;
