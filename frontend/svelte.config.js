// `fragments: "tree"` builds elements one by one instead of by innerHTML: the page then stands under
// `require-trusted-types-for 'script'` without any policy. The filtered warning is about props read once: a panel's
// store is the same object for the page's whole life.
const ONCE = "state_referenced_locally";

export default {
  compilerOptions: { fragments: "tree", runes: true, warningFilter: (warning) => warning.code !== ONCE },
};
