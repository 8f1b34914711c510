// The bridge from the store to Svelte: a value that is read again whenever one of its channels tells of a change.
// As long as something on the page reads it, the channel has a listener, and so the server a subscription.

import { createSubscriber } from "svelte/reactivity";
import type { Channel, Store } from "../store";

export interface Live<T> { readonly value: T }

export function live<T>(store: Store, channels: readonly Channel[], read: () => T): Live<T> {
  const subscribe = createSubscriber((update) => {
    const stops = channels.map((channel) => store.on(channel, update));
    return () => stops.forEach((stop) => stop());
  });
  return {
    get value(): T {
      subscribe();
      return read();
    },
  };
}
