import type { Fragment } from './fragment.ts';

/** `dateOf(seconds)`: the UTC day as YYYY-MM-DD. Redis' Lua has no os.date; the algorithm is Howard Hinnant's. */
export const calendar: Fragment = {
  name: 'calendar',
  needs: [],
  lua: `
local function dateOf(seconds)
  local days = math.floor(seconds / 86400) + 719468
  local era = math.floor(days / 146097)
  local dayOfEra = days - era * 146097
  local yearOfEra = math.floor((dayOfEra - math.floor(dayOfEra / 1460) + math.floor(dayOfEra / 36524)
    - math.floor(dayOfEra / 146096)) / 365)
  local dayOfYear = dayOfEra - (365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100))
  local march = math.floor((5 * dayOfYear + 2) / 153)
  local month = march < 10 and march + 3 or march - 9
  local year = yearOfEra + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, dayOfYear - math.floor((153 * march + 2) / 5) + 1)
end
`,
};
