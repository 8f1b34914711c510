// What is offered where the caret stands in a filter.
import { describe, expect, test } from "vitest";
import { matching } from "../../src/filter/complete";
import { insert, placeAt } from "../../src/filter/place";
import { recentFilters, rememberFilter } from "../../src/filter/recent";

const at = (marked: string): ReturnType<typeof placeAt> => placeAt(marked.replace("|", ""), marked.indexOf("|"));

describe("the place of the caret", () => {
  test.each([
    ["|", "question", ""], ["co|", "question", "co"], ["not |", "question", ""], ["!(|", "question", ""], ["tcp and |", "question", ""], ["src |", "question", ""], ["src or |", "question", ""], ["ether |", "question", ""],
    ["tcp |", "join", ""], ["country NL |", "join", ""], ["country NL a|", "join", "a"], ["(tcp) |", "join", ""], ["len > 5 |", "join", ""],
    ["country |", "country", ""], ["country N|", "country", "N"], ["src country N|", "country", "N"], ["tcp port |", "port", ""], ["not (alert sc|)", "alert", "sc"], ["tcp and ether host |", "mac", ""], ["COUNTRY d|", "country", "d"],
  ])("%s expects %s", (marked, expected, partial) => {
    const place = at(marked);
    expect([place.expected.kind === "value" ? place.expected.of : place.expected.kind, place.partial]).toEqual([expected, partial]);
  });
  test("after a join the last kind of value may come again, but not past a protocol", () => {
    expect([at("port 80 or 4|").again, at("country NL or D|").again, at("port 80 or tcp or 4|").again]).toEqual(["port", "country", null]);
  });
  test("what is behind the caret stays", () => {
    const place = at("country N| and tcp");
    expect(insert("country N and tcp", place, "NL")).toEqual({ text: "country NL and tcp", caret: 11 });
  });
});

describe("what matches", () => {
  const values = [{ word: "DE", meaning: "Germany" }, { word: "GE", meaning: "Georgia" }, { word: "US", meaning: "United States" }];
  test("begins with what is typed, or has a word in its meaning that does", () => {
    expect(matching(values, "ge").map(({ word }) => word)).toEqual(["DE"]);
    expect(matching(values, "g").map(({ word }) => word)).toEqual(["GE", "DE"]);
    expect(matching(values, "sta").map(({ word }) => word)).toEqual(["US"]);
  });
});

test("without storage no filters are remembered, and nothing fails", () => {
  rememberFilter("tcp");
  expect(recentFilters()).toEqual([]);
});
