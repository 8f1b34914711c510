// The tests speak English.
import { fill } from "../../src/lib/language";
import { pageText } from "../../src/lib/pagetext";
import { text } from "../../src/lib/text";
import { en } from "../../src/words/en";
import { pagesEn } from "../../src/words/pages.en";

fill(text, en);
fill(pageText, pagesEn);
