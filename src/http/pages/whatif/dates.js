// Dates and times: texts in rows, seconds since 1970 (UTC) on sliders and in statistics.

const YEAR_FIRST =
  /^(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i;

// Seconds of a text with the year first; NaN of any other, which the server may know how to read.
export const secondsOf = text => {
  const parts = YEAR_FIRST.exec(text.trim());
  if (!parts) return NaN;
  const [, year, month, day = 1, hour = 0, minute = 0, second = 0, zone = "Z"] = parts;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== Number(day)) return NaN;
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) || [0, "+", 0, 0];
  const ahead = (sign === "-" ? -60 : 60) * (60 * hours + Number(minutes));
  return at.getTime() / 1000 + 3600 * hour + 60 * minute + Number(second) - ahead;
};

// `2021-03-04` at midnight, else `2021-03-04T05:06:07Z`, as the server writes them.
export const textOf = seconds => {
  const text = new Date(Math.round(seconds * 1000)).toISOString();
  return text.replace(/T00:00:00\.000Z$/, "").replace(/\.000Z$/, "Z");
};
