// What the privacy mode masks.
import { expect, test } from "vitest";
import { mask } from "../../src/lib/mask";
import { roundedHome } from "../../src/lib/privacy";

const own = { networks: ["203.0.113.0/24", "2001:db8:7::/48"], names: ["web-1"] };

test.each([
  ["203.0.113.9:443 tried", "203.0.\u2022.\u2022:443 tried"], ["192.168.1.20 → 8.8.8.8", "192.168.\u2022.\u2022 → 8.8.8.8"], ["198.51.100.7", "198.51.100.7"], ["203.0.113.0/24", "203.0.\u2022.\u2022/24"],
  ["from 2001:db8:7::1 on", "from 2001:\u2022:\u2022 on"], ["2001:db8:8::1", "2001:db8:8::1"], ["fe80::1", "fe80:\u2022:\u2022"], ["at 14:03:22", "at 14:03:22"], ["52:54:00:12:34:56", "52:54:00:\u2022:\u2022:\u2022"],
  ["10.1.2.3 · web-1", "10.1.\u2022.\u2022 · \u2022\u2022\u2022"], ["1.2.3.4.5", "1.2.3.4.5"], ["version 10.0.0.1.2", "version 10.0.0.1.2"],
])("%s reads %s", (text, expected) => {
  expect(mask(text, own)).toBe(expected);
  expect(mask(expected, own)).toBe(expected);
});

test("a home is moved to a rounded place", () => {
  expect(roundedHome([4.9, 52.37])).toEqual([5, 50]);
});
