// Two hundred texts that would run as a script somewhere: in HTML, in an attribute, in an address, in a style, in a template. Each
// would set `window.tripped`.

const RUN = "window.tripped=1";
const TAGS = ["img src=x onerror", "svg onload", "body onload", "input autofocus onfocus", "video src=x onerror", "audio src=x onerror", "details open ontoggle", "iframe onload", "object data=x onerror", "marquee onstart", "select autofocus onfocus", "textarea autofocus onfocus", "div onmouseover", "a href=x onclick", "style onload", "link rel=stylesheet href=x onerror", "script src=x onerror", "math onmouseover", "form onsubmit", "keygen autofocus onfocus"];
/** How one gets out of where the text stands. */
const BREAKS = ["", "\">", "'>", "--><!-- -->", "</title>", "</textarea>", "</script>", "</style>"];
const OTHERS = [
  `<script>${RUN}</script>`, `<ScRiPt>${RUN}</sCrIpT>`, `<script >${RUN}</script >`, `<<script>${RUN}//<</script>`, `<script src=data:text/javascript,${RUN}></script>`,
  `javascript:${RUN}`, `JaVaScRiPt:${RUN}`, `java\tscript:${RUN}`, ` javascript:${RUN}`, `data:text/html,<script>${RUN}</script>`,
  `<a href="javascript:${RUN}">x</a>`, `<iframe src="javascript:${RUN}">`, `<iframe srcdoc="<script>parent.${RUN}</script>">`, `<base href="javascript:${RUN}//">`, `<meta http-equiv=refresh content="0;url=javascript:${RUN}">`,
  `<form action=javascript:${RUN}><button>x`, `<button formaction=javascript:${RUN}>x`, `<math href=javascript:${RUN}>x`, `<svg><script>${RUN}</script></svg>`, `<svg><animate onbegin=${RUN} attributeName=x>`,
  `<style>@import 'javascript:${RUN}';</style>`, `<div style="background:url(javascript:${RUN})">`, `<div style=width:expression(${RUN})>`, `"onmouseover="${RUN}`, `' onfocus='${RUN}' autofocus='`,
  `{{constructor.constructor('${RUN}')()}}`, `\${${RUN}}`, `{@html "<img src=x onerror=${RUN}>"}`, `<%= ${RUN} %>`, `#{${RUN}}`,
  `&lt;img src=x onerror=${RUN}&gt;`, `%3Cimg%20src=x%20onerror=${RUN}%3E`, `\\u003cimg src=x onerror=${RUN}\\u003e`, `<img src=x\nonerror=${RUN}>`, `<img/src=x/onerror=${RUN}>`,
  `<img src=\`x\`onerror=${RUN}>`, `<noscript><p title="</noscript><img src=x onerror=${RUN}>">`, `<template><img src=x onerror=${RUN}></template>`, `<!--><img src=x onerror=${RUN}>`, `<![CDATA[<script>${RUN}</script>]]>`,
];

export const PAYLOADS = [...OTHERS, ...BREAKS.flatMap((out) => TAGS.map((tag) => `${out}<${tag}=${RUN}>`))].slice(0, 200);
