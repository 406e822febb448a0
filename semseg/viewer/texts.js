// Numbers in words.

/**
 * Digits behind the point that show four digits of `typical`.
 *
 * @param {number | null} typical
 */
export function places(typical) {
  if (typical === null || !(typical > 0)) return 1;
  return Math.max(0, Math.min(6, 3 - Math.floor(Math.log10(typical))));
}

/**
 * A number with so many digits behind the point; a dash for what is not defined.
 *
 * @param {number | null} value
 * @param {number} digits
 */
export function fixed(value, digits) {
  return value === null || !Number.isFinite(value) ? "–" : value.toFixed(digits);
}

/**
 * How long a scale bar is, in nm, where so much is seen; as semseg/figures/scale_bar.py, one test
 * runs both.
 *
 * @param {number} width nm
 */
export function barLength(width) {
  const wanted = width / 5;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const choices = [1, 2, 5, 10].map((digit) => digit * power);
  /** @param {number} choice */
  const off = (choice) => Math.abs(Math.log(choice / wanted));
  return choices.reduce((best, choice) => (off(choice) < off(best) ? choice : best));
}

/** @param {number} nm */
export function lengthText(nm) {
  const [unit, size] = nm >= 1e6 ? ["mm", 1e6] : nm >= 1e3 ? ["µm", 1e3] : ["nm", 1];
  return `${Number((nm / size).toPrecision(3))} ${unit}`;
}
