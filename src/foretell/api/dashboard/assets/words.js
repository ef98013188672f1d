// Words for people: instants, durations, sizes, credits. The server says them alike.

const STEPS = [[60, "s", 1], [3600, "min", 60], [86400, "h", 3600], [30 * 86400, "d", 86400]];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** How long ago an instant was, in one number. */
export function ago(date, now = Date.now()) {
  const seconds = Math.max(0, Math.round((now - date.getTime()) / 1000));
  if (seconds < 5) return "now";
  const step = STEPS.find(([below]) => seconds < below);
  return step ? `${Math.floor(seconds / step[2])} ${step[1]} ago` : day(date);
}

/** How far ahead an instant is. */
export function ahead(date, now = Date.now()) {
  const seconds = Math.round((date.getTime() - now) / 1000);
  if (seconds <= 0) return ago(date, now);
  const step = STEPS.find(([below]) => seconds < below);
  return step ? `in ${Math.floor(seconds / step[2])} ${step[1]}` : day(date);
}

/** The day of an instant, in UTC. */
export function day(date) {
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** An instant to the second, where the reader is. */
export function exact(date) {
  return date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "long" });
}

/** A duration in seconds. */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours} h ${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** A size in bytes. */
export function size(bytes) {
  let amount = bytes;
  for (const unit of ["B", "kB", "MB", "GB"]) {
    if (amount < 1000) return `${unit === "B" || amount >= 10 ? Math.round(amount) : amount.toFixed(1)} ${unit}`;
    amount /= 1000;
  }
  return `${amount.toFixed(1)} TB`;
}

/** Credits, with no more digits than it takes. */
export function credits(amount) {
  return amount.toLocaleString("en", { maximumFractionDigits: 9 });
}

/** A count and its noun. */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** How many of how many steps are done, as the model counts them. */
export function counted({ done, of, unit }) {
  return `${unit} ${done.toLocaleString("en")} of ${of.toLocaleString("en")}`;
}
