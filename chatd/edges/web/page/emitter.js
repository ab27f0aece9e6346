// Who wants to know of something is told: `on('line', f)`, `emit('line', room, line)`.

export class Emitter {
  #listeners = new Map();

  on(what, listener) {
    if (!this.#listeners.has(what)) this.#listeners.set(what, []);
    this.#listeners.get(what).push(listener);
  }

  emit(what, ...values) {
    for (const listener of this.#listeners.get(what) ?? []) listener(...values);
  }
}
