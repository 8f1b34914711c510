// What the privacy mode hides: addresses of own networks and hardware addresses in every text of the page, names of own hosts.

import { within } from "./cidr";

/** Private, shared and link-local networks are somebody's own wherever they are (RFC 1918, 6598, 3927, 4193, 4291). */
const ALWAYS_OWN: readonly string[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fc00::/7", "fe80::/10"];

const ADDRESS = /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:]|\.\d))/gi;
const HARDWARE = /\b((?:[0-9a-f]{2}:){3})[0-9a-f]{2}:[0-9a-f]{2}:[0-9a-f]{2}\b/gi;
const DOT = "\u2022";
export const HIDDEN = DOT.repeat(3);

const hide = (address: string): string => (address.includes(":") ? `${address.split(":")[0] ?? ""}:${DOT}:${DOT}` : `${address.split(".").slice(0, 2).join(".")}.${DOT}.${DOT}`);

/** What is the reader's own beside what always is: networks, and names of hosts in them. */
export interface Own { networks: readonly string[]; names: readonly string[] }

const isOwn = (address: string, { networks }: Own): boolean => [...ALWAYS_OWN, ...networks].some((network) => within(network, address));

/** The text with own and hardware addresses masked, their first part stays, to tell them apart; and without names of own hosts. */
export function mask(text: string, own: Own): string {
  const nameless = own.names.reduce((rest, name) => rest.replaceAll(name, HIDDEN), text);
  return nameless.replace(HARDWARE, `$1${DOT}:${DOT}:${DOT}`).replace(ADDRESS, (address) => (isOwn(address, own) ? hide(address) : address));
}

/** Marked as the name of what is one's own, or of an address that is. */
const hidesName = (element: Element, own: Own): boolean =>
  element.closest("[data-own]") !== null || isOwn(element.closest("[data-name-of]")?.getAttribute("data-name-of") ?? "", own);

const MASKED_ATTRIBUTES = ["title", "aria-label"] as const;

/** Masks a part of the page. */
export function maskNode(node: Node, own: Own): void {
  if (node instanceof Element) {
    for (const name of MASKED_ATTRIBUTES) {
      const value = node.getAttribute(name);
      const masked = value === null ? null : hidesName(node, own) ? HIDDEN : mask(value, own);
      if (masked !== null && masked !== value) node.setAttribute(name, masked);
    }
    for (const child of node.childNodes) maskNode(child, own);
  } else if (node instanceof Text) {
    const masked = node.parentElement !== null && hidesName(node.parentElement, own) && /\S/.test(node.data) ? HIDDEN : mask(node.data, own);
    if (masked !== node.data) node.data = masked;
  }
}

/** Masks what is on the page and what comes to it, before it is painted; until it is disconnected. */
export function watch(root: Element, own: () => Own): MutationObserver {
  const observer = new MutationObserver((changes) => {
    const now = own();
    for (const { type, target, addedNodes } of changes) for (const node of type === "childList" ? addedNodes : [target]) maskNode(node, now);
  });
  maskNode(root, own());
  observer.observe(root, { subtree: true, childList: true, characterData: true, attributeFilter: [...MASKED_ATTRIBUTES] });
  return observer;
}
