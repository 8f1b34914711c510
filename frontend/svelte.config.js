// `fragments: "tree"` builds elements one by one instead of by innerHTML: the page then stands under
// `require-trusted-types-for 'script'` without any policy.
export default { compilerOptions: { fragments: "tree", runes: true } };
